"""Methods that mean to be steps and have no `@step`: what the flow goes on to, or what itself says which step follows."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from compiler.diagnostics import Fix, Insert, Report
from compiler.frontend.decorators.language import is_of_steps, origin_of
from compiler.frontend.findings import fc2xx
from compiler.frontend.steps.bodies import Body
from compiler.frontend.text.modules import Import, Module
from compiler.frontend.text.respelling import imported
from compiler.frontend.values.classes import Member
from compiler.ir.flow import Span
from compiler.slotted_class import record

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@record
class Plain:
    """The methods of a flow that are no steps, by name, and what each does."""

    members: Mapping[str, Member]
    bodies: Mapping[str, Body]

    def goes_on(self, *names: str) -> bool:
        """Whether a method of one of these names says which step follows."""
        return any(name in self.bodies and self.bodies[name].transitions for name in names)


NO_METHODS = Plain({}, {})


def report_undecorated(flow: str, member: Member, report: Report) -> None:
    """A method that the flow needs as a step; one finding however many steps go on to it."""
    fix = _decorated(member)
    report.add(fc2xx.STEP_WITHOUT_DECORATOR, _head(member), *fix, name=member.name, flow=flow)


def check_left_out(plain: Plain, report: Report) -> None:
    """A method that says which step follows, though nothing makes it a step and nothing goes on to it."""
    told = {each.span for each in report.diagnostics if each.rule is fc2xx.STEP_WITHOUT_DECORATOR}
    for name, member in plain.members.items():
        span = _head(member)
        if plain.goes_on(name) and not _is_decorated(member) and span not in told:
            report.add(fc2xx.TRANSITION_WITHOUT_STEP, span, name=name)


def _head(member: Member) -> Span:
    assert isinstance(member.node, _FUNCTIONS)
    return member.owner.module.source.name_span(member.node)


def _is_decorated(member: Member) -> bool:
    assert isinstance(member.node, _FUNCTIONS)
    return bool(member.node.decorator_list)


def _decorated(member: Member) -> Fix:
    """`@step` directly above the method, below what the language has; none where an author's decorator may do anything."""
    assert isinstance(member.node, _FUNCTIONS)
    scope = member.owner.scope
    if not all(is_of_steps(origin_of(scope, node).ours) for node in member.node.decorator_list):
        return ()
    module = member.owner.module
    word = _word(module)
    return (Insert("above", _head(member), f"@{word or 'step'}"), *(() if word else imported(module, "step")))


def _word(module: Module) -> str | None:
    """How a module names the decorator of steps."""
    ours = {name: bound for name, bound in module.names.items() if isinstance(bound, Import) and bound.ours}
    named = (name for name, bound in ours.items() if bound.name == "step")
    whole = (f"{name}.step" for name, bound in ours.items() if bound.name is None)
    return next(named, None) or ("step" if module.ours_by_star else next(whole, None))
