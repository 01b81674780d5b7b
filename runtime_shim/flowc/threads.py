"""The threads of this process that a fork of it would not have, and whose locks it would have for ever."""

from __future__ import annotations

import os
import sys

_TASKS = "/proc/self/task"

_PREPARED = frozenset({"jemalloc_bg_thd"})
"""Threads, by their names, whose library lays its locks aside before each fork."""


def other_threads() -> int:
    """How many there are beside the main one, as Linux knows them, also those of libraries; elsewhere those that Python knows."""
    try:
        names = [_name(task) for task in os.listdir(_TASKS) if task != str(os.getpid())]
    except OSError:
        threading = sys.modules.get("threading")
        return 0 if threading is None else threading.active_count() - 1
    return sum(name is not None and name not in _PREPARED for name in names)


def _name(task: str) -> str | None:
    """The name of a thread; None where it has just ended."""
    try:
        with open(f"{_TASKS}/{task}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None
