"""All processes of a session: each task of the local run begins one, and what it leaves behind ends with it, as in a container."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

_LISTS_PROC = sys.platform.startswith("linux")
_SET_CHILD_SUBREAPER = 36
_ROUNDS = 200
"""How often a session is looked through, until a process that forks without end is let go: a second."""


def members(session: int) -> list[int]:
    """The processes of a session that live; those that have ended and that nobody has waited for are none."""
    return [pid for pid in _all() if _session(pid) == session and not _has_ended(pid)]


def end_session(session: int) -> None:
    """Kill every process of a session, and what they start meanwhile."""
    for _ in range(_ROUNDS):
        found = members(session)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def adopter() -> Callable[[], bool]:
    """What lets the process that calls it take in, from then on, processes of its children whose own parents end (Linux alone).

    It says whether the system does so.
    """
    if _LISTS_PROC:
        with contextlib.suppress(Exception):  # a Python without ctypes
            import ctypes

            prctl = ctypes.CDLL(None).prctl
            return lambda: prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    return lambda: False


def children() -> set[int] | None:
    """The children of this process, those that it has taken in among them; None where the system does not tell (all but Linux)."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return set(map(int, file.read().split()))
    except OSError:
        return None


def processor_time(session: int) -> float:
    """Seconds of a processor that the processes of a session have used by now, with those that they have waited for (Linux)."""
    return sum(_used(pid) for pid in members(session))


def _all() -> Iterator[int]:
    if _LISTS_PROC:
        yield from (int(name) for name in os.listdir("/proc") if name.isdecimal())
    else:
        yield from map(int, _ps("-A", "-o", "pid=").split())


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _has_ended(pid: int) -> bool:
    if _LISTS_PROC:
        return _stat(pid)[:1] in ([], ["Z"], ["X"])
    return _ps("-o", "state=", "-p", str(pid)).strip()[:1] in ("", "Z")


def _used(pid: int) -> float:
    if _LISTS_PROC:
        found = _stat(pid)
        return sum(map(int, found[11:15])) / os.sysconf("SC_CLK_TCK")
    total = 0.0
    for part in _ps("-o", "time=", "-p", str(pid)).strip().replace("-", ":").split(":"):
        total = total * 60 + float(part or 0)
    return total


def _stat(pid: int) -> list[str]:
    """What Linux tells of a process, from its state on; nothing where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _ps(*words: str) -> str:
    return subprocess.run(["ps", *words], stdout=subprocess.PIPE, text=True, check=False).stdout
