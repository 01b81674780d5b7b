"""The one way in for files: regular ones, of bounded size. A pipe, a device, a folder, a file without an end is an error, never a wait."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

TEXT = 1 << 20
"""Bytes of a settings file, a `Config`, a list of ignored files: what people write by hand is a hundredth of it."""

SOURCE = 4 << 20
"""Bytes of a source: 5,000 steps are a quarter of it, and its tree takes hundreds of times the memory."""

_BLOCK = 1 << 20


def read_file(path: Path | str, most: int, *, pipes: bool = False) -> bytes:
    """The bytes of a regular file of at most `most`; with `pipes` also those of a pipe, which somebody has named by hand.

    Raises OSError with the path and a reason, for everything else too.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | (0 if pipes else os.O_NONBLOCK))
    try:
        found = os.fstat(descriptor)
        kind = stat.S_IFMT(found.st_mode)
        if kind != stat.S_IFREG and not (pipes and kind == stat.S_IFIFO):
            raise OSError(errno.EINVAL, f"it is {_KINDS.get(kind, 'no regular file')}", os.fspath(path))
        if found.st_size > most:
            raise _too_large(path, most)
        return _all(descriptor, path, most)
    finally:
        os.close(descriptor)


def read_head(path: Path | str, most: int) -> bytes:
    """The first bytes of a regular file, at most so many. Raises OSError as `read_file`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)


def _all(descriptor: int, path: Path | str, most: int) -> bytes:
    """Until the end: a file may grow while it is read, and a pipe tells no size."""
    parts, size = list[bytes](), 0
    while part := os.read(descriptor, _BLOCK):
        parts.append(part)
        size += len(part)
        if size > most:
            raise _too_large(path, most)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(path: Path | str, most: int) -> OSError:
    return OSError(errno.EFBIG, f"it has more than {most} bytes", os.fspath(path))


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def is_there(path: Path) -> bool:
    """Whether something lies at a path that somebody wrote: a folder, a pipe and a device too, which `read_file` then refuses."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False


def is_within(path: Path | str, folder: Path | str) -> bool:
    """Whether a path, all links followed, lies in a folder or is it. A link that leads to itself lies where it lies."""
    real, top = os.path.realpath(path), os.path.realpath(folder)
    return real == top or real.startswith(top.rstrip(os.sep) + os.sep)


def reason(error: Exception) -> str:
    """Why a file cannot be read, without its path."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
