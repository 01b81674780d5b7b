"""Which assignments of an artifact reach which step: reaching definitions over the steps, in whole numbers as sets.

An assignment is one step's binding of one name. What a join carries on is what `merge_artifacts` takes; where the text does
not tell what may be set (`exec`, `self` handed to a function), the state behind it is `vague`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from compiler.ir.flow import Flow, Foreach, Gang, Split
from compiler.ir.graph import order, predecessors, successors
from compiler.slotted_class import mutable, record, replaced


@record
class Sets:
    """What a step binds, by name; `vague` where it may bind more than the text shows."""

    names: frozenset[str]
    vague: bool


@record
class Merging:
    """What a join's `merge_artifacts` lets through: all but `exclude`, or `include` alone where that is not None."""

    exclude: frozenset[str]
    include: frozenset[str] | None
    vague: bool = False
    """True where only run time knows the lists."""


@record
class State:
    """What is set at one place: the assignments that may reach it, the names that are set on every way to it."""

    may: int
    must: int
    vague: bool
    lost: int
    """The assignments that a join before did not carry on."""
    opened: tuple[str, object] | None = None
    """The splits that are open here, innermost first, as linked pairs."""


_NOTHING = State(0, 0, vague=False, lost=0)


@mutable
class Reaching:
    """The states before and after each step. Bits of `may` are assignments, bits of `must` are names."""

    before: dict[str, State]
    after: dict[str, State]
    bit: dict[str, int]
    """The place of each name in `must`."""
    every: dict[str, int]
    """All assignments of a name, as a set of bits of `may`."""
    made: list[tuple[str, str]]
    """The step and the name of each assignment, by its place in `may`."""
    joined: dict[str, str]
    """For each join the split that it closes."""
    lost_at: dict[int, str]
    """The first join that let an assignment go, by its place in `may`."""
    dropped_at: dict[int, list[str]]
    """The steps where ways meet of which only some have set a name, by its place in `must`."""
    earlier: Mapping[str, Sequence[str]]
    """The steps directly before each step."""

    def may(self, state: State, name: str) -> bool:
        """Whether the name may be set there."""
        return state.vague or bool(state.may & self.every.get(name, 0))

    def must(self, state: State, name: str) -> bool:
        """Whether the name is set there whatever way was taken."""
        return state.vague or (name in self.bit and bool(state.must >> self.bit[name] & 1))

    def loss(self, state: State, name: str) -> tuple[str, str] | None:
        """The step that set the name, and the join before this place that did not carry it on."""
        at = next(bits(state.lost & self.every.get(name, 0)), None)
        return None if at is None else (self.made[at][0], self.lost_at[at])

    def makers(self, state: State, name: str) -> list[str]:
        """The steps whose assignments of the name may be what is seen there."""
        return [self.made[at][0] for at in bits(state.may & self.every.get(name, 0))]


def reaching(flow: Flow, sets: Mapping[str, Sets], merges: Mapping[str, Merging]) -> Reaching:
    """Solve for a flow whose shape is right; `merges` are the joins that call `merge_artifacts`. One pass, iterative."""
    graph = {name: successors(step) for name, step in flow.steps.items()}
    earlier = predecessors(graph)
    found = Reaching({}, {}, {}, {}, [], {}, {}, {}, earlier)
    for step, names in sets.items():
        for name in sorted(names.names):
            found.bit.setdefault(name, len(found.bit))
            found.every[name] = found.every.get(name, 0) | 1 << len(found.made)
            found.made.append((step, name))
    place = {made: at for at, made in enumerate(found.made)}
    for name in order(graph):
        state = _arrive(flow, name, earlier[name], found, merges.get(name))
        found.before[name] = state
        found.after[name] = _leave(name, sets[name], state, found, place)
    return found


def _arrive(flow: Flow, name: str, earlier: Sequence[str], found: Reaching, merging: Merging | None) -> State:
    states = [found.after[each] for each in earlier]
    if not states:
        return _NOTHING
    if not flow.steps[name].is_join:
        met = _met(states)
        if len(states) > 1:
            for at in bits(_any(state.must for state in states) & ~met.must):
                found.dropped_at.setdefault(at, []).append(name)
        splits = isinstance(flow.steps[earlier[0]].next, Split | Foreach | Gang)
        return replaced(met, opened=(earlier[0], met.opened)) if splits else met
    opened = states[0].opened
    assert opened is not None, "a join without a split that the frontend let pass"
    found.joined[name] = opened[0]
    state = _merged(states, found, merging, found.before[opened[0]].opened)
    lost = before = 0
    for each in states:
        lost |= each.may & ~state.may
        before |= each.lost
    for at in bits(lost & ~before):
        found.lost_at.setdefault(at, name)
    return replaced(state, lost=lost | before)


def _met(states: Sequence[State]) -> State:
    may, must, lost = 0, -1, 0
    for state in states:
        may |= state.may
        must &= state.must
        lost |= state.lost
    return State(may, must, any(state.vague for state in states), lost, states[0].opened)


def _merged(
    states: Sequence[State], found: Reaching, merging: Merging | None, around: tuple[str, object] | None
) -> State:
    """What a join begins with: nothing, or what its merge lets through; a branch that has a name is enough."""
    if merging is None:
        return State(0, 0, vague=False, lost=0, opened=around)
    if merging.vague:
        return State(0, 0, vague=True, lost=0, opened=around)
    may = must = 0
    for state in states:
        may |= state.may
        must |= state.must
    chosen = merging.exclude if merging.include is None else merging.include
    mask = _any(found.every.get(name, 0) for name in chosen)
    names = _any(1 << found.bit[name] for name in chosen if name in found.bit)
    if merging.include is None:
        mask, names = ~mask, ~names
    vague = any(state.vague for state in states)
    return State(may & mask, must & names, vague, 0, around)


def _any(masks: Iterator[int]) -> int:
    total = 0
    for mask in masks:
        total |= mask
    return total


def _leave(step: str, sets: Sets, state: State, found: Reaching, place: Mapping[tuple[str, str], int]) -> State:
    may, must = state.may, state.must
    for name in sets.names:
        may = may & ~found.every[name] | 1 << place[step, name]
        must |= 1 << found.bit[name]
    return State(may, must, state.vague or sets.vague, state.lost, state.opened)


def bits(number: int) -> Iterator[int]:
    """The places of the bits that are set, from the lowest."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low
