"""What a flow's text tells of its artifacts: names that cannot be assigned, and values that nothing can have set."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from compiler.diagnostics import Report, Rule
from compiler.frontend.dataflow.merges import check_joins
from compiler.frontend.dataflow.unset_reads import (
    check_never_read,
    check_never_set,
    check_overwritten,
    check_reads,
    solve,
    surroundings,
)
from compiler.frontend.findings import fc4xx
from compiler.frontend.shape.outline import targets
from compiler.frontend.steps.bodies import Body
from compiler.frontend.steps.methods import Method
from compiler.ir.flow import Flow
from compiler.slotted_class import record


@record
class Attributes:
    """What a flow's class has beside artifacts; `unknown` where something unread may set more."""

    classes: Sequence[ast.ClassDef]
    methods: Mapping[str, Method]
    bodies: Mapping[str, Body]
    parameters: frozenset[str]
    constants: frozenset[str]
    unknown: bool


_SET_BY_US = frozenset(("input", "index", "next", "foreach_stack", "merge_artifacts"))


def check_artifacts(flow: Flow, known: Attributes, is_right: bool, report: Report) -> None:
    """Report assignments that fail at run time and reads of what nothing has set: on the ways to them where the shape `is_right`."""
    _check_assigned(flow, known, report)
    if known.unknown:
        return
    around = surroundings(flow, known.methods, known.bodies, _fixed(known))
    if not is_right:
        check_never_set(around, known.classes, report)
    else:
        found = solve(around)
        check_reads(around, found, report)
        check_joins(around, found, report)
        if report.notes:
            check_overwritten(around, found, report)
            check_never_read(around, found, report)


def _check_assigned(flow: Flow, known: Attributes, report: Report) -> None:
    for name, method in known.methods.items():
        source = method.member.owner.module.source
        for written, first in method.body.assigned.items():
            goes_on = name in flow.steps and written in targets(flow.steps[name])
            rule = _kept_from(known, written, goes_on)
            node = first if rule is None else _fails_at(method, written, first)
            if rule is not None and node is not None:
                report.add(rule, source.span(node), step=name, name=written)
        for gone, node in method.body.deleted.items():
            if gone not in method.body.assigned and gone not in known.constants | known.parameters:
                report.add(fc4xx.DELETE_STAYS, source.span(node), name=gone)


def _kept_from(known: Attributes, name: str, goes_on: bool) -> Rule | None:
    """The rule against assigning a name in a step that `goes_on` to the step of that name, or does not."""
    if name in known.parameters:
        return fc4xx.ASSIGNS_PARAMETER
    if name in _SET_BY_US:
        return fc4xx.ASSIGNS_RESERVED
    if name in known.methods:
        return fc4xx.ASSIGNS_STEP if goes_on else fc4xx.HIDDEN_BY_STEP
    return fc4xx.ASSIGNS_CONSTANT if name in known.constants else None


def _fails_at(method: Method, name: str, first: ast.expr) -> ast.expr | None:
    """The first assignment whose AttributeError nothing catches; None where each is tried."""
    from compiler.frontend.dataflow.definite_reads import is_guarded  # noqa: PLC0415 - a right flow needs none of it

    me = method.function.args.args[0].arg if method.function.args.args else "self"
    found = (node for node in ast.walk(method.function) if isinstance(node, ast.Attribute))
    places = [node for node in found if isinstance(node.ctx, ast.Store) and node.attr == name and _is(node.value, me)]
    return next((node for node in (*places,) or (first,) if not is_guarded(method.function, node)), None)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _fixed(known: Attributes) -> frozenset[str]:
    return known.parameters | known.constants | {*known.methods, *known.bodies, *_SET_BY_US}
