"""Containers that do the same work over one store, in any order of their moments, some of which die: what all such explorations share."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, TypeVar

from flowc.artifacts import ordering, saving
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.loading import Base
from flowc.artifacts.manifest import Manifest, read
from flowc.artifacts.ordering import Fence
from flowc.artifacts.work import Transition, Work
from flowc.store.protocol import MissingError

from tests.failure.generations import Memory
from tests.stages import ways
from tests.stages.ways import Seen

ENDED, DEAD, OVERTAKEN = "ended", "dead", "overtaken"


@dataclass(frozen=True)
class Container:
    """A container between its moments: what it does `next`, and what it knows by then."""

    name: str
    retry: int
    next: str = "begin"
    fence: Fence | None = None
    loaded: Base | None = field(default=None, compare=False)

    @property
    def is_over(self) -> bool:
        """Whether it does nothing more."""
        return self.next in (ENDED, DEAD, OVERTAKEN)


One = TypeVar("One", bound=Container)


@dataclass(frozen=True)
class State(Generic[One]):
    """The store, and the containers."""

    objects: tuple[tuple[str, bytes], ...]
    containers: tuple[One, ...]
    deaths: int = 0

    @property
    def store(self) -> Memory:
        """The store, to be changed by whoever asks."""
        return Memory(dict(self.objects))


@dataclass(frozen=True)
class Course(Generic[One]):
    """What containers do: the store before them, a new one, and one after its next moment; and of states which are the same, and
    what is wrong in one where all is over."""

    before: Callable[[], Memory]
    new: Callable[[str, int], One]
    moved: Callable[[Memory, One], One]
    shape: Callable[[State[One]], object]
    wrong: Callable[[State[One]], list[str]]

    def explore(self, retries: Sequence[int], deaths: int) -> Seen:
        """Go all ways of containers with these `--retry`, at most so many of which die."""
        seen = Seen()
        ways.explore(
            self._first(retries), partial(self._following, deaths), lambda at: (self.shape(at), at.deaths), seen
        )
        return seen

    def wander(self, rng: random.Random, retries: Sequence[int], deaths: int, seen: Seen) -> None:
        """Go one way of such at random, to its end."""
        ways.wander(rng, self._first(retries), partial(self._following, deaths), seen)

    def lived(self, store: Memory, newest: One) -> One:
        """The newest container at its end; where it has died, one more that comes then and lives."""
        while newest.next == DEAD or not newest.is_over:
            newest = self.moved(store, self.new("H", 1) if newest.next == DEAD else newest)
        return newest

    def _first(self, retries: Sequence[int]) -> State[One]:
        containers = (self.new("ABCDEFG"[at], retry) for at, retry in enumerate(retries))
        return State(_kept(self.before()), tuple(containers))

    def _following(self, deaths: int, state: State[One], seen: Seen) -> list[State[One]]:
        seen.states += 1
        if all(each.is_over for each in state.containers):
            seen.ends += 1
            seen.wrong += self.wrong(state)
            return []
        found = []
        for at, container in enumerate(state.containers):
            if container.is_over:
                continue
            store = state.store
            found.append(_with(state, at, self.moved(store, container), store))
            if state.deaths < deaths and container.next != "begin":
                dead = _with(state, at, replace(container, next=DEAD), state.store)
                found.append(replace(dead, deaths=state.deaths + 1))
        return found


def _with(state: State[One], at: int, container: One, store: Memory) -> State[One]:
    containers = (*state.containers[:at], container, *state.containers[at + 1 :])
    return replace(state, objects=_kept(store), containers=containers)


def _kept(store: Memory) -> tuple[tuple[str, bytes], ...]:
    return tuple(sorted(store.objects.items()))


def publish(store: Memory, fence: Fence, found: Base | None, after: str | None) -> bool:
    """Leave what an attempt has made of what it found, for the step `after`; whether it counts."""
    work = Work(fence.address, found.stack if found else ())
    work.transition = Transition((after,), "linear", "", None, None, False) if after else None
    facts = saving.facts(found, 0.0, (), (), (), {})
    outcome = saving.Outcome(facts, work.transition, None, 0.0, b"", b"")
    return ordering.publish(store, fence, saving.manifest(store, fence, work, {}, outcome))


def left(store: Memory, address: TaskAddress) -> Manifest | None:
    """What is there of a task; None where nothing is."""
    try:
        return read(store, address)
    except MissingError:
        return None
