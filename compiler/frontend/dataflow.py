"""What a flow's text tells of its artifacts: names that cannot be assigned, and values that nothing can have set."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import Report
from compiler.frontend import value_rules as rules
from compiler.frontend.body import Body
from compiler.frontend.steps import Method
from compiler.frontend.suggest import did_you_mean
from compiler.ir.flow import Flow, Foreach, Switch
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


def check_artifacts(flow: Flow, known: Attributes, report: Report) -> None:
    """Report assignments that fail at run time, and foreach and switch values that nothing sets."""
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
    _check_set(flow, known, report)


def _check_set(flow: Flow, known: Attributes, report: Report) -> None:
    if known.unknown or any(step.calls_unknown for step in flow.steps.values()):
        return
    if any(body.calls_unknown for body in known.bodies.values()):
        return
    written = {access.name for step in flow.steps.values() for access in step.writes}
    written.update(name for body in known.bodies.values() for name in body.writes)
    caught = (
        decorator.get("var")
        for step in flow.steps.values()
        for decorator in step.decorators
        if decorator.name == "catch"
    )
    written.update(name for name in caught if isinstance(name, str))
    there = written | known.parameters | known.constants | set(known.bodies)
    for step in flow.steps.values():
        wanted = _wanted(step.next)
        if wanted and wanted not in there and wanted != "?":
            hint = did_you_mean(wanted, written | known.parameters)
            report.add(rules.NEVER_SET, step.next.span, flow=flow.name, name=wanted, hint=hint)


def _wanted(transition: object) -> str | None:
    if isinstance(transition, Foreach):
        return transition.items
    return transition.condition if isinstance(transition, Switch) else None
