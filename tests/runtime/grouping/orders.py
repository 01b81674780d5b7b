"""All orders in which containers of the same tasks may begin, look, load, publish and die, explored over the real store code.

A container does `a`, `b` and `c`, one after the other. Its moments: it takes its number; it looks where it goes on; and of each task it
takes the attempt, looks for a later container, loads, and publishes. It may die at any of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

from flowc.artifacts import ordering, saving
from flowc.artifacts.address import Choice, Follow, TaskAddress
from flowc.artifacts.loading import Base, base
from flowc.artifacts.manifest import Manifest, attempts, read
from flowc.artifacts.ordering import Fence
from flowc.artifacts.work import Transition, Work
from flowc.grouping import running
from flowc.grouping.progress import Life, begin
from flowc.grouping.step_words import StepWord
from flowc.store.protocol import MissingError
from flowc.task.call import TaskCall

from tests.failure.generations import Memory
from tests.stages import ways
from tests.stages.ways import Seen

ROW = ("a", "b", "c")
LOADED: Any = SimpleNamespace(name="F")
ENDED = "ended"


@dataclass(frozen=True)
class Container:
    """A container between its moments: what it does next, at which of its tasks, and what it knows by then."""

    name: str
    retry: int
    next: str = "begin"
    place: int = 0
    life: Life | None = None
    fence: Fence | None = None
    loaded: Base | None = field(default=None, compare=False)

    @property
    def is_over(self) -> bool:
        return self.next in (ENDED, "dead", "overtaken")


@dataclass(frozen=True)
class State:
    """The store, and the containers."""

    objects: tuple[tuple[str, bytes], ...]
    containers: tuple[Container, ...]
    deaths: int = 0

    @property
    def is_over(self) -> bool:
        return all(each.is_over for each in self.containers)


def explore(retries: Sequence[int], deaths: int) -> Seen:
    """Go all ways of containers with these `--retry`, at most so many of which die."""
    seen = Seen()
    ways.explore(_first(retries), partial(_following, deaths), lambda state: (_shape(state), state.deaths), seen)
    return seen


def wander(rng: random.Random, retries: Sequence[int], deaths: int, seen: Seen) -> None:
    """Go one way of such at random, to its end."""
    ways.wander(rng, _first(retries), partial(_following, deaths), seen)


def _first(retries: Sequence[int]) -> State:
    store = Memory({})
    _publish(store, Container("start", 0, fence=ordering.begin(store, _address("start"), 0, "0" * 32, 0.0)), "start")
    names = "ABCDEFG"
    return State(
        tuple(sorted(store.objects.items())),
        tuple(Container(names[at], retry) for at, retry in enumerate(retries)),
    )


def _shape(state: State) -> object:
    """The state with names in place of chance: tokens are drawn, and tell the same of two ways."""
    store = Memory(dict(state.objects))
    left = []
    for step in ROW:
        left.append((_owner(store, step, state), [one.number for one in attempts(store, _address(step))]))
    records = tuple(key for key, _ in state.objects if "container-" in key)
    held = [(c.name, c.next, c.place, c.fence.attempt if c.fence else 0, _met(c, state)) for c in state.containers]
    lives = [sorted(_names(c.life, state)) if c.life else None for c in state.containers]
    numbers = [c.life.container.next if c.life else "" for c in state.containers]
    return repr((left, records, held, lives, numbers))


def _names(life: Life, state: State) -> list[str]:
    return [c.name for c in state.containers if c.life and c.life.container.token in life.tokens]


def _met(container: Container, state: State) -> str:
    if container.loaded is None or container.next != "publish":
        return ""
    return _name_of(container.loaded.manifest.token, state)


def _owner(store: Memory, step: str, state: State) -> tuple[str, str, int]:
    found = _left(store, step)
    if found is None:
        return "", "", 0
    (loaded,) = found.loaded
    by = next((c.name for c in state.containers if c.life and found.token.endswith(c.life.container.token)), "")
    return by, "" if step == "a" else _name_of(loaded[2], state), found.attempt


def _name_of(token: str, state: State) -> str:
    """Who has begun the attempt of a token, or of its first half."""
    store = Memory(dict(state.objects))
    for step in ROW:
        for one in attempts(store, _address(step)):
            if one.token.startswith(token):
                return f"{step}{one.number}"
    return ""


def _following(deaths: int, state: State, seen: Seen) -> list[State]:
    seen.states += 1
    if state.is_over:
        seen.ends += 1
        seen.wrong += _wrong(state)
        return []
    found = []
    for at, container in enumerate(state.containers):
        if container.is_over:
            continue
        store = Memory(dict(state.objects))
        moved = _moved(store, container)
        found.append(_with(state, at, moved, store))
        if state.deaths < deaths and container.next != "begin":
            dead = _with(state, at, replace(container, next="dead"), Memory(dict(state.objects)))
            found.append(replace(dead, deaths=state.deaths + 1))
    return found


def _with(state: State, at: int, container: Container, store: Memory) -> State:
    containers = (*state.containers[:at], container, *state.containers[at + 1 :])
    return replace(state, objects=tuple(sorted(store.objects.items())), containers=containers)


def _moved(store: Memory, container: Container) -> Container:
    """The container after its next moment."""
    match container.next:
        case "begin":
            life = begin(store, _address(ROW[0]), container.retry, at_most=False, owner="")
            return replace(container, life=life, next="reach")
        case "reach":
            return _reached(store, container)
        case "take":
            assert container.life is not None
            token = container.life.container.marked(_token(container))
            fence = ordering.begin(store, _step(container), container.retry, token, 0.0)
            return replace(container, fence=fence, next="look")
        case "look":
            assert container.life is not None
            assert container.fence is not None
            is_over = container.life.container.is_overtaken(store, container.fence)
            return replace(container, next="overtaken" if is_over else "load")
        case "load":
            before = ROW[container.place - 1] if container.place else "start"
            loaded = base(store, _step(container), Follow((Choice((), before),)))
            return replace(container, loaded=loaded, next="publish")
        case _:
            return _published(store, container)


def _token(container: Container) -> str:
    return f"{container.name}{container.place}".encode().hex().ljust(32, "0")


def _reached(store: Memory, container: Container) -> Container:
    assert container.life is not None
    work = running._anew(running._Work(LOADED, TaskCall("a", "r"), StepWord(ROW), store, container.life), ["-"])
    place = running._reached(work, "-", 0)[0] if work.life.goes_on else 0
    return replace(container, place=place, life=work.life, next="take")


def _published(store: Memory, container: Container) -> Container:
    if not _publish(store, container, ROW[container.place]):
        return replace(container, next="overtaken")
    place = container.place + 1
    return replace(container, place=place, next=ENDED if place == len(ROW) else "take")


def _publish(store: Memory, container: Container, step: str) -> bool:
    fence, found = container.fence, container.loaded
    assert fence is not None
    work = Work(fence.address, found.stack if found else ())
    after = dict(zip(("start", *ROW), ROW, strict=False)).get(step)
    work.transition = Transition((after,), "linear", "", None, None, False) if after else None
    facts = saving.facts(found, 0.0, (), (), (), {})
    outcome = saving.Outcome(facts, work.transition, None, 0.0, b"", b"")
    return ordering.publish(store, fence, saving.manifest(store, fence, work, {}, outcome))


def _step(container: Container) -> TaskAddress:
    return _address(ROW[container.place])


def _address(step: str) -> TaskAddress:
    return TaskAddress("F", "r", step, "-")


def _left(store: Memory, step: str) -> Manifest | None:
    try:
        return read(store, _address(step))
    except MissingError:
        return None


def _wrong(state: State) -> list[str]:
    """What must not be once all is over: the row is one whole, where the newest container has died after one more has come."""
    store = Memory(dict(state.objects))
    newest = max(
        (c for c in state.containers if c.life), key=lambda each: each.life.container.next if each.life else ""
    )
    if newest.next == "dead":
        newest = Container("H", 1)
        while not newest.is_over:
            newest = _moved(store, newest)
    if newest.next != ENDED:
        return [f"{newest.name}, the newest, was overtaken"]
    found = []
    for before, step in zip(("start", *ROW), ROW, strict=False):
        there, earlier = _left(store, step), _left(store, before)
        if there is None or earlier is None:
            found.append(f"{newest.name} has ended, and {step} is not there")
        elif earlier.token[:8] != there.loaded[0][2][:8]:
            found.append(f"{step} has loaded another {before} than the one that is there")
    return found
