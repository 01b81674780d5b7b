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

_MOST = 16 << 20
_NOTE = b"\n[... the middle of the output was not kept ...]\n"


class Tee(io.RawIOBase):
    """A file that writes to a descriptor, unbuffered, and keeps a copy of the first and the last 8 MiB."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._head: list[bytes] = []
        self._tail: list[bytes] = []
        self._head_size = self._tail_size = 0
        self._cut = False

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
        self._keep(piece)
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
        return b"".join((*self._head, *((_NOTE,) if self._cut else ()), *self._tail))

    def _keep(self, piece: bytes) -> None:
        if self._head_size < _MOST // 2:
            self._head.append(piece)
            self._head_size += len(piece)
            return
        self._tail.append(piece)
        self._tail_size += len(piece)
        while self._tail_size > _MOST // 2 and len(self._tail) > 1:
            self._tail_size -= len(self._tail.pop(0))
            self._cut = True


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
