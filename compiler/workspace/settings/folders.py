"""Which folder above a file says something about it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path


def nearest(start: Path, name: str) -> Path | None:
    """The path of that name in the folder of `start`, or in the closest folder above that has it."""
    return next(all_above(start, name), None)


def all_above(start: Path, name: str) -> Iterator[Path]:
    """The paths of that name in the folder of `start` and in those above it, the closest first."""
    folder = start if start.is_dir() else start.parent
    for place in (folder, *folder.resolve().parents):
        if os.path.lexists(place / name) and (place == folder or not _is_everybodys(place)):
            yield place / name


def workspace_folder(start: Path) -> Path:
    """The folder of a workspace that has no settings: that of the nearest `.git`, else the file's own."""
    mark = nearest(start, ".git")
    return mark.parent if mark else start if start.is_dir() else start.parent


def _is_everybodys(folder: Path) -> bool:
    """Whether any user may put files there, as into /tmp: what lies there above a project says nothing about it."""
    return bool(folder.stat().st_mode & stat.S_IWOTH)


def repository(folder: Path) -> Path:
    """The folder of the repository that a folder lies in; the folder itself where it lies in none."""
    found = [mark.parent for name in _REPOSITORY if (mark := nearest(folder, name))]
    return max(found, key=lambda each: len(each.resolve().parts), default=folder)


_REPOSITORY = (".git", ".hg", ".jj", ".svn")
