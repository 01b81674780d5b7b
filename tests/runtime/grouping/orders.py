"""All orders in which containers of the same tasks may begin, look, load, publish and die, explored over the real store code.

A container does `a`, `b` and `c`, one after the other. Its moments: it takes its number; it looks where it goes on; and of each task it
takes the attempt, looks for a later container, loads, and publishes. It may die at any of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from flowc.artifacts import ordering
from flowc.artifacts.address import Choice, Follow, TaskAddress
from flowc.artifacts.loading import base
from flowc.artifacts.manifest import attempts
from flowc.grouping import running
from flowc.grouping.progress import Life, begin
from flowc.grouping.step_words import StepWord
from flowc.task.call import TaskCall

from tests.failure.generations import Memory
from tests.stages.containers_at_once import ENDED, OVERTAKEN, Container, Course, State, left, publish

ROW = ("a", "b", "c")
LOADED: Any = SimpleNamespace(name="F")


@dataclass(frozen=True)
class InRow(Container):
    """A container of the row: at which of its tasks it is."""

    place: int = 0
    life: Life | None = None


def _before() -> Memory:
    store = Memory({})
    assert publish(store, ordering.begin(store, _address("start"), 0, "0" * 32, 0.0), None, ROW[0])
    return store


def _shape(state: State[InRow]) -> object:
    """The state with names in place of chance: tokens are drawn, and tell the same of two ways."""
    store = state.store
    there = []
    for step in ROW:
        there.append((_owner(store, step, state), [one.number for one in attempts(store, _address(step))]))
    records = tuple(key for key, _ in state.objects if "container-" in key)
    held = [(c.name, c.next, c.place, c.fence.attempt if c.fence else 0, _met(c, state)) for c in state.containers]
    lives = [sorted(_names(c.life, state)) if c.life else None for c in state.containers]
    numbers = [c.life.container.next if c.life else "" for c in state.containers]
    return repr((there, records, held, lives, numbers))


def _names(life: Life, state: State[InRow]) -> list[str]:
    return [c.name for c in state.containers if c.life and c.life.container.token in life.tokens]


def _met(container: InRow, state: State[InRow]) -> str:
    if container.loaded is None or container.next != "publish":
        return ""
    return _name_of(container.loaded.manifest.token, state)


def _owner(store: Memory, step: str, state: State[InRow]) -> tuple[str, str, int]:
    found = left(store, _address(step))
    if found is None:
        return "", "", 0
    (loaded,) = found.loaded
    by = next((c.name for c in state.containers if c.life and found.token.endswith(c.life.container.token)), "")
    return by, "" if step == "a" else _name_of(loaded[2], state), found.attempt


def _name_of(token: str, state: State[InRow]) -> str:
    """Who has begun the attempt of a token, or of its first half."""
    store = state.store
    for step in ROW:
        for one in attempts(store, _address(step)):
            if one.token.startswith(token):
                return f"{step}{one.number}"
    return ""


def _moved(store: Memory, container: InRow) -> InRow:
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
            return replace(container, next=OVERTAKEN if is_over else "load")
        case "load":
            before = ROW[container.place - 1] if container.place else "start"
            loaded = base(store, _step(container), Follow((Choice((), before),)))
            return replace(container, loaded=loaded, next="publish")
        case _:
            return _published(store, container)


def _token(container: InRow) -> str:
    return f"{container.name}{container.place}".encode().hex().ljust(32, "0")


def _reached(store: Memory, container: InRow) -> InRow:
    assert container.life is not None
    work = running._anew(running._Work(LOADED, TaskCall("a", "r"), StepWord(ROW), store, container.life), ["-"])
    place = running._reached(work, "-", 0)[0] if work.life.goes_on else 0
    return replace(container, place=place, life=work.life, next="take")


def _published(store: Memory, container: InRow) -> InRow:
    place = container.place + 1
    assert container.fence is not None
    if not publish(store, container.fence, container.loaded, ROW[place] if place < len(ROW) else None):
        return replace(container, next=OVERTAKEN)
    return replace(container, place=place, next=ENDED if place == len(ROW) else "take")


def _step(container: InRow) -> TaskAddress:
    return _address(ROW[container.place])


def _address(step: str) -> TaskAddress:
    return TaskAddress("F", "r", step, "-")


def _wrong(state: State[InRow]) -> list[str]:
    """What must not be once all is over: the row is one whole, where the newest container has died after one more has come."""
    store = state.store
    newest = max(
        (c for c in state.containers if c.life), key=lambda each: each.life.container.next if each.life else ""
    )
    newest = COURSE.lived(store, newest)
    if newest.next != ENDED:
        return [f"{newest.name}, the newest, was overtaken"]
    found = []
    for before, step in zip(("start", *ROW), ROW, strict=False):
        there, earlier = left(store, _address(step)), left(store, _address(before))
        if there is None or earlier is None:
            found.append(f"{newest.name} has ended, and {step} is not there")
        elif earlier.token[:8] != there.loaded[0][2][:8]:
            found.append(f"{step} has loaded another {before} than the one that is there")
    return found


COURSE = Course(_before, InRow, _moved, _shape, _wrong)
