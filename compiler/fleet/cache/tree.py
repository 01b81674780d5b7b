"""The names in the root of flows: every look-up of a file there finds what it found before where they are the same."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from compiler.reading import TEXT, digest_of, read_file
from compiler.slotted_class import fresh, mutable
from compiler.workspace.ignore import FILES, Ignores
from compiler.workspace.listing import LEFT_OUT, LIMIT, ignores_above

MOST = 30_000
"""Names of a root that are looked through; looking through more takes longer than reading its flows."""

_MARKS = ("pyvenv.cfg", "CACHEDIR.TAG")
"""What a virtual environment has, and what a tool's cache says of itself: thousands of names that no flow reads."""


class TooMany(Exception):
    """A root with more names, or with a folder that cannot be listed."""


@mutable
class Tree:
    """The names below a root, all links of its path resolved. `skipped` are folders that were not looked into, each with a slash."""

    root: str
    digest: str = ""
    skipped: set[str] = fresh(default_factory=set)

    def covers(self, path: str) -> bool:
        """Whether what lies at a whole path, or that nothing does, is told by the names."""
        return f"{path}/".startswith(f"{self.root.rstrip('/')}/") and not self.skips(path)

    def skips(self, path: str) -> bool:
        """Whether a whole path lies in a folder that was not looked into, or is one."""
        return any(f"{path.rstrip('/')}/".startswith(each) for each in self.skipped)


def tree(root: Path) -> Tree:
    """The names of a root as they are now. Raises TooMany."""
    found = Tree(os.path.realpath(root))
    try:
        lines = [*_above(Path(found.root)), *_below(found)]
    except (OSError, UnicodeError) as error:
        raise TooMany(str(error)) from error
    found.digest = digest_of("\0".join(lines).encode("utf-8", "surrogateescape"))
    return found


def _above(root: Path) -> Iterator[str]:
    """The rules of ignored files that hold in the root and stand above it."""
    ignores, inner = ignores_above(root)
    yield inner
    level: Ignores | None = ignores
    while level is not None:
        rules = [(each.pattern.pattern, each.keeps, each.folders_only, each.is_own) for each in level.rules]
        yield repr((level.base, rules))
        level = level.above


def _below(tree: Tree) -> Iterator[str]:
    """A line for each name; a folder that a link leads back to is not entered again below itself."""
    pending: list[tuple[str, tuple[str, ...]]] = [(tree.root, (tree.root,))]
    count = 0
    while pending:
        folder, trail = pending.pop()
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda each: each.name)
        count += len(entries)
        if count > MOST:
            raise TooMany
        yield folder
        mark = next((each.name for each in entries if each.name in _MARKS), "") if folder != tree.root else ""
        if mark:
            tree.skipped.add(f"{folder}/")
            yield mark
            continue
        for entry in entries:
            yield from _told(entry)
            if entry.is_dir():
                real = os.path.realpath(entry.path) if entry.is_symlink() else f"{trail[-1]}/{entry.name}"
                if _is_entered(entry, real, tree.root, trail):
                    pending.append((entry.path, (*trail, real)))
                else:
                    tree.skipped.add(f"{entry.path}/")


def _is_entered(entry: os.DirEntry[str], real: str, root: str, trail: Sequence[str]) -> bool:
    return entry.name not in LEFT_OUT and real not in trail and f"{real}/".startswith(f"{root.rstrip('/')}/")


def _told(entry: os.DirEntry[str]) -> Iterator[str]:
    """What decides about a name: its kind, where a link leads, whether it runs or is too large, rules of ignored files."""
    found = entry.stat(follow_symlinks=False)
    link = os.path.realpath(entry.path) if entry.is_symlink() else ""
    if link:
        try:
            found = entry.stat()
        except OSError:
            found = entry.stat(follow_symlinks=False)
    yield f"{entry.name}/{stat.S_IFMT(found.st_mode):o}{found.st_mode & 0o100:o}{found.st_size > LIMIT:d}{link}"
    if entry.name in FILES and stat.S_ISREG(found.st_mode):
        yield digest_of(read_file(entry.path, TEXT))
