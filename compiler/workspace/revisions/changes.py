"""What has changed in a repository since a revision of git, asked so that nothing of the repository runs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from compiler.documents import NotParsed, parse_toml
from compiler.reading import TEXT, read_file
from compiler.slotted_class import record
from compiler.workspace.ignore import FILES as IGNORE_FILES
from compiler.workspace.revisions.git import Repository, repository

_DEPENDENCIES = r"(?:requirements|constraints).*\.txt|pyproject\.toml|setup\.cfg|.*\.lock"
_OWN_VERSION = r"(?m)^.*(?<![\w.\[])flowc\b(?!\.).*$(?:\n[ \t]*version.*$)?"
"""The lines of a file of dependencies that say which flowc compiles."""


@record
class Changes:
    """The paths of a repository, with slashes, that differ from a commit; `removed` are those that are gone.

    `whole` says why every flow has changed; it is empty where that hangs on its files.
    """

    repository: Repository
    commit: str
    changed: frozenset[str]
    tracked: frozenset[str]
    removed: frozenset[str]
    whole: str = ""

    def touches(self, files: Iterable[Path]) -> bool:
        """Whether a flow that is made of these files has changed by one of them, or by what is ignored there.

        Files that are gone are of none of these: whether the flow was made of them, the tree of the commit tells.
        """
        found = {path for file in files for path in _within(file, self.repository.top)}
        folders = {os.path.dirname(path) for path in found}
        above = {folder for each in folders for folder in _and_above(each)}
        return (
            any(path in self.changed or path not in self.tracked for path in found)
            or any(self._differs(os.path.join(folder, name)) for folder in above for name in IGNORE_FILES)
            or any(folder in self.changed for folder in above)  # a submodule
        )

    def _differs(self, path: str) -> bool:
        return path in self.changed or (path not in self.tracked and os.path.lexists(self.repository.top / path))


def changes_since(folder: Path, revision: str, settings: Iterable[Path] = ()) -> Changes:
    """The changes of the repository that a folder lies in, what is not committed included; `settings` are files that all flows read.

    Raises CallError where there is no git, no repository or no such revision.
    """
    found = repository(folder, "name the flows, without --changed-since")
    commit = found.commit(revision)
    changed = found.changed(commit)
    removed = frozenset(path for path in changed if not os.path.lexists(found.top / path))
    return Changes(found, commit, changed, found.tracked(), removed, _whole(found, commit, changed, settings))


def _whole(found: Repository, commit: str, changed: frozenset[str], settings: Iterable[Path]) -> str:
    for file in settings:
        for path in _within(file, found.top):
            if path in changed and _settings(found.text(commit, path)) != _settings(_new(found.top / path)):
                return f"{path} has other settings"
    for path in sorted(changed):
        if re.fullmatch(_DEPENDENCIES, os.path.basename(path)):
            before, after = (_of_flowc(data) for data in (found.text(commit, path), _new(found.top / path)))
            if before != after:
                return f"{path} names another flowc"
    return ""


def _settings(data: bytes) -> object:
    """All of a settings file that flows hang on: the tables of tools, for flowc's own and the folders of packages."""
    try:
        tools = parse_toml(data.decode()).get("tool")
    except (NotParsed, UnicodeDecodeError):
        return data
    kept = ("flowc", "setuptools", "poetry", "hatch", "pdm", "maturin", "uv")
    return {name: tools.get(name) for name in kept} if isinstance(tools, dict) else {}


def _of_flowc(data: bytes) -> list[str]:
    return sorted(re.findall(_OWN_VERSION, data.decode("utf-8", "replace")))


def _new(file: Path) -> bytes:
    try:
        return read_file(file, 64 * TEXT)
    except OSError:
        return b""


def _within(file: Path, top: Path) -> Iterator[str]:
    """A file's paths below a folder: as it is named, and where its links lead."""
    for place in dict.fromkeys(
        (os.path.abspath(file), os.path.join(os.path.realpath(file.parent), file.name), os.path.realpath(file))
    ):
        for start in dict.fromkeys((os.fspath(top), os.path.realpath(top))):
            if place.startswith(start.rstrip(os.sep) + os.sep):
                yield os.path.relpath(place, start)


def _and_above(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = os.path.dirname(folder)
        yield folder
