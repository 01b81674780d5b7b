"""What a process writes, cut into lines, in time that grows with the bytes alone."""

from __future__ import annotations

import fcntl
import os
import struct
import termios

from compiler.slotted_class import fresh, mutable

CHUNK = 1 << 16
"""Bytes that are read at once."""

_SHOWN = 4096
"""Bytes of a line without an end that are shown as it grows."""

_LONGEST = 1 << 20
"""Bytes after which a line without an end is told in parts."""


@mutable
class Lines:
    """The lines of one output; the last one may have no end yet."""

    _open: bytearray = fresh(default_factory=bytearray)

    def take(self, data: bytes) -> list[str]:
        """The lines that end with these bytes, without their ends; those that end in no line's end are kept."""
        whole, end, rest = data.rpartition(b"\n")
        found = (bytes(self._open) + whole).decode(errors="replace").split("\n") if end else []
        if end:
            self._open.clear()
        self._open += rest
        if b"\r" in rest and len(self._open) > _SHOWN:  # what went before the last two beginnings is not seen any more
            last = self._open.rfind(b"\r")
            del self._open[: self._open.rfind(b"\r", 0, last) + 1]
        if len(self._open) > _LONGEST:
            found += self.rest()
        return found

    def growing(self) -> str:
        """The line that has no end yet; empty where there is none, or none that could be shown."""
        return self._open.decode(errors="replace") if len(self._open) <= _SHOWN else ""

    def rest(self) -> list[str]:
        """What has no end, and gets none, as a line."""
        found = [self._open.decode(errors="replace")] if self._open else []
        self._open.clear()
        return found


def waiting(descriptor: int) -> int:
    """How many bytes are in a pipe now: a process that goes on writing does not make them more."""
    found: tuple[int] = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))
    return found[0]


def drained(descriptor: int) -> bytes:
    """All that is in a pipe now, and no byte that comes later."""
    left, parts = waiting(descriptor), list[bytes]()
    while left > 0 and (data := os.read(descriptor, left)):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)
