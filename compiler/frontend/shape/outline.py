"""A flow on the way to being one: steps whose shape is still to be checked."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.ir.flow import End, Foreach, Gang, Goto, Span, Split, Step, Switch
from compiler.slotted_class import record


@record
class Drawing:
    """A flow as far as it could be read. `vague` holds the steps whose transition could not be."""

    name: str
    steps: Mapping[str, Step]
    start: str | None
    end: str | None
    vague: frozenset[str]
    places: Mapping[str, Span]


def targets(step: Step) -> tuple[str, ...]:
    """The steps that a step goes to, each once, in order."""
    match step.next:
        case Goto(target=target) | Foreach(target=target) | Gang(target=target):
            return (target,)
        case Split(targets=found):
            return found
        case Switch(cases=cases):
            return tuple(dict.fromkeys(case.target for case in cases))
        case End():
            return ()
