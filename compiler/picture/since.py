"""Which steps of a picture are new or changed, and which are gone, by what `flowc diff` finds."""

from __future__ import annotations

from compiler.difference.changes import FlowAdded
from compiler.difference.comparing import Difference, FlowDifference
from compiler.difference.parts.graphs import transition_targets
from compiler.ir.flow import Step
from compiler.picture.drawing import Since, State


def since(found: Difference, name: str, before: str) -> Since:
    """What differs of the flow of that name; every step is new where the flow is."""
    for each in found.flows:
        if each.new is not None and each.new.name == name:
            renamed = {now: was for was, now in each.same.items() if was != now}
            return Since(before, _states(each), _gone(each), renamed)
    return Since(before, {}, ())


def _states(found: FlowDifference) -> dict[str, State]:
    assert found.new is not None
    steps = found.new.flow.steps
    if found.old is None or any(isinstance(each, FlowAdded) for each in found.changes):
        return dict.fromkeys(steps, "new")
    kept = set(found.same.values())
    touched = {_step(each) for each in found.changes}
    touched |= {now for before, now in found.same.items() if now != before}
    return {name: "changed" if name in kept else "new" for name in steps if name not in kept or name in touched}


def _step(change: object) -> str:
    """The step that a change is of; empty where it is of none."""
    return str(getattr(change, "step", None) or getattr(change, "where", ""))


def _gone(found: FlowDifference) -> tuple[tuple[str, str], ...]:
    if found.old is None:
        return ()
    return tuple((name, _went(step)) for name, step in found.old.flow.steps.items() if name not in found.same)


def _went(step: Step) -> str:
    targets = transition_targets(step)
    return f"went to {', '.join(targets)}" if targets else "was the last"
