"""The tasks of one container: each in a process of its own, with its retries and their pause, `@timeout` and `@catch`.

The engine sees one task. A step that fails for good ends its row, and no other: other members of a foreach go on.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Generator, Iterator, Mapping
from typing import Callable, Union

from flowc.artifacts import ordering
from flowc.artifacts.address import Begin, Choice, Enter, Follow, TaskAddress, child, last_part, parent
from flowc.artifacts.failure import failure_of
from flowc.artifacts.loading import manifest
from flowc.artifacts.manifest import Attempt, Failure
from flowc.exceptions import CallMistake, MetaflowException
from flowc.grouping.progress import Life, begin, begun, left
from flowc.grouping.step_words import StepWord
from flowc.named_tuple import NamedTuple
from flowc.processes.children import Process, Starter, end, ended, has_ended, tell
from flowc.source.module import Loaded
from flowc.store.protocol import Store, StoreError
from flowc.task import guard
from flowc.task.again import raised_before, tell_pause
from flowc.task.call import BUG, DONE, FAILED, MISTAKE, STORE, TERMINATED, Broken, Reported, TaskCall
from flowc.task.task import execute

_TICK = 0.05
"""Seconds after which a container with several children looks whether one has ended without a word."""

_WORST = (STORE, BUG, FAILED, MISTAKE)
"""Which exit code a container has where several of its rows have failed: after the first one, another container may do better."""


_AGAIN = (FAILED, STORE, BUG, TERMINATED)
"""After which exit codes an attempt may do better: all for which another container would be started elsewhere."""


class _Pause(NamedTuple):
    """Wait so many seconds before the next attempt of a task."""

    address: TaskAddress
    seconds: float


_Row = Generator[Union[TaskCall, _Pause], Union[Reported, None], Reported]
"""The tasks of a row, each as the call to be done next; what came of it is sent back, and the last is returned."""


Tell = Callable[[dict[str, object]], None]
"""Hears of each attempt of a task that has ended: `task`, `index`, `retry`, `exit_code`, `again` where another follows, `message`."""


class _Work(NamedTuple):
    """What all rows of a container share."""

    loaded: Loaded | Broken
    call: TaskCall
    word: StepWord
    store: Store
    life: Life
    is_only: bool = False
    """Whether nobody starts another container for what this one has not done."""

    def address(self, step: str, index: str) -> TaskAddress:
        """A task of the container."""
        return TaskAddress(self.loaded.name, self.call.run, step.rstrip("~"), index)


def run_group(
    loaded: Loaded | Broken,
    call: TaskCall,
    word: StepWord,
    store: Store,
    taken: Mapping[str, int] | None = None,
    tell: Tell | None = None,
    clears: bool = True,
    is_only: bool = False,
) -> Reported:
    """Do the tasks that `word` names, for the call of their first one; where they are a portion of a foreach, for each member.

    `taken`: by index path, how many of the first steps a resumed run has taken over. `clears`: whoever starts containers may let one
    begin anew whose tasks are all done, as engines do at a clear; a local run does not. `is_only`: nobody starts containers for what
    has failed, so whatever ends an attempt is followed by the next one here.
    """
    try:
        return _group(loaded, call, word, store, taken or {}, tell, clears, is_only)
    except CallMistake as error:
        return Reported(call.index, MISTAKE, message=str(error))
    except StoreError as error:
        return Reported(call.index, STORE, message=str(error))


def _group(
    loaded: Loaded | Broken,
    call: TaskCall,
    word: StepWord,
    store: Store,
    taken: Mapping[str, int],
    tell: Tell | None,
    clears: bool,
    is_only: bool,
) -> Reported:
    indexes = _members(loaded, call, word, store) if word.size else [call.index]
    first = TaskAddress(loaded.name, call.run, call.step, indexes[0])
    owner = call.owner if isinstance(call.loads, Begin) else ""
    life = begin(store, first, call.retry, at_most=call.at_most, owner=owner)
    work = _Work(loaded, call._replace(at_most=False, container=life.container), word, store, life, is_only)
    work = _anew(work, indexes) if clears else work
    rows = ((index, _row(work, index, taken.get(index, 0))) for index in indexes)
    with contextlib.closing(Starter((*_source(loaded), store.url))) as starter:
        found = _Drive(work, starter, tell).all(rows)
    return _as_one(call, found) if word.size else found[call.index]


def _anew(work: _Work, indexes: list[str]) -> _Work:
    """The work, with a life of its own where earlier containers have done all of it.

    One that is started then was cleared, and the first container of that life was lost before it could say so: or an engine has not
    heard of the end. Nobody can tell these apart, and only a task that runs once more is what both have asked for.
    """
    life, steps = work.life, len(work.word.steps)
    if not life.goes_on or any(_reached(work, index, 0)[0] < steps for index in indexes):
        return work
    return work._replace(life=Life(life.container, frozenset((life.container.token,)), False))


def _source(loaded: Loaded | Broken) -> tuple[str, str]:
    """The flow's file and class, and the code's root."""
    if isinstance(loaded, Broken):
        return os.environ["FLOWC_FLOW"], os.environ.get("FLOWC_ROOT") or os.getcwd()
    return loaded.source, loaded.root


def _members(loaded: Loaded | Broken, call: TaskCall, word: StepWord, store: Store) -> list[str]:
    """The index paths of a portion, whose number is the last part of the call's own."""
    if not isinstance(call.loads, Enter) or call.index == "-":
        raise CallMistake(f"step {call.step!r} is no first step of a foreach: it has no members to do in portions")
    around, number = parent(call.index), last_part(call.index)
    split = manifest(store, TaskAddress(loaded.name, call.run, call.loads.split, around))
    members = range(number * word.size, min((number + 1) * word.size, split.fan or 0))
    if not members:
        raise CallMistake(f"portion {number} of {split.address} is not there: the foreach has {split.fan} members")
    return [child(around, member) for member in members]


def _as_one(call: TaskCall, found: Mapping[str, Reported]) -> Reported:
    """What a container says of all its rows."""
    for code in _WORST:
        failed = [(index, one) for index, one in found.items() if one.exit_code == code]
        if failed:
            index, one = failed[0]
            others = f" ({len(failed)} of {len(found)} members)" if len(failed) > 1 else ""
            message = f"member {index}{others}: {one.message}" if one.message else ""
            return one._replace(index=call.index, message=message, fan=None, case=None)
    whole = all(one.published for one in found.values())
    caught = any(one.caught for one in found.values())
    return Reported(call.index, max(one.exit_code for one in found.values()), whole, caught=caught)


def _row(work: _Work, index: str, taken: int) -> _Row:
    """The steps at one index path, from the first that is not done."""
    steps = work.word.steps
    place, used = _reached(work, index, taken) if work.life.goes_on else (taken, 0)
    if place == len(steps):  # of a portion other members are not done
        there = manifest(work.store, work.address(steps[-1], index))
        return Reported(index, DONE, True, there.fan, there.case)
    while True:
        reported = yield from _task(work, index, place, used)
        place, used = place + 1, 0
        if reported.exit_code != DONE or not reported.published or place == len(steps):
            return reported._replace(index=index)


def _reached(work: _Work, index: str, taken: int) -> tuple[int, int]:
    """The place of the first step that no container of this life has finished, and how many attempts they have begun of it."""
    for place, step in enumerate(work.word.steps[taken:], taken):
        address = work.address(step, index)
        if left(work.store, address, work.life) is None:
            return place, len(begun(work.store, address, work.life))
    return len(work.word.steps), 0


def _task(work: _Work, index: str, place: int, used: int) -> Generator[TaskCall | _Pause, Reported | None, Reported]:
    """The attempts of one task; what the last one has reported."""
    word = work.word.steps[place]
    marks = None if isinstance(work.loaded, Broken) else work.loaded.steps.get(word.rstrip("~"))
    times = marks.times if marks else 0
    most = times + bool(marks and marks.find("catch"))
    pause = marks.pause if marks and not os.environ.get("FLOWC_RETRY_AT_ONCE") else 0.0
    address = work.address(word, index)
    if used > most:
        return _failed(work, address)
    while True:
        if used and pause and used <= times:
            yield _Pause(address, pause)
        reported = yield _called(work, index, place, used)
        assert reported is not None
        used += 1
        if reported.exit_code not in (_AGAIN if work.is_only else (FAILED,)) or used > most:
            return reported
        if marks and marks.is_final and not marks.find("catch") and raised_before(work.store, address):
            return reported


def _called(work: _Work, index: str, place: int, retry: int) -> TaskCall:
    """The call of one attempt: what comes beside the first step is its alone."""
    word, call = work.word.steps[place], work.call
    call = call._replace(step=word.rstrip("~"), index=index, retry=retry, repeats=word.endswith("~"))
    if not place:
        return call
    before = Follow((Choice((), work.word.steps[place - 1].rstrip("~")),))
    return call._replace(loads=before, owner="", parameters={}, tags=(), trigger=(), scheduled="")


def _failed(work: _Work, address: TaskAddress) -> Reported:
    """How a task has failed for good whose attempts earlier containers have used up."""
    last = begun(work.store, address, work.life)[-1]
    failure = last.failure
    if failure is None:
        failure = failure_of(MetaflowException(f"attempt {last.number} of {address} was killed with its container"))
        with contextlib.suppress(StoreError):
            _note(work, address, last, failure)
    # what was no fault of the step is one line, as where its last attempt has just ended so
    message = "" if raised_before(work.store, address) else failure.exception
    return Reported(address.index, FAILED, failure=failure, message=message)


def _note(work: _Work, address: TaskAddress, attempt: Attempt, failure: Failure) -> None:
    """Write down how an attempt ended that could not do so itself."""
    fence = ordering.Fence(address, attempt.number, attempt.token, attempt.retry, attempt.started)
    ordering.fail(work.store, fence, failure, time.time(), b"", b"")


class _Running(NamedTuple):
    """A task that runs: its process, its call, and the row that waits for it."""

    process: Process
    call: TaskCall
    row: _Row


class _Drive:
    """The rows of a container under way: as many at once as it has workers, each task in a process of its own."""

    def __init__(self, work: _Work, starter: Starter, tell: Tell | None) -> None:
        self._work, self._starter, self._tell = work, starter, tell
        self._running: list[_Running] = []
        self._pausing: list[tuple[float, str, _Row]] = []
        self._found: dict[str, Reported] = {}

    def all(self, rows: Iterator[tuple[str, _Row]]) -> dict[str, Reported]:
        """Do all rows; what came of each, by its index path."""
        is_more = True
        try:
            while is_more or self._running or self._pausing:
                while is_more and len(self._running) + len(self._pausing) < self._work.word.workers:
                    one = next(rows, None)
                    is_more = one is not None
                    if one is not None:
                        self._go_on(*one, None)
                self._wait()
        except BaseException:  # a signal, whatever it raises here
            end([one.process for one in self._running])
            raise
        return self._found

    def _go_on(self, index: str, row: _Row, reported: Reported | None, ended_call: TaskCall | None = None) -> None:
        """Begin what the row wants next, or keep what came of it."""
        asked = None
        try:
            asked = row.send(reported)
        except StopIteration as over:
            self._found[index] = over.value
        except StoreError as error:
            self._found[index] = Reported(index, STORE, message=str(error))
        if reported is not None and ended_call is not None:
            self._tell_end(ended_call, reported, asked)
        if asked is not None:
            if isinstance(asked, _Pause):
                tell_pause(asked.address.id, asked.seconds)
                self._pausing.append((time.monotonic() + asked.seconds, index, row))
            else:
                self._start(asked, row)

    def _start(self, call: TaskCall, row: _Row) -> None:
        process = self._starter.start(lambda writing: _do(self._work, call, writing), (call, None))
        self._running.append(_Running(process, call, row))

    def _wait(self) -> None:
        """Until a task has ended or a pause is over."""
        for over in self._over():
            self._running.remove(over)
            self._go_on(over.call.index, over.row, _reported(self._work, over), over.call)
        now = time.monotonic()
        for due in [each for each in self._pausing if each[0] <= now]:
            self._pausing.remove(due)
            self._go_on(due[1], due[2], None)

    def _tell_end(self, call: TaskCall, reported: Reported, following: TaskCall | _Pause | None) -> None:
        """Say how an attempt has ended, and whether its task is tried again."""
        if self._tell is None:
            return
        is_again = isinstance(following, _Pause) or (following is not None and following.step == call.step)
        message = reported.message
        if reported.exit_code == FAILED and not message:
            with contextlib.suppress(StoreError):
                mine = begun(self._work.store, self._work.address(call.step, call.index), self._work.life)
                message = mine[-1].failure.stacktrace if mine and mine[-1].failure else ""
        said = {"task": call.step, "index": call.index, "retry": call.retry, "exit_code": reported.exit_code}
        self._tell({**said, "again": is_again, "message": message})

    def _over(self) -> list[_Running]:
        """Those that have ended; waits for one, or for the end of a pause."""
        if len(self._running) == 1 and not self._pausing:
            return [*self._running]
        if not self._running:
            until = min((at for at, _, _ in self._pausing), default=0.0)
            time.sleep(max(until - time.monotonic(), 0.0))
            return []
        told, _, _ = select.select([one.process.reading for one in self._running], [], [], _TICK)
        return [one for one in self._running if one.process.reading in told or has_ended(one.process)]


def _do(work: _Work, call: TaskCall, writing: int) -> int:
    """One attempt of a task, in a process of its own; its exit code."""
    try:
        reported = execute(work.loaded, call, work.store)
    except Exception as error:  # noqa: BLE001 - the last resort: a fault of ours is told as one
        full = guard.full_disk(error)
        reported = Reported(call.index, STORE if full else BUG, message=full or traceback.format_exc())
    tell(writing, reported.as_told())
    return reported.exit_code


def _reported(work: _Work, over: _Running) -> Reported:
    """How a task's process has ended. One that could not say it has failed, and its attempt says how; `@catch` has words of its own."""
    code, told = ended(over.process)
    if told:
        return Reported(**json.loads(told))
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    address = work.address(over.call.step, over.call.index)
    failure = failure_of(MetaflowException(f"the process of {address} {how}"))
    marks = None if isinstance(work.loaded, Broken) else work.loaded.steps.get(over.call.step)
    sys.stderr.write(failure.stacktrace)
    if marks and marks.find("catch"):
        return Reported(over.call.index, FAILED, failure=failure)
    with contextlib.suppress(StoreError):
        mine = [one for one in begun(work.store, address, work.life) if one.token.endswith(work.life.container.token)]
        if mine and mine[-1].failure is None:
            _note(work, address, mine[-1], failure)
    return Reported(over.call.index, FAILED, failure=failure)
