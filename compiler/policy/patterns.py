"""Patterns of a policy: globs, and regular expressions that somebody else wrote, compared in bounded time."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from fnmatch import fnmatchcase
from types import FrameType

LONGEST = 1.0
"""Seconds of this process's own time: a comparison that ends at all takes some microseconds of a name's length."""

_slow: set[str] = set()
"""Patterns that took longer once: they are not tried with every name of a hundred flows."""


class _TooSlow(Exception):
    """Raised by the timer."""


def matches(globs: Iterable[str], text: str) -> bool:
    """Whether any glob is the whole text; `*` stands for any letters, `/` and `:` too, and capitals count."""
    return any(fnmatchcase(text, glob) for glob in globs)


def fits(pattern: str, name: str) -> bool | None:
    """Whether the whole name is what a pattern says; None where that takes longer than LONGEST.

    The time is that of this process alone, so a busy machine changes nothing. Where a handler of the signal is not ours to set
    (another thread than the first), nothing bounds it.
    """
    if pattern in _slow:
        return None
    try:
        before = signal.signal(signal.SIGVTALRM, _stop)
    except ValueError:
        return re.fullmatch(pattern, name) is not None
    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
    try:
        return re.fullmatch(pattern, name) is not None
    except _TooSlow:
        _slow.add(pattern)
        return None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _TooSlow
