"""How a container ends: with its first process end all others."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_STATE, _SESSION = 0, 3
"""Fields of `/proc/<pid>/stat` behind the name of the command."""


def end_all(first: int) -> None:
    """Kill every process of the session that `first` began; it has ended, or ends with them."""
    while pids := list(_of_session(first)):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)


def _of_session(session: int) -> Iterator[int]:
    """The processes of a session that live."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if fields[_SESSION] == str(session) and fields[_STATE] not in "ZX":
                    yield int(folder.name)
