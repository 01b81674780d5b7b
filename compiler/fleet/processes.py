"""The same work for many items, in several processes: the results are those of one process, in the order of the items.

A process that ends early, whatever ends it, leaves its items to this one, which meets the same mistake and tells it as ever.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from compiler.slotted_class import mutable
from compiler.terminal.said import AsIs, say

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 8
"""So many items are done here: starting processes takes longer than their work."""

_LEAST = 4
"""Items that a process is started for."""

_LENGTH = 8
"""Bytes that say how long what follows is."""


def results(work: Callable[[Item], Result], items: Sequence[Item], jobs: int | None = None) -> list[Result]:
    """What `work` makes of each item. `jobs` processes do it; where nobody says, as many as there are processors for many items.

    A result is pickled. What `work` prints to stderr is printed here, each line once.
    """
    count = _processes(len(items), jobs)
    if count < 2:  # noqa: PLR2004 - one process is this one
        return list(map(work, items))
    import pickle  # noqa: PLC0415 - few calls have so many flows

    told: dict[str, None] = {}
    workers = list[_Worker]()
    try:
        for first in range(count):
            workers.append(_started(work, items[first::count], workers))
        found = list[Result]()
        for at, item in enumerate(items):
            data = workers[at % count].next()
            text, result = pickle.loads(data) if data else _heard(work, item)
            _tell_new(text, told)
            found.append(result)
        return found
    finally:
        for each in workers:
            each.end()


def _processes(items: int, jobs: int | None) -> int:
    if jobs is None:
        jobs = 1 if items < FEW else min(_processors(), items // _LEAST)
    # a fork takes no other thread along, and so none of what it holds
    may_fork = hasattr(os, "fork") and len(sys._current_frames()) == 1
    return min(jobs, items) if may_fork else 1


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@mutable
class _Worker:
    """A process, and the end of the pipe where its results come out."""

    pid: int
    descriptor: int
    is_there: bool = True

    def next(self) -> bytes:
        """The next result; nothing where the process has ended before."""
        head = self._read(_LENGTH) if self.is_there else b""
        data = self._read(int.from_bytes(head, "big")) if len(head) == _LENGTH else b""
        self.is_there = bool(data)
        return data

    def _read(self, size: int) -> bytes:
        parts = list[bytes]()
        while size and (part := os.read(self.descriptor, min(size, 1 << 20))):
            parts.append(part)
            size -= len(part)
        return b"" if size else b"".join(parts)

    def end(self) -> None:
        """End the process, if it has not ended."""
        import signal  # noqa: PLC0415 - few calls have so many flows

        os.close(self.descriptor)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _started(work: Callable[[Item], Result], items: Sequence[Item], others: Sequence[_Worker]) -> _Worker:
    out, into = os.pipe()
    pid = os.fork()
    if pid:
        os.close(into)
        return _Worker(pid, out)
    try:
        import signal  # noqa: PLC0415 - as above

        signal.signal(signal.SIGINT, signal.SIG_DFL)
        # else nobody would tell this process that the one that reads is gone
        for each in (out, *(other.descriptor for other in others)):
            os.close(each)
        _serve(work, items, into)
    finally:
        os._exit(0)


def _serve(work: Callable[[Item], Result], items: Sequence[Item], into: int) -> None:
    import pickle  # noqa: PLC0415 - as above

    for item in items:
        data = memoryview(pickle.dumps(_heard(work, item), pickle.HIGHEST_PROTOCOL))
        head = len(data).to_bytes(_LENGTH, "big")
        for part in (memoryview(head), data):
            sent = 0
            while sent < len(part):
                sent += os.write(into, part[sent:])


def _heard(work: Callable[[Item], Result], item: Item) -> tuple[str, Result]:
    """A result, and what was printed to stderr meanwhile."""
    import io  # noqa: PLC0415 - as above

    screen = io.StringIO()
    before, sys.stderr = sys.stderr, screen
    try:
        result = work(item)
        return screen.getvalue(), result
    finally:
        sys.stderr = before


def _tell_new(text: str, told: dict[str, None]) -> None:
    """Print the lines that were not printed yet: each process has met what they are about."""
    for line in text.splitlines(keepends=True):
        if line not in told:
            told[line] = None
            say(AsIs(line), err=True, nl=False)
