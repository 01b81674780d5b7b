"""What may end a step too early: its `@timeout`, SIGTERM, its own `os._exit(0)`; and a fork of it that would not end."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from flowc.exceptions import StepTimeout, Terminated
from flowc.standard_path import standard_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_GRACE = 5.0
"""How long a step has, once its time is over, to unwind before the process is ended."""


@contextlib.contextmanager
def time_limit(seconds: float, give_up: Callable[[StepTimeout], None]) -> Iterator[None]:
    """Raise StepTimeout in the block when its time is over.

    Where that does not reach (C code that does not return, code that swallows it), a thread calls `give_up` a little later,
    which must end the process; where even a thread does not run (C code that keeps the interpreter), the process ends itself.
    A block that swallows StepTimeout and then ends has still taken too long: it is raised once more.
    """
    if seconds <= 0:
        yield
        return
    with standard_path():
        import faulthandler
        import threading

    error = StepTimeout(f"the step took longer than {seconds:g} s")
    inside, is_over = True, False

    def expired(_: int, __: FrameType | None) -> None:
        nonlocal is_over
        if inside:
            is_over = True
            raise error

    before = signal.signal(signal.SIGALRM, expired)
    watchdog = threading.Timer(seconds + _GRACE, give_up, (error,))
    watchdog.daemon = True
    watchdog.start()
    faulthandler.dump_traceback_later(seconds + 2 * _GRACE, exit=True, file=2)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        try:
            inside = False
        finally:  # also where the alarm came on the way here
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
            watchdog.cancel()
            signal.signal(signal.SIGALRM, before)
    if is_over:
        raise error


@contextlib.contextmanager
def no_silent_end(code: int) -> Iterator[None]:
    """End the process with `code` where the block calls `os._exit(0)`: an engine would take the step for done, and it has left nothing.

    Forks of the block end as they like.
    """
    end, process = os._exit, os.getpid()

    def ended(status: int) -> NoReturn:
        if status == 0 and os.getpid() == process:
            os.write(2, b"os._exit(0) ended the step before its end: the attempt has failed\n")
            end(code)
        end(status)

    os._exit = ended
    try:
        yield
    finally:
        os._exit = end


@contextlib.contextmanager
def own_process(what: str) -> Iterator[None]:
    """End forks of the block where they leave it: one that goes on would do the rest of the task a second time.

    `what`: the block, as the line names it that such a fork prints. Its exit code is that of a program which ends so.
    """
    process = os.getpid()
    try:
        yield
    except BaseException as error:  # whatever the author's code raises ends a fork of it, too
        if os.getpid() == process:
            raise
        _end_fork(what, error)
    if os.getpid() != process:
        _end_fork(what, None)


def _end_fork(what: str, error: BaseException | None) -> NoReturn:
    with standard_path():
        import sys
        import traceback

    code = 0 if error is None else 1
    if isinstance(error, SystemExit):
        code = 0 if error.code is None else error.code if isinstance(error.code, int) else 1
    elif error is not None:
        with contextlib.suppress(Exception):
            traceback.print_exception(type(error), error, error.__traceback__)
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os.write(
        2, f"flowc: a fork of {what} has come to its end: it ends here, and what it has set is not kept\n".encode()
    )
    os._exit(code & 0xFF)


@contextlib.contextmanager
def termination() -> Iterator[None]:
    """Raise Terminated in the block when the process gets SIGTERM; a second one ends it at once. For main threads only."""

    def terminate(_: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, at_once)
        raise Terminated("the process was asked to end (SIGTERM)")

    def at_once(_: int, __: FrameType | None) -> None:
        os._exit(143)

    before: Any = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def full_disk(error: Exception) -> str:
    """What is told where a disk of the container took no more, or failed: for the code, for what the engine is told. Empty for all else."""
    with standard_path():
        import errno

    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS):
        return f"{error.filename or 'a disk of this machine'}: {error.strerror}"
    return ""
