"""What a task prints: it goes on to the container's output at once, and a copy is kept."""

from __future__ import annotations

import contextlib
import io
import os
import sys

from flowc.standard_path import standard_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

HALF = 8 << 20
"""Bytes of the beginning and of the end of an output that are kept; between them a note says how many were not."""

_LINE = 1 << 16
"""Within so many bytes of the cut a line's end is looked for, so that no line stands there in parts."""


class Copy:
    """The first and the last 8 MiB of what is added, in time that grows with the bytes alone."""

    def __init__(self) -> None:
        self._head, self._tail = bytearray(), bytearray()
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Append it."""
        self._size += len(piece)
        if len(self._head) < HALF:
            room = HALF - len(self._head)
            self._head += piece[:room]
            piece = piece[room:]
        self._tail += piece[-HALF:]
        if len(self._tail) > 2 * HALF:  # not at each piece: what is moved then has been added since
            del self._tail[:-HALF]

    def kept(self) -> bytes:
        """The copy, with a line in the middle that says how many bytes are missing there."""
        if self._size <= 2 * HALF:
            return bytes(self._head + self._tail)
        head, tail = bytes(self._head), bytes(self._tail[-HALF:])
        head = head[: head.rfind(b"\n", -_LINE) + 1] or head
        tail = tail[tail.find(b"\n", 0, _LINE) + 1 :]
        end = b"" if head.endswith(b"\n") else b"\n"
        missing = self._size - len(head) - len(tail)
        return b"%s%s[... %d bytes of the output were not kept ...]\n%s" % (head, end, missing, tail)


class Tee(io.RawIOBase):
    """A file that writes to a descriptor, unbuffered, and keeps a copy of the first and the last 8 MiB."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._copy = Copy()

    def writable(self) -> bool:
        """Yes."""
        return True

    def fileno(self) -> int:
        """The descriptor, for programs that the step starts: what they print is not kept."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether a person reads along."""
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        """Write all of it. A reader that has gone is no error."""
        piece = bytes(data)
        self._copy.add(piece)
        view = memoryview(piece)
        with contextlib.suppress(OSError):  # nobody reads any more: the copy is still kept
            while view:
                view = view[self._write_some(view) :]
        return len(piece)

    def _write_some(self, view: memoryview) -> int:
        try:
            return os.write(self._descriptor, view)
        except BlockingIOError:  # the reader is slow, and the descriptor does not wait by itself
            with standard_path():
                import select

            select.select([], [self._descriptor], [])
            return 0

    def kept(self) -> bytes:
        """The copy."""
        return self._copy.kept()


class Output:
    """`sys.stdout` and `sys.stderr` of one task, over the descriptors 1 and 2 or others."""

    def __init__(self, stdout: int = 1, stderr: int = 2) -> None:
        self._stdout, self._stderr = Tee(stdout), Tee(stderr)
        self._before: tuple[TextIO, TextIO] | None = None

    def __enter__(self) -> Output:
        self._before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _text(self._stdout), _text(self._stderr)
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        if self._before:
            sys.stdout, sys.stderr = self._before

    def flush(self) -> None:
        """Bring everything that was printed into the copy."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()

    @property
    def stdout(self) -> bytes:
        """What was printed so far."""
        return self._stdout.kept()

    @property
    def stderr(self) -> bytes:
        """What was printed to the standard error so far."""
        return self._stderr.kept()


def _text(tee: Tee) -> TextIO:
    binary: Any = tee  # it has what is needed of a binary file
    return io.TextIOWrapper(binary, encoding="utf-8", errors="backslashreplace", line_buffering=True)
