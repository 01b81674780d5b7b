"""Two sides to what differs between them: which flow is which, then each pair part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from compiler.difference.changes import (
    FlowAdded,
    FlowDocChanged,
    FlowMoved,
    FlowRemoved,
    FlowRenamed,
    FlowUnread,
    PlanOtherwise,
)
from compiler.difference.code import FlowCode, renamed_inputs
from compiler.difference.matching import ALIKE, EMPTY, drawn, mutual, same_steps, similarity
from compiler.difference.part_changes import (
    Change,
    DecoratorAdded,
    DecoratorRemoved,
    OutputAdded,
    OutputRemoved,
    StepCodeChanged,
)
from compiler.difference.parts.artifacts import artifact_changes
from compiler.difference.parts.containers import container_changes
from compiler.difference.parts.graphs import graph_changes, with_names
from compiler.difference.parts.outputs import output_changes
from compiler.difference.parts.parameters import parameter_changes
from compiler.difference.parts.runs import RunNote, gone, run_notes
from compiler.difference.parts.starts import start_changes
from compiler.difference.parts.steps import (
    decorator_changes,
    option_changes,
    own_packages,
    package_changes,
    step_changes,
    written,
)
from compiler.difference.sides import State
from compiler.ir.flow import Flow
from compiler.ir.text import plan_text
from compiler.slotted_class import fresh, record


@record
class FlowDifference:
    """What differs of one flow: `old` and `new` are its states, None where it has none; `same` the names that old steps have today."""

    old: State | None
    new: State | None
    changes: tuple[Change | RunNote, ...]
    same: Mapping[str, str] = fresh(default_factory=dict)

    @property
    def state(self) -> State:
        """The new state, or the old one of what is gone."""
        found = self.new or self.old
        assert found is not None, "a flow of neither side"
        return found


@record
class Difference:
    """What differs between two sides: flows that do, how many do not, and what could not be read of the old one.

    `env` is the environment whose settings held on both; None for none.
    """

    against: str
    flows: tuple[FlowDifference, ...]
    equal: int
    unread: tuple[FlowUnread, ...] = ()
    notes: tuple[str, ...] = ()
    env: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs, and all could be compared."""
        return not self.flows and not self.unread


def same_flows(old: Sequence[State], new: Sequence[State]) -> list[tuple[State, State]]:
    """Which flow is which: by file and name, by name, by file, by most of its steps. Each only where it can be one alone."""
    pairs: list[tuple[State, State]] = []
    for score in (_by_both, _by_name, _by_file, _by_steps):
        left = [each for each in range(len(old)) if not any(old[each] is pair[0] for pair in pairs)]
        right = [each for each in range(len(new)) if not any(new[each] is pair[1] for pair in pairs)]
        found = mutual(left, right, partial(_scored, score, old, new))
        pairs += [(old[one], new[other]) for one, other in found.items()]
    return pairs


def _scored(
    score: Callable[[State, State], float], old: Sequence[State], new: Sequence[State], one: int, other: int
) -> float:
    return score(old[one], new[other])


def _by_both(old: State, new: State) -> float:
    return (old.path, old.name) == (new.path, new.name)


def _by_name(old: State, new: State) -> float:
    return 1 + _alike(old, new) if old.name == new.name else 0


def _by_file(old: State, new: State) -> float:
    alike = _alike(old, new) if old.path == new.path else 0
    return alike if alike >= ALIKE else 0


def _by_steps(old: State, new: State) -> float:
    """Of another name in another file much more has to be equal: flows of two empty steps are all alike."""
    bodies = set(old.code.bodies.values()) & set(new.code.bodies.values())
    if not any(body not in EMPTY for body in bodies):
        return 0
    alike = _alike(old, new)
    return alike if alike >= _MOSTLY else 0


_MOSTLY = 0.8


def _alike(old: State, new: State) -> float:
    """How much of the steps of two flows is equal, from 0 to 1: names and code alike."""
    names = {*old.flow.steps} & {*new.flow.steps}
    most = max(len(old.flow.steps), len(new.flow.steps))
    return sum(similarity(old.code.bodies[name], new.code.bodies[name]) for name in names) / most if names else 0


def compare(old: Sequence[State], new: Sequence[State], now: datetime) -> Iterator[FlowDifference]:
    """Every flow of either side, in the order of the new one, then what is gone; those that do not differ without changes."""
    pairs = same_flows(old, new)
    before = {id(after): first for first, after in pairs}
    for state in new:
        found = before.get(id(state))
        yield compare_flow(found, state, now) if found else FlowDifference(None, state, _appeared(state))
    kept = {id(first) for first, _ in pairs}
    for state in old:
        if id(state) not in kept:
            yield FlowDifference(state, None, tuple(_vanished(state)))


def _appeared(state: State) -> tuple[Change, ...]:
    files = (OutputAdded(target, file.name) for target, made in state.emitted.items() for file in made.files)
    return (FlowAdded(state.name), *files)


def _vanished(state: State) -> Iterator[Change | RunNote]:
    yield FlowRemoved(state.name)
    for target, made in state.emitted.items():
        yield from (OutputRemoved(target, file.name) for file in made.files)
        if made.files:
            yield from gone(target, made.deployment)


def compare_flow(old: State, new: State, now: datetime) -> FlowDifference:
    """What differs between two states of one flow; `now` (aware) is from when the next times of a schedule count."""
    same = same_steps(drawn(old.flow, old.code.bodies), drawn(new.flow, new.code.bodies))
    plain = with_names(old.flow, same)
    changes: list[Change | RunNote] = [*_identity(old, new)]
    changes += graph_changes(plain, new.flow, same, (old.plan, new.plan))
    changes += parameter_changes(old.flow, new.flow)
    changes += artifact_changes(plain, new.flow, (_with_merges(old, same), new.code))
    changes += _steps(plain, old, new, same)
    changes += option_changes("the flow", old.plan.options, new.plan.options)
    changes += start_changes(old.plan, new.plan, now)
    if not changes and (lines := _other_lines(old, new)):
        changes.append(PlanOtherwise(*lines))
    changes += container_changes(old, new, same)
    changes += output_changes(old, new)
    changes += run_notes(old, new, changes)
    return FlowDifference(old, new, tuple(changes), same)


def _identity(old: State, new: State) -> Iterator[Change]:
    if old.name != new.name:
        yield FlowRenamed(old.name, new.name)
    if old.path != new.path:
        yield FlowMoved(new.name, old.path, new.path)
    if old.flow.doc != new.flow.doc:
        yield FlowDocChanged(new.name)


def _steps(plain: Flow, old: State, new: State, same: Mapping[str, str]) -> Iterator[Change]:
    """Step by step; `plain` is the old flow with the names of today."""
    for before, now in same.items():
        was, is_now = plain.steps[now], new.flow.steps[now]
        if renamed_inputs(old.code.bodies[before], same) != new.code.bodies[now]:
            yield StepCodeChanged(now)
        yield from step_changes(was, is_now)
        yield from package_changes(now, own_packages(old.flow, was), own_packages(new.flow, is_now))
    for name in (each for each in new.flow.steps if each not in plain.steps):
        yield from (DecoratorAdded(name, written(each)) for each in new.flow.steps[name].decorators)
    for name in (each for each in plain.steps if each not in new.flow.steps):
        yield from (DecoratorRemoved(name, written(each)) for each in plain.steps[name].decorators)
    yield from package_changes("the flow", old.plan.packages, new.plan.packages)
    yield from decorator_changes("the flow", old.flow.decorators, new.flow.decorators)


def _with_merges(old: State, same: Mapping[str, str]) -> FlowCode:
    merges = {same.get(name, name): merging for name, merging in old.code.merges.items()}
    return FlowCode(old.code.bodies, old.code.helpers, merges)


def _other_lines(old: State, new: State) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The lines of the plans that differ where nothing else has told of it."""
    before, now = (plan_text(each.plan).splitlines() for each in (old, new))
    lines = tuple(each for each in before if each not in now), tuple(each for each in now if each not in before)
    return lines if before != now else None
