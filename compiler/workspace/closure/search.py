"""The files of the root that an import loads, as Python finds them: packages before modules, folders without `__init__` last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from compiler.slotted_class import record
from compiler.workspace.closure.mentions import Import
from compiler.workspace.listing import Listing

INIT = "__init__"


@record
class Found:
    """What an import finds on its way: files, the outermost package's first, and folders that are packages without a file."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    def __add__(self, other: Found) -> Found:
        return Found((*self.files, *other.files), (*self.folders, *other.folders))


NOTHING = Found()


@record
class _Step:
    """One name looked up: its files, and the folders where what is in it is looked for."""

    found: Found
    inside: tuple[str, ...]


@record
class Search:
    """The folders of absolute imports, as paths in the root, and what a star of a package's file brings.

    `added` are those of the folders that modules put onto `sys.path`: in front or at its end, so what either order finds counts.
    """

    listing: Listing
    bases: tuple[str, ...]
    exported: Callable[[str], tuple[str, ...] | None]
    added: tuple[str, ...] = ()

    def found(self, file: str, wanted: Import) -> Found:
        """What an import in a file loads of the root; nothing where it is of another package."""
        if wanted.level:
            return self._relative(file, wanted)
        found = self._below(self.bases, wanted)
        return found + self._below((*self.added, *self.bases), wanted) if self.added else found

    def _relative(self, file: str, wanted: Import) -> Found:
        base = file[: file.rfind("/") + 1]
        for _ in range(wanted.level - 1):
            if not base:
                return NOTHING  # beyond the root
            base = base[: base[:-1].rfind("/") + 1]
        found = self._below((base,), wanted)
        for portions in self._portions(base):
            found += self._below(portions, wanted)
        return found

    def _portions(self, base: str) -> Iterator[tuple[str, ...]]:
        """The folders that are one package with this one, where it has no `__init__`: of its name below any folder of imports."""
        places = () if self._init(base) else (*self.bases, *self.added)
        for place in places:
            name = base[len(place) :] if base.startswith(place) else ""
            portions = tuple(each + name for each in places if name and self.listing.folder(each + name))
            if len(portions) > 1:
                yield portions

    def _below(self, bases: tuple[str, ...], wanted: Import) -> Found:
        found, last = NOTHING, NOTHING
        for number, part in enumerate(wanted.parts):
            step = self._step(part, bases)
            if step is None:
                return found + last
            found, last, bases = found + Found(step.found.files), Found((), step.found.folders), step.inside
            if not bases and number < len(wanted.parts) - 1:
                return found
        inner = NOTHING
        for name in wanted.names if bases else ():
            if name == "*":
                inner += self._by_star(found.files[-1:], bases)
            else:
                step = self._step(name, bases)
                inner += step.found if step else NOTHING
        return found + (inner if inner.files else last + inner)

    def _by_star(self, inits: Sequence[str], bases: tuple[str, ...]) -> Found:
        """The modules of a package that its `__all__` names; all of them where only a run tells."""
        names = self.exported(inits[0]) if inits else ()
        if names is None:
            names = tuple(dict.fromkeys(name for base in bases for name in self._inside(base)))
        steps = [step for step in (self._step(name, bases) for name in names) if step]
        found = NOTHING
        for step in steps:
            found += step.found
        return found

    def _inside(self, base: str) -> list[str]:
        folder = self.listing.folder(base)
        if folder is None:
            return []
        packages = [name for name, entry in folder.entries.items() if entry.is_dir() and self._init(base + name + "/")]
        return sorted({*folder.modules, *packages} - {INIT})

    def _step(self, name: str, bases: Sequence[str]) -> _Step | None:
        portions: list[str] = []
        for base in bases:
            folder = self.listing.folder(base)
            if folder is None:
                continue
            entry = folder.entries.get(name)
            inner = f"{base}{name}/" if entry is not None and entry.is_dir() else None
            begin = self._init(inner) if inner else ()
            if inner and begin:
                return _Step(Found(begin), (inner,))
            if name in folder.modules:
                return _Step(Found(tuple(base + each for each in folder.modules[name])), ())
            if inner:
                portions.append(inner)
        return _Step(Found((), tuple(portions)), tuple(portions)) if portions else None

    def _init(self, base: str) -> tuple[str, ...]:
        folder = self.listing.folder(base)
        return tuple(base + each for each in folder.modules.get(INIT, ())) if folder else ()
