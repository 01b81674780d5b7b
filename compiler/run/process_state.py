"""Whether the process of a local run lives: a lock on a file beside its artifacts, which the system drops with the process."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from flowc.artifacts.address import RunAddress
from flowc.store.files import make_folder

Life = Literal["running", "stopped", "failed"]
"""`stopped`: Ctrl-C or a kill ended the run before it had an end of its own."""

_NAME = ".running"
"""No listing of the store shows a name that begins with a dot."""
_FAILED = b"failed"


@contextlib.contextmanager
def alive(store: str, address: RunAddress) -> Iterator[Callable[[bool], None]]:
    """Say that the run goes on as long as this block does. What it yields is told whether the run, at its end, is a success."""
    path = _file(store, address)
    if path is None:
        yield lambda _: None
        return
    make_folder(str(path.parent))
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        is_ours = _taken(file)
        while is_ours and not os.fstat(file).st_nlink:  # whoever deleted a run of this name has removed it
            os.close(file)
            make_folder(str(path.parent))
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            is_ours = _taken(file)

        if is_ours:
            os.ftruncate(file, 0)
            os.write(file, f"{os.getpid()} {socket.gethostname()}".encode())

        def ended(is_success: bool) -> None:
            if is_ours and is_success:
                path.unlink(missing_ok=True)
            elif is_ours:
                os.ftruncate(file, 0)
                os.pwrite(file, _FAILED, 0)

        yield ended
    finally:
        os.close(file)


def life(store: str, address: RunAddress) -> Life | None:
    """What is known of a run that is no success; None where it is not a local run, or its folder not on this machine."""
    path = _file(store, address)
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC) if path else None
    except OSError:
        return None
    if file is None:
        return None
    try:
        if not _locked(file):
            return "running"
        return "failed" if os.read(file, len(_FAILED)) == _FAILED else "stopped"
    finally:
        os.close(file)


def process_of(store: str, address: RunAddress) -> int | None:
    """The process of a run that goes on, where that is one of this machine; None where none is known to live.

    A run that holds its lock has written who it is; the lock is looked at last, so that no process that came later is meant.
    """
    path = _file(store, address)
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path else ""
    except OSError:
        return None
    pid, _, host = text.partition(" ")
    is_here = pid.isdecimal() and host == socket.gethostname()
    return int(pid) if is_here and life(store, address) == "running" else None


@contextlib.contextmanager
def at_rest(store: str, address: RunAddress) -> Iterator[tuple[Life | None, Callable[[], None]]]:
    """What is known of a run; where it is not `running`, it does not begin again on this machine as long as this block lasts.

    The function forgets what was known, and the run's folder where nothing else is in it.
    """
    path = _file(store, address)
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC) if path else None
    except OSError:
        file = None

    def forget() -> None:
        if path is None:
            return
        with contextlib.suppress(OSError):  # another run of this name has begun, or there is no such folder
            if file is not None:
                path.unlink(missing_ok=True)
            path.parent.rmdir()

    if file is None:
        yield None, forget
        return
    try:
        if not _locked(file):
            yield "running", lambda: None
        else:
            yield "failed" if os.read(file, len(_FAILED)) == _FAILED else "stopped", forget
    finally:
        os.close(file)


def _file(store: str, address: RunAddress) -> Path | None:
    """The store's URL is absolute: the file stands where its folder is on this machine."""
    return Path(store.removeprefix("file:"), address.folder, _NAME) if store.startswith("file:") else None


def _taken(file: int) -> bool:
    """Whether the lock is ours now; who just looks at a run holds it for a moment."""
    for _ in range(10):
        if _locked(file):
            return True
        time.sleep(0.02)
    return False


def _locked(file: int) -> bool:
    import fcntl  # noqa: PLC0415 - only a run and who looks at one needs it

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
