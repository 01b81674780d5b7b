"""Processes that do one thing each and tell how it ended: forks, or where these would not be safe each a fresh interpreter."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable

from flowc.exceptions import Terminated
from flowc.named_tuple import NamedTuple
from flowc.processes.forks import may_fork, reseed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FAULT = 70
"""The exit code of a fork that fails before or behind its work: a fault of ours."""

_MOST = 1 << 16
"""Bytes that a child tells: they fit into a pipe that nobody reads."""


class Process(NamedTuple):
    """A child, the leader of a group, and where it tells its end."""

    child: int
    reading: int
    told: Any = None
    """The pipe on which an interpreter of its own is told what to do."""


class Starter:
    """Starts children: as forks, or each in a fresh interpreter, of which one is kept warm.

    `prepared` is what an interpreter is told before it has work, so that it can import meanwhile; `forks` None: where they are safe.
    """

    def __init__(self, prepared: Any, forks: bool | None = None) -> None:
        gc.collect()
        gc.freeze()  # what is never collected is not copied into a fork
        self._prepared, self._forks = prepared, may_fork() if forks is None else forks
        self._spare: Process | None = None

    def start(self, work: Callable[[int], int], told: Any) -> Process:
        """A child that does `work(writing)`, which tells its end through that pipe and gives its exit code; a fresh interpreter is
        told `told` instead.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        if self._forks:
            return _fork(work)
        process, self._spare = self._spare or self._fresh(), None
        with contextlib.suppress(BrokenPipeError), process.told as pipe:  # it has died, and its end tells so
            pipe.write(_pickled(told))
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

    def _fresh(self) -> Process:
        """An interpreter that imports the flow and then waits."""
        reading, writing = os.pipe()
        safe = ["-P"] if sys.version_info >= (3, 11) else []
        command = [sys.executable, *safe, "-m", "flowc", "child", str(writing)]
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(writing,))
        finally:
            os.close(writing)
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(_pickled(self._prepared))
            process.stdin.flush()
        process.returncode = 0  # it is `ended` that waits for it
        return Process(process.pid, reading, process.stdin)


def _pickled(value: Any) -> bytes:
    import pickle

    return pickle.dumps(value)


def _fork(work: Callable[[int], int]) -> Process:
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return Process(child, reading)
    code = _FAULT
    try:
        os.setpgid(0, 0)
        os.close(reading)
        reseed()
        code = work(writing)
    except (Terminated, KeyboardInterrupt) as error:  # just before its work has begun, or behind it
        _end_as_told(signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT)
    except BaseException:  # noqa: BLE001 - a fork must never return into its parent's loop
        traceback.print_exc()
    finally:
        os._exit(code)


def _end_as_told(number: int) -> None:
    """End this process by a signal, as one that does nothing about it."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def tell(writing: int, told: bytes) -> None:
    """Tell the process that has started this one how its work ended, unless that has died."""
    with contextlib.suppress(BrokenPipeError):
        os.write(writing, told)


def ended(process: Process) -> tuple[int, bytes]:
    """Wait for a child: its exit code, or the negative number of the signal that ended it, and what it has told.

    What it has started ends with it, as in a container. What ends this process ends the child first.
    """
    with contextlib.closing(os.fdopen(process.reading, "rb", buffering=0)) as reading:
        try:
            status = _waited(process.child)
        except BaseException:  # a signal, whatever it raises here
            end([process])
            raise
        os.set_blocking(process.reading, False)  # what outlives the child may hold the other end
        return os.waitstatus_to_exitcode(status), reading.read(_MOST) or b""


def end(processes: list[Process]) -> None:
    """End children that still run; each may write down why."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.child, signal.SIGTERM)
    for process in processes:
        with contextlib.suppress(ChildProcessError):
            _waited(process.child)


def has_ended(process: Process) -> bool:
    """Whether a child has ended and nobody has waited for it yet."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.9: `ended` then waits for it
        return True
    return os.waitid(os.P_PID, process.child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


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
