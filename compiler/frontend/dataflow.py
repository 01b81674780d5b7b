"""What a flow's text tells of its artifacts: names that cannot be assigned, and values that nothing can have set."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import Report
from compiler.frontend import value_rules as rules
from compiler.frontend.body import Body
from compiler.frontend.merges import check_joins
from compiler.frontend.steps import Method
from compiler.frontend.unset import check_never_read, check_overwritten, check_reads, solve, surroundings
from compiler.ir.flow import Flow
from compiler.record import record


@record
class Attributes:
    """What a flow's class has beside artifacts; `unknown` where something unread may set more."""

    methods: Mapping[str, Method]
    bodies: Mapping[str, Body]
    parameters: frozenset[str]
    constants: frozenset[str]
    unknown: bool


_SET_BY_US = frozenset(("input", "index", "next", "foreach_stack", "merge_artifacts"))


def check_artifacts(flow: Flow, known: Attributes, is_right: bool, report: Report) -> None:
    """Report assignments that fail at run time and, where the flow's shape `is_right`, reads of what nothing has set."""
    _check_assigned(known, report)
    if not known.unknown and is_right:
        around = surroundings(flow, known.methods, known.bodies, _fixed(known))
        found = solve(around)
        check_reads(around, found, report)
        check_joins(around, found, report)
        if report.notes:
            check_overwritten(around, found, report)
            check_never_read(around, found, report)


def _check_assigned(known: Attributes, report: Report) -> None:
    for name, method in known.methods.items():
        source = method.member.owner.module.source
        for written, node in method.body.assigned.items():
            if written in known.parameters:
                report.add(rules.ASSIGNS_PARAMETER, source.span(node), step=name, name=written)
            elif written in _SET_BY_US:
                report.add(rules.ASSIGNS_RESERVED, source.span(node), step=name, name=written)
            elif written in known.methods:
                report.add(rules.ASSIGNS_STEP, source.span(node), step=name, name=written)
            elif written in known.constants:
                report.add(rules.ASSIGNS_CONSTANT, source.span(node), step=name, name=written)
        for gone, node in method.body.deleted.items():
            if gone not in method.body.assigned and gone not in known.constants | known.parameters:
                report.add(rules.DELETE_STAYS, source.span(node), name=gone)


def _fixed(known: Attributes) -> frozenset[str]:
    return known.parameters | known.constants | {*known.methods, *known.bodies, *_SET_BY_US}
