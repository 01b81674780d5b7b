"""Where absolute imports are looked for: the one rule of the check, the local run, `--import` and the container."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

CONVENTIONAL = ("src", "python")
"""Folders of the root that hold packages by custom."""


def own_folder(path: Path) -> Path:
    """The folder of a flow's file; of the file itself where its path is a link, as Python has it for a script."""
    return path.resolve().parent if path.is_symlink() else path.parent


Found = dict[tuple[Path, Path, tuple[Path, ...]], tuple[Path, ...]]
"""The folders of imports by what they follow from: the flow's own, the root, those that are named."""


def import_folders(path: Path, root: Path, named: Sequence[Path] = (), known: Found | None = None) -> tuple[Path, ...]:
    """The folders in the order in which they are searched.

    First the flow's own and the root, then the one that holds the flow's outermost package, `src` and `python` of the root, and those
    that are `named`; each is in the root. `known` are those that were found before, for flows of the same folder.
    """
    if known is None:
        return _import_folders(own_folder(path), root, named)
    key = (own_folder(path), root, tuple(named))
    if key not in known:
        known[key] = _import_folders(*key)
    return known[key]


def _import_folders(own: Path, root: Path, named: Sequence[Path]) -> tuple[Path, ...]:
    others = (each for each in _others(own, root, named) if each.is_dir() and _is_inside(each, root))
    found: dict[str, Path] = {}
    for folder in (own, root, *others):
        found.setdefault(os.path.realpath(folder), folder)
    return tuple(found.values())


def search_path(path: Path, root: Path, named: Sequence[Path] = (), known: Found | None = None) -> tuple[str, ...]:
    """The folders beside the flow's own and the root, relative to it: what `FLOWC_PATH` tells the runtime."""
    top = root.resolve()
    own = {own_folder(path).resolve(), top}
    folders = (each.resolve() for each in import_folders(path, root, named, known))
    return tuple(each.relative_to(top).as_posix() for each in folders if each not in own)


def _others(own: Path, root: Path, named: Sequence[Path]) -> Iterator[Path]:
    top = root.resolve()
    folder = own.resolve()
    while folder != top and folder.is_relative_to(top) and (folder / "__init__.py").is_file():
        folder = folder.parent
    yield root / folder.relative_to(top) if folder.is_relative_to(top) else own
    for name in CONVENTIONAL:
        yield root / name
    yield from named


def _is_inside(folder: Path, root: Path) -> bool:
    return folder.resolve().is_relative_to(root.resolve())
