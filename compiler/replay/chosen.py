"""Which task, and which of its attempts, a replay is of, and how that attempt had ended."""

from __future__ import annotations

import re
from typing import Literal

from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Attempt, Failure, Manifest, RunRecord, attempts, read, read_run
from flowc.store.protocol import MissingError, Store

from compiler.call.history import HistoryError, read_state
from compiler.mistakes import CallError, NotThereError
from compiler.slotted_class import record
from compiler.workspace.settings import did_you_mean

State = Literal["done", "caught", "failed", "killed", "replaced"]
"""`killed`: the attempt has not ended by itself, or still runs; `replaced`: what it left was, by a later attempt."""

_STEP_PARTS, _TASK_PARTS = 3, 4
_PLACE = re.compile(r"-|[0-9]+(?:\.[0-9]+)*")


@record
class Words:
    """FLOW/RUN/STEP[/INDEX]."""

    flow: str
    run: str
    step: str
    index: str | None


@record
class Chosen:
    """An attempt of a task. `now` is what the task has left by now, where it has; `number` and `retry` are the attempt's own."""

    record: RunRecord
    address: TaskAddress
    now: Manifest | None
    number: int
    retry: int
    started: float
    state: State
    failure: Failure | None

    @property
    def left(self) -> Manifest | None:
        """What the attempt left, where that is what counts."""
        return self.now if self.state in ("done", "caught") else None

    @property
    def path(self) -> str:
        """The task, as `flowc inspect` takes it."""
        return self.record.path_of(self.address)


def words_of(where: str) -> Words:
    """The parts of FLOW/RUN/STEP[/INDEX]. Raises CallError."""
    parts = where.strip("/").split("/")
    if not _STEP_PARTS <= len(parts) <= _TASK_PARTS or "" in parts:
        raise CallError(f"{where!r} is not FLOW/RUN/STEP or FLOW/RUN/STEP/INDEX; `flowc inspect FLOW/RUN` lists tasks")
    flow, run, step, *below = parts
    return Words(flow, run, step, below[0] if below else None)


def choose(store: Store, words: Words, attempt: int | None) -> Chosen:
    """The attempt of that number, by default the one that counts or has failed last.

    Raises NotThereError where there is none, CallError where several tasks may be meant.
    """
    address = TaskAddress(words.flow, words.run, words.step)
    try:
        found = read_run(store, address.of)
    except MissingError:
        raise NotThereError(
            f"no run {words.flow}/{words.run} in {store.url}: `flowc runs {words.flow}` lists them, --store names another store"
        ) from None
    address = _address(store, found, words)
    return _attempt(found, address, _left(store, address), attempts(store, address), attempt)


def _left(store: Store, address: TaskAddress) -> Manifest | None:
    try:
        return read(store, address)
    except MissingError:
        return None


def _address(store: Store, found: RunRecord, words: Words) -> TaskAddress:
    run = found.address
    address = run.task(words.step) if words.index is None else run.named(words.step, words.index)
    if _PLACE.fullmatch(address.index) and _has_begun(store, address):
        return address
    state = read_state(store, words.flow, words.run)
    try:
        tasks = [each.address for each in state.chosen(words.step, words.index)]
    except HistoryError as error:
        raise NotThereError(str(error)) from None
    begun = [each for each in tasks if _has_begun(store, each)]
    if not begun:
        raise NotThereError(f"{found.path_of(tasks[0])} has not begun: there is nothing to do again")
    if len(begun) > 1:
        names = ", ".join(each.name for each in begun[:_SHOWN]) + (", …" if len(begun) > _SHOWN else "")
        raise CallError(
            f"{words.flow}/{words.run}/{words.step} has {len(begun)} tasks: name one behind it, as /{begun[0].name}; there are: {names}"
        )
    return begun[0]


_SHOWN = 20


def _has_begun(store: Store, address: TaskAddress) -> bool:
    return store.size(address.manifest) is not None or next(store.list(address.attempts, 1), None) is not None


def _attempt(
    found: RunRecord, address: TaskAddress, left: Manifest | None, begun: tuple[Attempt, ...], number: int | None
) -> Chosen:
    by_number = {each.number: each for each in begun}
    if number is None:
        number = _default(left, begun)
    if left is not None and left.attempt == number:
        state: State = "caught" if left.caught else "done"
        return Chosen(found, address, left, number, left.retry, left.started, state, left.caught)
    one = by_number.get(number)
    if one is None:
        there = sorted({*by_number, *([left.attempt] if left else [])})
        close = did_you_mean(str(number), map(str, there)) if there else ""
        said = close if close.endswith("?") else f": there are {', '.join(map(str, there))}"
        raise NotThereError(f"{found.path_of(address)} has no attempt {number}{said}")
    if one.failure is not None:
        return Chosen(found, address, left, number, one.retry, one.started, "failed", one.failure)
    state = "replaced" if left is not None and left.attempt > number and not _was_tried_again(one, begun) else "killed"
    return Chosen(found, address, left, number, one.retry, one.started, state, one.failure)


def _was_tried_again(one: Attempt, begun: tuple[Attempt, ...]) -> bool:
    """Whether the attempt after it used up more of `@retry`: an engine does that where one has failed."""
    after = next((each for each in begun if each.number > one.number), None)
    return after is not None and after.retry > one.retry


def _default(left: Manifest | None, begun: tuple[Attempt, ...]) -> int:
    """The number of the newest attempt where it has failed since, or nothing is left; else of the one that counts."""
    newest = begun[-1] if begun else None
    if left is None or (newest is not None and newest.number > left.attempt and newest.failure is not None):
        assert newest is not None, "a task that has begun has left a manifest or an attempt"
        return newest.number
    return left.attempt
