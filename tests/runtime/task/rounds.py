"""All orders in which containers of one step that repeats may begin, look, load, publish and die, explored over the real store code.

The step does two iterations. The moments of a container: it takes its number; it looks where it goes on; each iteration it begins, loads
and publishes; it publishes the task. It may die at any of them but the first: one that dies before that was never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from flowc.artifacts import ordering
from flowc.artifacts.address import Choice, Follow, TaskAddress
from flowc.artifacts.loading import base
from flowc.artifacts.manifest import attempts
from flowc.artifacts.ordering import Fence
from flowc.task import recursion
from flowc.task.call import DONE, TaskCall

from tests.failure.generations import Memory
from tests.stages.containers_at_once import ENDED, OVERTAKEN, Container, Course, State, left, publish

ROUNDS = 2
LOADED: Any = SimpleNamespace(name="F")
TASK = TaskAddress("F", "r", "loop")
START = TaskAddress("F", "r", "start")
FIRST = recursion._Place(0, 0)


@dataclass(frozen=True)
class Round(Container):
    """A container of the step: in which iteration it is.

    `past`: the attempt that had ended the task when this one began; 0 where none had.
    """

    past: int = 0
    task: Fence | None = None
    place: recursion._Place = FIRST


def _before() -> Memory:
    store = Memory({})
    fence = ordering.begin(store, START, 0, "0" * 32, 0.0)
    assert publish(store, fence, None, "loop")
    return store


def _shape(state: State[Round]) -> object:
    """The state with numbers in place of chance: tokens and times are drawn."""
    store = state.store
    there = []
    for address in (TASK, *map(_iteration, range(ROUNDS))):
        found = left(store, address)
        by = (found.attempt, _number(store, found.loaded)) if found else None
        there.append((by, [(one.number, one.retry) for one in attempts(store, address)]))
    held = [
        (c.name, c.next, c.past, c.place, c.task and c.task.attempt, _number(store, c.loaded and c.loaded.loaded))
        for c in state.containers
    ]
    return repr((there, held))


def _number(store: Memory, loaded: Sequence[tuple[str, str, str]] | None) -> int:
    """The attempt that left what was loaded."""
    for step, name, token in loaded or ():
        _, _, iteration = name.partition("~")
        address = TASK.of.task(step, "-", int(iteration) if iteration else None)
        return next(one.number for one in attempts(store, address) if one.token.startswith(token))
    return 0


def _moved(store: Memory, container: Round) -> Round:
    """The container after its next moment."""
    match container.next:
        case "begin":
            there = left(store, TASK)
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
            return replace(container, next=ENDED if reported.published else OVERTAKEN)


def _at(container: Round, place: recursion._Place) -> Round:
    return replace(container, place=place, next="done" if place.is_last else "take")


def _job(store: Memory, container: Round) -> recursion.Job:
    assert container.task is not None
    call = TaskCall("loop", "r", retry=container.retry, repeats=True)
    return recursion.Job(LOADED, call, store, container.task, None, 9, 0, lambda *_: _never())


def _never() -> Any:
    raise AssertionError("no process is started here")


def _published(store: Memory, container: Round) -> Round:
    number = container.place.iteration
    is_last = number == ROUNDS - 1
    assert container.fence is not None
    if not publish(store, container.fence, container.loaded, "end" if is_last else "loop"):
        return replace(container, next=OVERTAKEN)
    return _at(
        container, container.place._replace(is_last=True) if is_last else container.place._replace(iteration=number + 1)
    )


def _iteration(number: int) -> TaskAddress:
    return TASK._replace(iteration=number)


def _wrong(state: State[Round]) -> list[str]:
    """What must not be once all is over, where the newest container has died after one more has come.

    The iterations are one chain, the task is what the last one left, and nothing is of a life that had ended before the newest began.
    """
    store = state.store
    newest = max((c for c in state.containers if c.task), key=lambda each: each.task.attempt if each.task else 0)
    newest = COURSE.lived(store, newest)
    if newest.next != ENDED:
        return [f"{newest.name}, the newest, was overtaken"]
    there = [left(store, address) for address in map(_iteration, range(ROUNDS))]
    task, before = left(store, TASK), left(store, START)
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


COURSE = Course(_before, Round, _moved, _shape, _wrong)
