"""Faults of a store in a folder: a call that fails, a disk that is full at one of its writes, a kill; in this process, or in others.

A kill is of the process that makes the call (`process`), of its container with all that it has started (`container`), or of the
container's first process alone (`alone`), whose tasks go on for a while as those of a machine do that is thought to be lost.
"""

from __future__ import annotations

import errno
import functools
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowc.store import files
from flowc.store.protocol import StoreError

_WRITES = ("open", "write", "fdatasync", "link", "rename", "mkdir")
_CALLS = ("get", "get_range", "put", "create", "replace", "size", "list", "copy", "delete")

HOOK = """
import os, sys
CONTAINER = os.getppid() if "child" in sys.orig_argv else os.getpid()
if {{"step", "fork-server", "fresh-task", "child"}} & set(sys.orig_argv):
    before, sys.path = sys.path, [{tests!r}, *sys.path]
    from tests.stages.faults import Shared, break_calls, full_disk, kill_at_calls
    from flowc.store import files
    counter = Shared(os.environ["FAULT_COUNTER"], int(os.environ["FAULT_AT"]))
    if os.environ["FAULT_HOW"] == "full":
        files.os = full_disk(counter)
    elif os.environ["FAULT_HOW"] in ("process", "container", "alone"):
        kill_at_calls(files.FileStore, counter, os.environ["FAULT_HOW"], CONTAINER)
    else:
        break_calls(files.FileStore, counter, os.environ["FAULT_HOW"])
    sys.path = before
"""


class Shared:
    """Counts in a file, so that of all processes together one call is the one."""

    def __init__(self, path: str, number: int) -> None:
        self._path, self._number = path, number

    def __call__(self) -> bool:
        """Count one more; whether it is the one."""
        import fcntl

        with open(self._path, "a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(b".")
            file.flush()
            return os.fstat(file.fileno()).st_size == self._number


def hook(folder: Path) -> str:
    """A folder for PYTHONPATH that brings the fault of FAULT_AT, FAULT_HOW and FAULT_COUNTER into the processes of tasks."""
    place = folder / "hook"
    place.mkdir(exist_ok=True)
    text = HOOK.format(tests=str(Path(__file__).resolve().parents[2]))
    (place / "sitecustomize.py").write_text(text, encoding="utf-8")
    return str(place)


class _FullDisk:
    """`os`, where one of the calls that write finds the disk full; a write leaves half of its bytes."""

    def __init__(self, is_the_one: Callable[[], bool]) -> None:
        self._is_the_one = is_the_one

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        return functools.partial(self._written, name, found) if name in _WRITES else found

    def _written(self, name: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        is_writing = name != "open" or arguments[1] & os.O_CREAT
        if is_writing and self._is_the_one():
            if name == "write":
                call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return call(*arguments, **named)


def full_disk(is_the_one: Callable[[], bool]) -> Any:
    """What stands in for `os` in `flowc.store.files`."""
    return _FullDisk(is_the_one)


def break_calls(store: type[files.FileStore], is_the_one: Callable[[], bool], how: str) -> None:
    """Let one call of all stores of the process fail, before it is done or after."""
    for name in _CALLS:
        setattr(store, name, _broken(getattr(store, name), name, is_the_one, how))


def kill_at_calls(store: type[files.FileStore], is_the_one: Callable[[], bool], how: str, container: int) -> None:
    """Let one call of all stores of a container be the moment of a kill, before it is done."""
    for name in _CALLS:
        setattr(store, name, _deadly(getattr(store, name), is_the_one, how, container))


def _deadly(call: Callable[..., Any], is_the_one: Callable[[], bool], how: str, container: int) -> Callable[..., Any]:
    def deadly(*arguments: Any, **named: Any) -> Any:
        if is_the_one():
            os.kill(os.getpid() if how == "process" else container, signal.SIGKILL)
            if how == "container":
                os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **named)

    return deadly


def _broken(call: Callable[..., Any], name: str, is_the_one: Callable[[], bool], how: str) -> Callable[..., Any]:
    def broken(*arguments: Any, **named: Any) -> Any:
        fails = is_the_one()
        if fails and how == "before":
            raise StoreError(f"no answer to {name}")
        found = call(*arguments, **named)
        if fails:
            raise StoreError(f"no answer to {name}")
        return found

    return broken
