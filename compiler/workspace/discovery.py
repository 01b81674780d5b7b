"""Which files of a folder may hold a flow: found by their text, before any is parsed.

What the archive never holds and what ignore files name is left out. A link is followed where what it leads to lies in the repository
and was not seen yet, so no file is found twice, and no circle has an end to look for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from compiler.frontend.text.import_path import import_folders
from compiler.mistakes import CallError
from compiler.reading import SOURCE, is_within, read_head
from compiler.slotted_class import fresh, mutable, record
from compiler.workspace.ignore import Ignores, glob_pattern, read_ignores
from compiler.workspace.listing import MOST_FOLDERS, ignores_above, is_left_out
from compiler.workspace.marks import is_compiled
from compiler.workspace.package import code_root
from compiler.workspace.settings import Settings
from compiler.workspace.settings.folders import repository, workspace_folder


def flows_below(folder: Path, settings: Settings) -> tuple[Path, ...]:
    """The files below a folder that may hold a flow, by their paths; a module that turns out to hold none is no mistake.

    Paths begin with that of the folder. Raises CallError where that has too many folders.
    """
    found = _Walk(folder, repository(folder)).files()
    return tuple(path for path in map(Path, found) if _may_hold_flow(path, settings))


def workspace_flows(start: Path, settings: Settings) -> tuple[Path, ...]:
    """The files of the workspace of a folder that may hold a flow: those that `flows` names, by default all below its folder.

    Globs of a file that the workspace's own extends count where they reach into the workspace's folder.
    """
    top = settings.folder or workspace_folder(start)
    setting = settings.get("flows")
    found = flows_below(top, settings)
    if setting.source is None:
        return found
    inner = os.path.relpath(os.path.realpath(top), os.path.realpath(setting.source.folder))
    patterns = [glob_pattern(PurePosixPath(glob).as_posix()) for glob in settings.words("flows")]
    named = tuple(path for path in found if _matches(PurePosixPath(inner, path.relative_to(top).as_posix()), patterns))
    return named if named or setting.source is settings.files[0] else found


def _matches(path: PurePosixPath, patterns: Iterable[re.Pattern[str]]) -> bool:
    """Whether a glob matches a path, or a folder that it lies in."""
    return any(pattern.match(each.as_posix()) for pattern in patterns for each in (path, *path.parents))


@record
class _Entry:
    """A link that waits until all that is no link has been seen."""

    path: str
    base: str
    above: Ignores | None


@mutable
class _Walk:
    """One walk through a folder; what it has seen goes by its real path."""

    folder: Path
    top: Path
    _inner: str = ""
    _folders: set[str] = fresh(default_factory=set)
    _files: set[str] = fresh(default_factory=set)
    _found: list[str] = fresh(default_factory=list)
    _links: list[_Entry] = fresh(default_factory=list)

    def files(self) -> list[str]:
        """All `.py` files that are not left out, in the order of their paths."""
        real = self.folder.resolve()
        ignores, self._inner = ignores_above(real)
        self._folders.add(str(real))
        self._below(_Entry(str(self.folder), "", ignores))
        while self._links:
            waiting, self._links = sorted(self._links, key=lambda each: each.path), []
            for link in waiting:
                self._follow(link)
        return sorted(self._found, key=lambda path: path.split(os.sep))

    def _below(self, start: _Entry) -> None:
        """All below a folder that no link leads to; links are kept for later."""
        pending = [start]
        while pending:
            here = pending.pop()
            rules = read_ignores(Path(here.path), self._inner + here.base, here.above)
            with os.scandir(here.path) as entries:
                kept = [each for each in entries if not is_left_out(each, self._inner + here.base, rules)]
            for entry in kept:
                inner = _Entry(os.path.join(here.path, entry.name), f"{here.base}{entry.name}/", rules)
                if entry.is_symlink():
                    self._links.append(inner)
                elif entry.is_dir():
                    self._enter(os.path.realpath(inner.path))
                    pending.append(inner)
                elif entry.is_file():
                    self._take(inner.path)

    def _follow(self, link: _Entry) -> None:
        """Where a link leads to in the repository, unless that was seen or lies above."""
        real = os.path.realpath(link.path)
        if not is_within(real, self.top) or is_within(self.folder, real):
            return
        if os.path.isdir(real):
            if real not in self._folders:
                self._enter(real)
                self._below(link)
        elif os.path.isfile(real):
            self._take(link.path)

    def _enter(self, real: str) -> None:
        self._folders.add(real)
        if len(self._folders) > MOST_FOLDERS:
            raise CallError(
                f"{self.folder} has more than {MOST_FOLDERS} folders: name a smaller one, or leave some out with .flowcignore"
            )

    def _take(self, path: str) -> None:
        real = os.path.realpath(path)
        if path.endswith(".py") and real not in self._files:
            self._files.add(real)
            self._found.append(path)


_CLASS = re.compile(rb"^[ \t]*class[ \t]+[^\s(:]+[ \t]*\(([^)]*)\)", re.MULTILINE)
_STEP = re.compile(rb"^[ \t]+@(?:\w+\.)?step\b", re.MULTILINE)
_FROM = re.compile(rb"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import|import[ \t]+()([\w., \t]+))", re.MULTILINE)


def _may_hold_flow(path: Path, settings: Settings) -> bool:
    """Whether the text of a module looks as one with a flow does: it names the base, has steps, or a base that the repository has."""
    try:
        data = read_head(path, SOURCE)
    except OSError:
        return True  # reading it says why
    if b"class" not in data or is_compiled(path.name, data):
        return False
    if b"FlowSpec" in data or _STEP.search(data):
        return True
    return any(bases.strip() for bases in _CLASS.findall(data)) and _imports_own(path, data, settings)


def _imports_own(path: Path, data: bytes, settings: Settings) -> bool:
    """Whether a module imports any module of the repository, from which a base of a flow may come."""
    wanted = set[str]()
    for match in _FROM.finditer(data):
        dots, origin, _, plain = match.groups()
        if dots:
            return True
        wanted |= {each.strip().split(b".")[0].decode("ascii", "replace") for each in (origin or plain).split(b",")}
    folders = import_folders(path, code_root(path, settings), settings.import_folders())
    return any(_is_there(folder / name) for name in wanted for folder in folders)


def _is_there(place: Path) -> bool:
    return place.is_dir() or place.with_name(f"{place.name}.py").is_file()
