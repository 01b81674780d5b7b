"""The graphs of two flows: steps and transitions that came, went, or are called otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.difference.changes import (
    GraphChange,
    StepAdded,
    StepRemoved,
    StepRenamed,
    StepsReordered,
    TransitionAdded,
    TransitionChanged,
    TransitionRemoved,
)
from compiler.ir.flow import Case, End, Flow, Foreach, Gang, Goto, Split, Step, Switch, Transition
from compiler.ir.plan import Plan
from compiler.ir.text import transition_text
from compiler.slotted_class import replaced


def with_names(flow: Flow, same: Mapping[str, str]) -> Flow:
    """The flow with the names that its steps have on the other side; what is gone there keeps its own, told apart where that is taken."""
    names = _names(flow, same)
    steps = {
        names[name]: replaced(step, name=names[name], next=_named(step.next, names))
        for name, step in flow.steps.items()
    }
    return replaced(flow, steps=steps, start=names.get(flow.start, flow.start), end=names.get(flow.end, flow.end))


def _names(flow: Flow, same: Mapping[str, str]) -> dict[str, str]:
    taken = set(same.values())
    return {name: same.get(name, f"{name} (before)" if name in taken else name) for name in flow.steps}


def _named(transition: Transition, names: Mapping[str, str]) -> Transition:
    match transition:
        case Split(targets=targets):
            return replaced(transition, targets=tuple(names[target] for target in targets))
        case Switch(cases=cases):
            return replaced(transition, cases=tuple(Case(case.key, names[case.target]) for case in cases))
        case Goto(target=target) | Foreach(target=target) | Gang(target=target):
            return replaced(transition, target=names[target])
        case End():
            return transition


def graph_changes(old: Flow, new: Flow, same: Mapping[str, str], plans: tuple[Plan, Plan]) -> Iterator[GraphChange]:
    """The changes of the graph; `old` has the names of today already, `same` says which those were."""
    yield from (StepRenamed(before, now) for before, now in same.items() if before != now)
    yield from (StepAdded(name) for name in new.steps if name not in old.steps)
    yield from (StepRemoved(name) for name in old.steps if name not in new.steps)
    ways = list(_transitions(old, new))
    yield from ways
    orders = tuple(same.get(name, name) for name in plans[0].tasks), tuple(plans[1].tasks)
    if not ways and set(orders[0]) == set(orders[1]) and orders[0] != orders[1]:
        yield StepsReordered(*orders)


def _transitions(old: Flow, new: Flow) -> Iterator[GraphChange]:
    for name in {**new.steps, **old.steps}:
        before, now = old.steps.get(name), new.steps.get(name)
        were, are = transition_targets(before), transition_targets(now)
        yield from (TransitionAdded(name, target) for target in are if target not in were)
        yield from (TransitionRemoved(name, target) for target in were if target not in are)
        if before and now and _is_otherwise(before.next, now.next, were, are):
            yield TransitionChanged(name, transition_text(before.next), transition_text(now.next))


def _is_otherwise(old: Transition, new: Transition, were: list[str], are: list[str]) -> bool:
    """Whether more differs than the targets: two steps that each go on to one are told by these."""
    if set(were) == set(are):
        return transition_text(old) != transition_text(new)
    plain = (Goto, End)
    return not (isinstance(old, plain) and isinstance(new, plain)) and _kind(old) != _kind(new)


def _kind(transition: Transition) -> tuple[object, ...]:
    match transition:
        case Foreach(items=items):
            return "foreach", items
        case Gang(width=width):
            return "gang", width if isinstance(width, int) else width.text
        case Switch(condition=condition):
            return "switch", condition
        case Split():
            return ("split",)
        case Goto() | End():
            return ("goto",)


def transition_targets(step: Step | None) -> list[str]:
    """Every step that it may go on to, itself too where it repeats, each once."""
    if step is None:
        return []
    match step.next:
        case Goto(target=target) | Foreach(target=target) | Gang(target=target):
            found: tuple[str, ...] = (target,)
        case Split(targets=targets):
            found = targets
        case Switch(cases=cases):
            found = tuple(case.target for case in cases)
        case End():
            found = ()
    return list(dict.fromkeys(found))
