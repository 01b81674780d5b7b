"""A step that a switch sends back to itself: one task; its iterations run one after the other, each a process and an address of its own.

The engine sees one task. An iteration is retried here; a container that was killed goes on, as the engine's next attempt, at the
iteration that had begun. The task's attempt number leads the numbers of its iterations' attempts: of two containers that run at
once the later one wins each iteration, and goes on from what it has written itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable

from flowc.artifacts.address import TaskAddress
from flowc.artifacts.failure import failure_of
from flowc.artifacts.manifest import Manifest, attempts, parse_attempt, read
from flowc.artifacts.ordering import Fence, fail, publish, take
from flowc.exceptions import CallMistake, MetaflowException
from flowc.named_tuple import NamedTuple
from flowc.processes.children import Starter, ended, tell
from flowc.store.protocol import DamagedError, MissingError, Store, StoreError
from flowc.task.again import raised_before, tell_pause
from flowc.task.call import DONE, FAILED, MISTAKE, STORE, Reported, TaskCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.source.module import Loaded

_SPAN = 10_000
"""The attempts of an iteration have the numbers from this many times the task's attempt on."""


_OUTSIDE = {STORE: StoreError, MISTAKE: CallMistake}
"""What an iteration ends with for no reason of its own, so that another attempt of it at once would help nothing."""


class Job(NamedTuple):
    """A task that repeats. `first` is what only its first iteration takes, where the task begins the run.

    `iterate(loaded, call, store, fence, first)` does one attempt of one iteration in this process.
    `is_final`: an iteration that raises is not tried again.
    """

    loaded: Loaded
    call: TaskCall
    store: Store
    fence: Fence
    first: Any
    times: int
    pause: float
    iterate: Callable[..., Reported]
    is_final: bool = False


class _Place(NamedTuple):
    """Where the task is: an iteration, how many attempts it has had, whether it has already ended the task."""

    iteration: int
    used: int
    is_last: bool = False


def repeat(job: Job) -> Reported:
    """Run iterations until another case is chosen; the last one's manifest is then the task's, too."""
    place = _reached(job)
    with contextlib.closing(Starter((job.loaded.source, job.loaded.root, job.store.url))) as processes:
        while not place.is_last:
            if place.used > job.times:
                return _failed(job, place)
            if place.used and job.pause:
                tell_pause(f"iteration {place.iteration}", job.pause)
                time.sleep(job.pause)
            reported = _attempt(job, place, processes)
            if reported.exit_code in _OUTSIDE:
                raise _OUTSIDE[reported.exit_code](reported.message)  # written down as the task's, too
            if reported.exit_code not in (DONE, FAILED) or (reported.exit_code == DONE and not reported.published):
                return reported
            if reported.exit_code == FAILED:
                if job.is_final and _raised(job, place):
                    return _failed(job, place)
                place = _Place(place.iteration, place.used + 1)
            elif reported.again:
                place = _Place(place.iteration + 1, 0)
            else:
                place = place._replace(is_last=True)
    return _done(job, place)


def _reached(job: Job) -> _Place:
    """Where the container before this one was: the newest that has begun any iteration in this life of the task.

    Where no container of this life has begun the first of its iterations, this one does.
    """
    fence, start = job.fence, _taken_over(job)
    begun = _begun(job.store, fence.address, range(_life(job), fence.attempt)) if fence.retry else []
    if all(iteration != start for _, iteration in begun):
        return _Place(start, 0)
    newest, iteration = max(begun)
    left = _left(job, iteration)
    if left is None or left.attempt // _SPAN != newest:
        return _Place(iteration, sum(each[1] == iteration for each in begun))
    if left.next == (job.call.step,):
        return _Place(iteration + 1, 0)
    return _Place(iteration, 0, is_last=True)


def _life(job: Job) -> int:
    """The attempt of the task that began its life: the last whose `--retry` is 0, or the next one behind the end of the task.

    What a person starts anew begins with the first iteration. So does what is started after its end: it was cleared, and the first
    container of that life was lost before it could say so; or an engine has not heard of the end, and nobody can tell these apart.
    """
    store, address = job.store, job.fence.address
    anew = [one.number for one in attempts(store, address) if not one.retry and one.number < job.fence.attempt]
    try:
        ended = read(store, address).attempt
    except (MissingError, DamagedError):  # a damaged one is put anew
        ended = 0
    return max([ended + 1, *anew])


def _taken_over(job: Job) -> int:
    """How many iterations a resumed run has from its origin; none of a task that they have ended: all of it is asked for."""
    number = 0
    while job.call.origin and (left := _left(job, number)) and left.origin:
        if left.next != (job.call.step,):
            return 0
        number += 1
    return number


def _begun(store: Store, address: TaskAddress, life: range) -> list[tuple[int, int]]:
    """Of every start of an iteration by one of these attempts of the task that attempt and the iteration."""
    found = []
    for key in store.list(address.iterations):
        iteration, _, name = key[len(address.iterations) :].partition("/attempt-")
        if name and int(name) // _SPAN in life:
            found.append((int(name) // _SPAN, int(iteration)))
    return found


def _left(job: Job, iteration: int) -> Manifest | None:
    try:
        return read(job.store, job.fence.address._replace(iteration=iteration))
    except MissingError:
        return None


def _begin(job: Job, place: _Place) -> Fence:
    """Write down the start of an iteration's next attempt: before there is a process, which may die before it does anything."""
    address = job.fence.address._replace(iteration=place.iteration)
    number = job.fence.attempt * _SPAN + place.used + 1
    fence = Fence(address, number, os.urandom(16).hex(), place.used, time.time())
    if not take(job.store, fence):
        raise StoreError(f"attempt {fence.attempt} of {fence.address} is there already")
    return fence


def _attempt(job: Job, place: _Place, processes: Starter) -> Reported:
    """One attempt of one iteration, in a process of its own."""
    fence = _begin(job, place)
    call = job.call._replace(parameters=dict(job.call.parameters))
    code, told = ended(processes.start(lambda writing: do_iteration(job, fence, writing), (call, fence)))
    if told:
        return Reported(**json.loads(told))
    _note_end(job.store, fence, code)
    return Reported(job.call.index, FAILED)


def _note_end(store: Store, fence: Fence, code: int) -> None:
    """Write down how a process ended that could not say it; its time limit may have done so."""
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    failure = failure_of(MetaflowException(f"the process of iteration {fence.address.iteration} {how}"))
    with contextlib.suppress(StoreError, MissingError):
        if parse_attempt(store, fence.address, store.get(fence.address.attempt(fence.attempt)).data).failure is None:
            sys.stderr.write(failure.stacktrace)
            fail(store, fence, failure, time.time(), b"", b"")


def do_iteration(job: Job, fence: Fence, writing: int) -> int:
    """One attempt of one iteration in this process, told through the pipe `writing`; its exit code."""
    reported = job.iterate(job.loaded, job.call._replace(retry=fence.retry), job.store, fence, job.first)
    tell(writing, reported.as_told())
    return reported.exit_code


def _failed(job: Job, place: _Place) -> Reported:
    """The task has failed as the newest attempt of its iteration did."""
    tries = attempts(job.store, job.fence.address._replace(iteration=place.iteration))
    last = max(tries, key=lambda one: one.number)
    failure = last.failure or failure_of(MetaflowException(f"iteration {place.iteration} was killed"))
    printed = last.stdout.encode(), last.stderr.encode()
    fail(job.store, job.fence, failure, time.time(), *printed, is_steps=_raised(job, place))
    return Reported(job.call.index, FAILED, failure=failure)


def _raised(job: Job, place: _Place) -> bool:
    """Whether the step itself ended the newest attempt of an iteration."""
    return raised_before(job.store, job.fence.address._replace(iteration=place.iteration)) is not None


def _done(job: Job, place: _Place) -> Reported:
    """Let the task's own manifest say what the last iteration's does, and what the first one has loaded."""
    fence = job.fence
    address = fence.address._replace(iteration=place.iteration)
    data = job.store.get(address.manifest).data
    last = Manifest(job.store, address, data)
    own: dict[str, Any] = {
        "attempt": fence.attempt,
        "token": fence.token,
        "retry": fence.retry,
        "started": fence.started,
    }
    with contextlib.suppress(MissingError, DamagedError):  # of what it tells the task can do without
        own["loaded"] = read(job.store, address._replace(iteration=0)).loaded
    if last.attempt // _SPAN > fence.attempt or not publish(job.store, fence, last.as_task(own, place.iteration + 1)):
        return Reported(job.call.index, DONE)
    return Reported(job.call.index, DONE, True, case=last.case)


def iterations(manifest: Manifest) -> tuple[TaskAddress, ...]:
    """The iterations of a task as its newest manifest tells, in order; none where the step does not repeat."""
    return tuple(manifest.address._replace(iteration=number) for number in range(manifest.iterations or 0))
