"""What a result was seen to depend on: names, contents of files, and what was looked for in vain or elsewhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from compiler.call.sources import Surroundings
from compiler.fleet.cache.tree import TooMany, Tree, tree
from compiler.mistakes import CallError, FoundError
from compiler.reading import Journal, digest_of, read_file, read_head
from compiler.slotted_class import fresh, mutable

Key = TypeVar("Key")

_NOTHING = "nothing"


@mutable
class World:
    """The files and names as this call sees them; each is looked at once."""

    _trees: dict[str, Tree | None] = fresh(default_factory=dict)
    _contents: dict[tuple[str, int], str] = fresh(default_factory=dict)
    _places: dict[str, str] = fresh(default_factory=dict)
    _folders: dict[str, str] = fresh(default_factory=dict)

    def tree(self, root: Path) -> Tree | None:
        """The names of a root; None where there are too many."""
        real = os.path.realpath(root)
        if real not in self._trees:
            try:
                self._trees[real] = tree(Path(real))
            except TooMany:
                self._trees[real] = None
        return self._trees[real]

    def is_as_it_was(self) -> bool:
        """Whether the names are those of the beginning of the call."""
        anew = World()
        return all(anew.tree(Path(root)) == found for root, found in self._trees.items())

    def content(self, path: str, most: int) -> str:
        """What reading a file tells, as a journal notes it."""
        return _once(self._contents, (path, most), lambda: _content(path, most))

    def place(self, path: str) -> str:
        """What lies at a path, and where that is."""
        return _once(self._places, path, lambda: _place(path))

    def folder(self, path: str) -> str:
        """The names in a folder."""
        return _once(self._folders, path, lambda: _names(path))


def _once(known: dict[Key, str], key: Key, found: Callable[[], str]) -> str:
    if key not in known:
        known[key] = found()
    return known[key]


def _content(path: str, most: int) -> str:
    try:
        return digest_of(read_head(path, -most) if most < 0 else read_file(path, most))
    except OSError as error:
        return f"error {error.errno}"


def _place(path: str) -> str:
    try:
        return f"{stat.S_IFMT(os.stat(path).st_mode):o} {os.path.realpath(path)}"
    except (OSError, ValueError):
        return _NOTHING


def _names(path: str) -> str:
    try:
        with os.scandir(path) as found:
            names = sorted(f"{each.name}/{each.is_dir()}{each.is_file()}{each.is_symlink()}" for each in found)
    except OSError:
        return _NOTHING
    return digest_of("\0".join(names).encode("utf-8", "surrogateescape"))


Observed = Mapping[str, object]
"""As it is written: `tree`, a digest; `contents`, lists of path, limit and digest; `places` and `folders`, pairs."""


@mutable
class Observer:
    """Sees what each flow of a process depends on, one after the other."""

    journal: Journal
    world: World
    surroundings: Surroundings
    _strange: dict[str, None] = fresh(default_factory=dict)
    """Places that were looked for where no tree tells, by this flow or one before, which may have told others."""
    _seen: int = 0

    def begin(self, flow: Path) -> None:
        """The next flow: its names are looked at before it is read."""
        with suppress(FoundError, CallError, OSError):
            self.world.tree(self.surroundings.root(flow))
        self.journal.used, self.journal.is_open = set(), False

    def end(self, flow: Path) -> Observed | None:
        """What the result of the flow depends on; None where that cannot be told."""
        try:
            found = self.world.tree(self.surroundings.root(flow))
        except (FoundError, CallError, OSError):
            return None
        packages = self.surroundings.packages()
        if found is None or self.journal.unsteady or self.journal.is_open or packages.has_told:
            return None
        used = sorted(self.journal.used | self.journal.remembered)
        if any(found.skips(each) or self._is_unseen(each) for each in used):
            return None
        strange = (*self._asked(found), *(each for each in used if not found.covers(each)))
        return {
            "tree": found.digest,
            "contents": [[each, *told] for each in used for told in self.journal.contents.get(each, {}).items()],
            "places": [[each, self.world.place(each)] for each in dict.fromkeys(strange)],
            "folders": [[each, self.world.folder(each)] for each in sorted(filter(found.skips, packages.folders()))],
        }

    def _is_unseen(self, path: str) -> bool:
        """Whether a file is there whose reading nobody has noted: it was read before the journal began."""
        return path not in self.journal.contents and self.world.place(path) != _NOTHING

    def _asked(self, found: Tree) -> Iterable[str]:
        asked = list(self.journal.asked)
        self._strange |= dict.fromkeys(each for each in asked[self._seen :] if not found.covers(each))
        self._seen = len(asked)
        return self._strange


def holds(observed: Observed, root: Path, world: World) -> bool:
    """Whether all is as it was observed. Raises ValueError and TypeError for what is no observation."""
    found = world.tree(root)
    if found is None or observed.get("tree") != found.digest:
        return False
    return (
        all(world.content(str(path), int(most)) == digest for path, most, digest in _rows(observed, "contents"))
        and all(world.place(str(path)) == told for path, told in _rows(observed, "places"))
        and all(world.folder(str(path)) == told for path, told in _rows(observed, "folders"))
    )


def _rows(observed: Observed, name: str) -> Iterator[list[Any]]:
    rows = observed.get(name)
    if not isinstance(rows, list):
        raise TypeError(name)
    yield from rows
