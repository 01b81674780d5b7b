"""A step that a switch sends back to itself: one task; its iterations run one after the other, each a process and an address of its own.

The engine sees one task. An iteration is retried here; a container that was killed goes on, as the engine's next attempt, at the
iteration that had begun. The task's attempt number leads the numbers of its iterations' attempts: of two containers that run at
once the later one wins each iteration, and goes on from what it has written itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable

from flowc.artifacts.address import TaskAddress
from flowc.artifacts.failure import failure_of
from flowc.artifacts.manifest import Manifest, attempts, parse_attempt, read
from flowc.artifacts.ordering import Fence, fail, publish, take
from flowc.exceptions import CallMistake, MetaflowException
from flowc.named_tuple import NamedTuple
from flowc.store.protocol import DamagedError, MissingError, Store, StoreError
from flowc.task.again import raised_before
from flowc.task.call import BUG, DONE, FAILED, MISTAKE, STORE, Reported, TaskCall
from flowc.task.forks import may_fork, reseed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.source.module import Loaded

_SPAN = 10_000
"""The attempts of an iteration have the numbers from this many times the task's attempt on."""

_LONGEST = 16_000
"""Characters of a message from an iteration's process: all that it tells must fit into a pipe."""


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
    gc.collect()
    gc.freeze()  # what is never collected is not copied into a fork
    place = _reached(job)
    with contextlib.closing(_Processes(job)) as processes:
        while not place.is_last:
            if place.used > job.times:
                return _failed(job, place)
            if place.used and job.pause:
                _wait(place.iteration, job.pause)
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


def _wait(iteration: int, seconds: float) -> None:
    until = time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
    sys.stderr.write(f"flowc: iteration {iteration} waits until {until} ({seconds:g} s), as its @retry says\n")
    sys.stderr.flush()
    time.sleep(seconds)


def _reached(job: Job) -> _Place:
    """Where the container before this one was: the newest that has begun any iteration in this life of the task.

    A life begins with an attempt whose `--retry` is 0: what a person starts anew begins with the first iteration.
    """
    fence = job.fence
    if not fence.retry:
        return _Place(_taken_over(job), 0)
    earlier = [one for one in attempts(job.store, fence.address) if one.number < fence.attempt]
    life = max((one.number for one in earlier if not one.retry), default=0)
    begun = [each for each in _begun(job.store, fence.address) if life <= each[0] < fence.attempt]
    if not begun:
        return _Place(_taken_over(job), 0)
    newest, iteration = max(begun)
    left = _left(job, iteration)
    if left is None or left.attempt // _SPAN != newest:
        return _Place(iteration, sum(each[1] == iteration for each in begun))
    if left.next == (job.call.step,):
        return _Place(iteration + 1, 0)
    return _Place(iteration, 0, is_last=True)


def _taken_over(job: Job) -> int:
    """How many iterations a resumed run has from its origin."""
    number = 0
    while job.call.origin and (left := _left(job, number)) and left.origin:
        number += 1
    return number


def _begun(store: Store, address: TaskAddress) -> list[tuple[int, int]]:
    """Of every start of an iteration the attempt of the task and the iteration."""
    found = []
    for key in store.list(address.iterations):
        iteration, _, name = key[len(address.iterations) :].partition("/attempt-")
        if name:
            found.append((int(name) // _SPAN, int(iteration)))
    return found


def _left(job: Job, iteration: int) -> Manifest | None:
    try:
        return read(job.store, job.fence.address._replace(iteration=iteration))
    except MissingError:
        return None


def _attempt(job: Job, place: _Place, processes: _Processes) -> Reported:
    """One attempt of one iteration, in a process of its own."""
    address = job.fence.address._replace(iteration=place.iteration)
    number = job.fence.attempt * _SPAN + place.used + 1
    fence = Fence(address, number, os.urandom(16).hex(), place.used, time.time())
    if not take(job.store, fence):  # written down before there is a process, which may die before it does anything
        raise StoreError(f"attempt {fence.attempt} of {fence.address} is there already")
    sys.stdout.flush()
    sys.stderr.flush()
    process = processes.start(fence)
    try:
        code = os.waitstatus_to_exitcode(_ended(process.child))
        os.set_blocking(process.reading, False)  # what outlives the iteration may hold the other end
        with contextlib.suppress(BlockingIOError):
            told = os.read(process.reading, 1 << 16)
            if told:
                return Reported(**json.loads(told))
    finally:
        os.close(process.reading)
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


def _ended(child: int) -> int:
    """The child's status; what it has started ends with it, as in a container. What ends this process ends the child first."""
    try:
        return _waited(child)
    except BaseException:  # a signal, whatever it raises here
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGTERM)
            _waited(child)
        raise


def _waited(child: int) -> int:
    if hasattr(os, "waitid"):  # as long as nobody has waited for the child, no other process can have its number
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        _end_group(child)
        return os.waitpid(child, 0)[1]
    status = os.waitpid(child, 0)[1]
    _end_group(child)
    return status


def _end_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: only the leader is left, which has ended
        os.killpg(leader, signal.SIGKILL)


class _Process(NamedTuple):
    """The process of an iteration, the leader of a group, and where it tells its end."""

    child: int
    reading: int
    told: Any = None
    """The pipe on which an interpreter of its own is told what to do."""


class _Processes:
    """Starts iterations: as forks, or where these would not be safe each in a fresh interpreter, of which one is kept warm."""

    def __init__(self, job: Job) -> None:
        self._job, self._forks = job, may_fork()
        self._spare: _Process | None = None

    def start(self, fence: Fence) -> _Process:
        """The process that does this attempt."""
        if self._forks:
            return _fork(self._job, fence)
        process, self._spare = self._spare or self._fresh(), None
        call = self._job.call._replace(parameters=dict(self._job.call.parameters))
        with contextlib.suppress(BrokenPipeError), process.told as told:  # it has died, and its end tells so
            told.write(_pickled((call, fence)))
        self._spare = self._fresh()
        return process

    def close(self) -> None:
        """End the interpreter that still waits."""
        if self._spare is not None:
            with contextlib.suppress(BrokenPipeError):
                self._spare.told.close()
            os.kill(self._spare.child, signal.SIGKILL)
            os.waitpid(self._spare.child, 0)
            os.close(self._spare.reading)

    def _fresh(self) -> _Process:
        """An interpreter that imports the flow and then waits."""
        reading, writing = os.pipe()
        safe = ["-P"] if sys.version_info >= (3, 11) else []
        command = [sys.executable, *safe, "-m", "flowc", "iteration", str(writing)]
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(writing,))
        finally:
            os.close(writing)
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(_pickled((self._job.loaded.source, self._job.loaded.root, self._job.store.url)))
            process.stdin.flush()
        process.returncode = 0  # it is `_ended` that waits for it
        return _Process(process.pid, reading, process.stdin)


def _pickled(value: Any) -> bytes:
    import pickle

    return pickle.dumps(value)


def _fork(job: Job, fence: Fence) -> _Process:
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return _Process(child, reading)
    code = BUG
    try:
        os.setpgid(0, 0)
        os.close(reading)
        reseed()
        code = do_iteration(job, fence, writing)
    except BaseException:  # noqa: BLE001 - a fork must never return into its parent's loop
        traceback.print_exc()
    finally:
        os._exit(code)


def do_iteration(job: Job, fence: Fence, writing: int) -> int:
    """One attempt of one iteration in this process, told through the pipe `writing`; its exit code."""
    reported = job.iterate(job.loaded, job.call._replace(retry=fence.retry), job.store, fence, job.first)
    told = {**reported._asdict(), "failure": None, "message": reported.message[:_LONGEST]}
    os.write(writing, json.dumps(told).encode())
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
