"""The one way in for files: regular ones, of bounded size. A pipe, a device, a folder, a file without an end is an error, never a wait."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path

TEXT = 1 << 20
"""Bytes of a settings file, a `Config`, a list of ignored files: what people write by hand is a hundredth of it."""

SOURCE = 4 << 20
"""Bytes of a source: 5,000 steps are a quarter of it, and its tree takes hundreds of times the memory."""

_BLOCK = 1 << 20

_LARGE = 1 << 20
"""From so many bytes on OpenSSL is faster, though loading it takes 2.5 ms."""

_SHA256 = "_sha2" if sys.version_info >= (3, 12) else "_sha256"
"""What `hashlib` itself takes where there is no OpenSSL."""


class Journal:
    """What was read, and looked for, while it is kept: for whoever must know whether all of that is as it was.

    `contents` are the digests of bytes by whole path and by how many were asked for (below 0: of the first so many), or why there were
    none; `used` the paths since it was last emptied, those that were read before and asked for again included.
    """

    __slots__ = ("asked", "contents", "is_open", "remembered", "unsteady", "used")

    def __init__(self) -> None:
        self.contents: dict[str, dict[int, str]] = {}
        self.used: set[str] = set()
        self.remembered: set[str] = set()
        """Paths that were read for whoever asks next, too."""
        self.asked: dict[str, None] = {}
        """Whole paths that were looked for, in no folder that was listed."""
        self.is_open = False
        """Whether something was asked that nobody notes; whoever empties `used` takes it back."""
        self.unsteady = False
        """Whether something has changed between two readings."""

    def note(self, path: Path | str, most: int, told: bytes | OSError) -> None:
        """A reading, and what came of it."""
        whole = os.path.abspath(path)
        digest = f"error {told.errno}" if isinstance(told, OSError) else digest_of(told)
        self.unsteady = self.unsteady or self.contents.setdefault(whole, {}).setdefault(most, digest) != digest
        self.used.add(whole)


def digest_of(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal; of few bytes without OpenSSL, which takes longer to load than they do."""
    try:
        module = import_module(_SHA256 if len(data) < _LARGE else "hashlib")
    except ImportError:  # a Python that was built without it
        module = import_module("hashlib")
    digest: str = module.sha256(data).hexdigest()
    return digest


_KEPT: ContextVar[Journal | None] = ContextVar("journal", default=None)


@contextmanager
def journal() -> Iterator[Journal]:
    """Keep a journal meanwhile."""
    kept = Journal()
    token = _KEPT.set(kept)
    try:
        yield kept
    finally:
        _KEPT.reset(token)


def used_again(path: Path | str) -> None:
    """Say that something is taken from what a file has told before, so that the journal knows who depends on it."""
    if (kept := _KEPT.get()) is not None:
        kept.used.add(os.path.abspath(path))


def remembered(path: Path | str) -> None:
    """Say that what a file has told is remembered: whatever comes later may depend on it."""
    if (kept := _KEPT.get()) is not None:
        kept.remembered.add(os.path.abspath(path))


def looked_for(path: Path | str) -> None:
    """Say that somebody asks whether a file is there."""
    if (kept := _KEPT.get()) is not None:
        kept.asked[os.path.abspath(path)] = None


def depends_on_more() -> None:
    """Say that what comes now depends on something that no journal notes, as all that this machine knows."""
    if (kept := _KEPT.get()) is not None:
        kept.is_open = True


def read_file(path: Path | str, most: int, *, pipes: bool = False) -> bytes:
    """The bytes of a regular file of at most `most`; with `pipes` also those of a pipe, which somebody has named by hand.

    Raises OSError with the path and a reason, for everything else too.
    """
    kept = _KEPT.get()
    if kept is None:
        return _read(path, most, pipes)
    try:
        data = _read(path, most, pipes)
    except OSError as error:
        kept.note(path, most, error)
        raise
    kept.note(path, most, data)
    return data


def _read(path: Path | str, most: int, pipes: bool) -> bytes:
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
    kept = _KEPT.get()
    if kept is None:
        return _head(path, most)
    try:
        data = _head(path, most)
    except OSError as error:
        kept.note(path, -most, error)
        raise
    kept.note(path, -most, data)
    return data


def _head(path: Path | str, most: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)


def read_owned(path: Path | str, most: int) -> bytes | None:
    """The bytes of a regular file, no link, of this user's own that nobody else may write; None for everything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        is_own = found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not stat.S_ISREG(found.st_mode) or not is_own or found.st_size > most:
            return None
        return _all(descriptor, path, most)
    except OSError:
        return None
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
    looked_for(path)
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
