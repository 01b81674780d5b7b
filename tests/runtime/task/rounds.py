"""All orders in which containers of one step that repeats may begin, look, load, publish and die, explored over the real store code.

The step does two iterations. The moments of a container: it takes its number; it looks where it goes on; each iteration it begins, loads
and publishes; it publishes the task. It may die at any of them but the first: one that dies before that was never seen.
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
from flowc.store.protocol import MissingError
from flowc.task import recursion
from flowc.task.call import DONE, TaskCall

from tests.failure.generations import Memory
from tests.stages import ways
from tests.stages.ways import Seen

ROUNDS = 2
LOADED: Any = SimpleNamespace(name="F")
TASK = TaskAddress("F", "r", "loop")
START = TaskAddress("F", "r", "start")
ENDED = "ended"
FIRST = recursion._Place(0, 0)


@dataclass(frozen=True)
class Container:
    """A container between its moments: what it does next, in which iteration, and what it knows by then.

    `past`: the attempt that had ended the task when this one began; 0 where none had.
    """

    name: str
    retry: int
    next: str = "begin"
    past: int = 0
    task: Fence | None = None
    place: recursion._Place = FIRST
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


def explore(retries: Sequence[int], deaths: int) -> Seen:
    """Go all ways of containers with these `--retry`, at most so many of which die."""
    seen = Seen()
    ways.explore(_first(retries), partial(_following, deaths), _shape, seen)
    return seen


def wander(rng: random.Random, retries: Sequence[int], deaths: int, seen: Seen) -> None:
    """Go one way of such at random, to its end."""
    ways.wander(rng, _first(retries), partial(_following, deaths), seen)


def _first(retries: Sequence[int]) -> State:
    store = Memory({})
    fence = ordering.begin(store, START, 0, "0" * 32, 0.0)
    assert _publish(store, fence, None, "loop")
    return State(
        tuple(sorted(store.objects.items())),
        tuple(Container("ABCDEFG"[at], retry) for at, retry in enumerate(retries)),
    )


def _shape(state: State) -> object:
    """The state with numbers in place of chance: tokens and times are drawn."""
    store = Memory(dict(state.objects))
    left = []
    for address in (TASK, *map(_iteration, range(ROUNDS))):
        found = _left(store, address)
        by = (found.attempt, _number(store, found.loaded)) if found else None
        left.append((by, [(one.number, one.retry) for one in attempts(store, address)]))
    held = [
        (c.name, c.next, c.past, c.place, c.task and c.task.attempt, _number(store, c.loaded and c.loaded.loaded))
        for c in state.containers
    ]
    return repr((left, held, state.deaths))


def _number(store: Memory, loaded: Sequence[tuple[str, str, str]] | None) -> int:
    """The attempt that left what was loaded."""
    for step, name, token in loaded or ():
        _, _, iteration = name.partition("~")
        address = TASK.of.task(step, "-", int(iteration) if iteration else None)
        return next(one.number for one in attempts(store, address) if one.token.startswith(token))
    return 0


def _following(deaths: int, state: State, seen: Seen) -> list[State]:
    seen.states += 1
    if all(each.is_over for each in state.containers):
        seen.ends += 1
        seen.wrong += _wrong(state)
        return []
    found = []
    for at, container in enumerate(state.containers):
        if container.is_over:
            continue
        store = Memory(dict(state.objects))
        found.append(_with(state, at, _moved(store, container), store))
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
            there = _left(store, TASK)
            token = container.name.encode().hex().ljust(32, "0")
            fence = ordering.begin(store, TASK, container.retry, token, 0.0)
            return replace(container, task=fence, past=there.attempt if there else 0, next="reach")
        case "reach":
            return _at(container, recursion._reached(_job(store, container)))
        case "take":
            return replace(container, fence=recursion._begin(_job(store, container), container.place), next="load")
        case "load":
            assert container.fence is not None
            loaded = base(store, container.fence.address, Follow((Choice((), "start"),)))
            return replace(container, loaded=loaded, next="publish")
        case "publish":
            return _published(store, container)
        case _:
            reported = recursion._done(_job(store, container), container.place)
            assert reported.exit_code == DONE
            return replace(container, next=ENDED if reported.published else "overtaken")


def _at(container: Container, place: recursion._Place) -> Container:
    return replace(container, place=place, next="done" if place.is_last else "take")


def _job(store: Memory, container: Container) -> recursion.Job:
    assert container.task is not None
    call = TaskCall("loop", "r", retry=container.retry, repeats=True)
    return recursion.Job(LOADED, call, store, container.task, None, 9, 0, lambda *_: _never())


def _never() -> Any:
    raise AssertionError("no process is started here")


def _published(store: Memory, container: Container) -> Container:
    number = container.place.iteration
    is_last = number == ROUNDS - 1
    assert container.fence is not None
    if not _publish(store, container.fence, container.loaded, "end" if is_last else "loop"):
        return replace(container, next="overtaken")
    return _at(
        container, container.place._replace(is_last=True) if is_last else container.place._replace(iteration=number + 1)
    )


def _publish(store: Memory, fence: Fence, found: Base | None, after: str) -> bool:
    work = Work(fence.address, found.stack if found else ())
    work.transition = Transition((after,), "linear", "", None, None, False)
    facts = saving.facts(found, 0.0, (), (), (), {})
    outcome = saving.Outcome(facts, work.transition, None, 0.0, b"", b"")
    return ordering.publish(store, fence, saving.manifest(store, fence, work, {}, outcome))


def _iteration(number: int) -> TaskAddress:
    return TASK._replace(iteration=number)


def _left(store: Memory, address: TaskAddress) -> Manifest | None:
    try:
        return read(store, address)
    except MissingError:
        return None


def _wrong(state: State) -> list[str]:
    """What must not be once all is over, where the newest container has died after one more has come.

    The iterations are one chain, the task is what the last one left, and nothing is of a life that had ended before the newest began.
    """
    store = Memory(dict(state.objects))
    newest = max((c for c in state.containers if c.task), key=lambda each: each.task.attempt if each.task else 0)
    if newest.next == "dead":
        newest = Container("H", 1)
        while not newest.is_over:
            newest = _moved(store, newest)
    if newest.next != ENDED:
        return [f"{newest.name}, the newest, was overtaken"]
    there = [_left(store, address) for address in map(_iteration, range(ROUNDS))]
    task, before = _left(store, TASK), _left(store, START)
    assert task is not None
    assert newest.task is not None
    found = [] if task.attempt == newest.task.attempt else [f"the task is not what {newest.name} left"]
    for number, each in enumerate(there):
        if each is None or before is None or not each.loaded:
            return [*found, f"iteration {number} is not there"]
        if not before.token.startswith(each.loaded[0][2]):
            found.append(f"iteration {number} has loaded another one before it than is there")
        if each.attempt // recursion._SPAN <= newest.past:
            found.append(f"iteration {number} is of a life that had ended before {newest.name} began")
        before = each
    return found
