"""Tasks that do nothing for long: a library may wait for a lock that nobody gives back."""

from __future__ import annotations

import time
from collections.abc import Callable

from flowc.container.sessions import processor_time

from compiler.slotted_class import mutable

QUIET = 60.0
"""Seconds without a line and without work after which a task is told to be quiet."""

_LITTLE = 0.05
"""The part of that time in which a processor may have worked for it all the same."""


@mutable
class Watch:
    """Whether one attempt is quiet: it says so once."""

    heard: float
    """When it has written last, or has begun."""
    used: float | None = None
    """Seconds of a processor that it had used in the middle of its silence."""
    is_told: bool = False

    def hear(self) -> None:
        """It has written something."""
        self.heard, self.used = time.monotonic(), None

    @property
    def is_silent(self) -> bool:
        """Whether it is worth a look: it has written nothing for half of the time."""
        return not self.is_told and time.monotonic() - self.heard >= QUIET / 2

    def is_quiet(self, session: int, measured: Callable[[int], float] = processor_time) -> bool:
        """Whether the processes of a session have written nothing and done nothing for long."""
        if not self.is_silent:
            return False
        silent = time.monotonic() - self.heard
        if self.used is None:
            self.used = measured(session)
            return False
        if silent < QUIET:
            return False
        if abs(measured(session) - self.used) > _LITTLE * QUIET / 2:  # it is less where one of them has ended
            self.hear()
            return False
        self.is_told = True
        return True
