"""A working directory and a HOME that a user without rights can write to, where those of the image cannot be written.

Each is a new folder with what the image's has: directories are directories again, small files are copies, everything else is a
link. So what the code reads beside itself is there, and what it writes there is its own. Modules still come from the image.
"""

from __future__ import annotations

import contextlib
import os

_COPIED, _COPIED_IN_ALL, _ENTRIES = 1 << 20, 64 << 20, 2000
"""Bytes of a file, and of all, that are copied; directories and files that are looked at. What is beyond is a link."""

_LEFT = frozenset((".git", ".venv", "__pycache__", "node_modules"))
"""Directories that nobody writes to: links."""


def provide(moves: bool, moves_home: bool) -> None:
    """Enter a folder like the working directory, and set HOME to one like what it is; nothing where no other can be written either."""
    here, home = os.getcwd(), os.path.expanduser("~")
    place = _place()
    if not place:
        return
    if moves:
        os.chdir(_like(here, os.path.join(place, "work")))
        os.environ["PWD"] = os.getcwd()
    if moves_home:
        is_here = os.path.realpath(home) == os.path.realpath(here)
        os.environ["HOME"] = os.getcwd() if is_here else _like(home, os.path.join(place, "home"))


def _place() -> str:
    """A new folder among the temporary ones, as `tempfile` has them; nothing where those cannot be written either.

    Not by that module, which loads OpenSSL: an eighth of a step's process.
    """
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    for folder in (*filter(None, named), "/tmp", "/var/tmp", "/usr/tmp"):
        place = os.path.join(os.path.abspath(folder), f"flowc-{os.urandom(8).hex()}")
        with contextlib.suppress(OSError):
            os.mkdir(place, 0o700)
            return place
    return ""


def _like(folder: str, place: str) -> str:
    """Make `place` what `folder` is, in depth as far as it may be written to; the place."""
    os.mkdir(place, 0o700)
    copies = _Copies()
    waiting = [(folder, place)]
    for source, target in waiting:  # grows; the uppermost come first
        for entry in _entries(source):
            made = os.path.join(target, entry.name)
            if folder != os.sep and copies.is_entered(entry):
                os.mkdir(made, 0o700)
                waiting.append((entry.path, made))
            elif folder == os.sep or not copies.is_made(entry, made):
                os.symlink(entry.path, made)
    return place


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:  # as for whoever looks into the folder itself
        return []


class _Copies:
    """How much has been looked at and copied."""

    def __init__(self) -> None:
        self._entries, self._bytes = _ENTRIES, _COPIED_IN_ALL

    def is_entered(self, entry: os.DirEntry[str]) -> bool:
        """Whether a directory is made anew: not where it can be written, where another file system begins, or where it is too much."""
        self._entries -= 1
        return (
            self._entries > 0
            and entry.name not in _LEFT
            and entry.is_dir(follow_symlinks=False)
            and os.access(entry.path, os.R_OK | os.X_OK)
            and not os.access(entry.path, os.W_OK)
            and not os.path.ismount(entry.path)
        )

    def is_made(self, entry: os.DirEntry[str], made: str) -> bool:
        """Copy a file that is small, that can be read and not be written."""
        if self._entries <= 0 or not entry.is_file(follow_symlinks=False) or os.access(entry.path, os.W_OK):
            return False
        found = entry.stat(follow_symlinks=False)
        if found.st_size > min(_COPIED, self._bytes) or not os.access(entry.path, os.R_OK):
            return False
        self._bytes -= found.st_size
        with open(entry.path, "rb") as source, open(made, "wb") as target:
            target.write(source.read())
        os.chmod(made, 0o700 if found.st_mode & 0o111 else 0o600)
        return True
