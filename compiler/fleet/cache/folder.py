"""The folder of kept results: files of the user's own, each whole or of no account, and not too many of them.

It may be deleted at any time. Where it cannot be made or written, or is somebody else's, nothing is kept and nobody is told.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import time

from compiler.reading import digest_of, read_owned
from compiler.slotted_class import mutable

LARGEST = 8 << 20
"""Bytes of one result."""

MOST = 256 << 20
"""Bytes of all results; what was not used for the longest time goes first."""

OLDEST = 30 * 24 * 3600
"""Seconds after which a result goes that nobody has used."""

_DAY, _HOUR = 24 * 3600, 3600
_MAGIC = b"flowc result 1 "
_NEW = ".new-"
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# What flowc has kept. It may be deleted at any time.\n"


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """`flowc` in $XDG_CACHE_HOME, else in `~/.cache`; None where there is no home."""
    base = environment.get("XDG_CACHE_HOME", "")
    home = environment.get("HOME") or os.path.expanduser("~")
    if not os.path.isabs(base) and not os.path.isabs(home):
        return None
    return (Path(base) if os.path.isabs(base) else Path(home) / ".cache") / "flowc"


@mutable
class Folder:
    """The results in a folder, each under the name of its key."""

    path: Path
    is_written: bool = False

    def get(self, key: str) -> str | None:
        """What is kept for a key; None where that is nothing, torn, somebody else's or too large."""
        file = self.path / "results" / key
        data = read_owned(file, LARGEST) if self._is_own(self.path, file.parent) else None
        head, _, body = (data or b"").partition(b"\n")
        if data is None or head != _MAGIC + digest_of(body).encode():
            return None
        with suppress(OSError):
            if time() - file.stat().st_mtime > _DAY:
                os.utime(file)
        return body.decode("utf-8", "replace")

    def put(self, key: str, text: str) -> None:
        """Keep a text for a key: another reader sees the old one or this one whole."""
        body = text.encode()
        data = _MAGIC + digest_of(body).encode() + b"\n" + body
        if len(data) > LARGEST:
            return
        with suppress(OSError):
            if self._made():
                self._write(key, data)
                self.is_written = True

    def _write(self, key: str, data: bytes) -> None:
        new = self.path / "results" / f"{_NEW}{os.getpid()}-{key}"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(new, self.path / "results" / key)
        except BaseException:  # whatever ends it, half a file is taken away
            with suppress(OSError):
                os.unlink(new)
            raise

    def _made(self) -> bool:
        """Whether the folder is there, and the user's own."""
        inner = self.path / "results"
        if not inner.is_dir():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for each in (self.path, inner):
                each.mkdir(mode=0o700, exist_ok=True)
            if self._is_own(self.path):
                # in a repository it is no part of the code
                for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
                    (self.path / name).write_text(text, encoding="utf-8")
        return self._is_own(self.path, inner)

    def _is_own(self, *folders: Path) -> bool:
        try:
            return all(_is_own(each.lstat()) for each in folders)
        except OSError:
            return False

    def sweep(self) -> None:
        """Remove what is old, what is too much, and what a writer has left that was killed. At most once a day where little was written."""
        with suppress(OSError):
            now, mark = time(), self.path / "swept"
            if mark.exists() and now - mark.lstat().st_mtime < _DAY:
                return
            mark.touch(mode=0o600)
            size = 0
            for used, length, file in sorted(self._files(), reverse=True):
                size += length
                is_left = file.name.startswith(_NEW) and now - used > _HOUR
                if size > MOST or now - used > OLDEST or is_left:
                    file.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        with os.scandir(self.path / "results") as found:
            for entry in found:
                told = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(told.st_mode):
                    yield told.st_mtime, told.st_size, Path(entry.path)


def _is_own(found: os.stat_result) -> bool:
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS
