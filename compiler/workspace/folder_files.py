"""What a target writes once for a folder of flows: it lists the files of all flows that are there, not of this call alone."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from compiler.backends import Backend, Options, OutputFile
from compiler.reading import read_head
from compiler.workspace.marks import is_compiled

_HEAD = 4096
"""Bytes that surely hold a mark."""


def folder_files(
    backend: Backend, options: Iterable[Options], folder: Path, placed: Mapping[Path, str], gone: Collection[Path] = ()
) -> dict[Path, str]:
    """The files of the folder as a whole, by their paths; nothing for a target that has none, or where no flow asks for them.

    `placed` is what the call writes, `gone` what it removes. What else lies in the folder with our mark is a file of another flow.
    """
    for each in options:
        own = files_of_any_folder(backend, each)
        if own:
            names = _names(folder, placed, {*gone, *(folder / file.name for file in own)})
            return {folder / file.name: file.text for file in files_of_any_folder(backend, each, names)}
    return {}


def files_of_any_folder(backend: Backend, options: Options, names: tuple[str, ...] = ()) -> tuple[OutputFile, ...]:
    """What a target writes for a folder of files of these names; nothing for a target that has no such files."""
    whole = getattr(backend, "folder_files", None)
    found: tuple[OutputFile, ...] = whole(options, names) if whole else ()
    return found


def _names(folder: Path, placed: Mapping[Path, str], without: Collection[Path]) -> tuple[str, ...]:
    names = {path.name for path in placed if path.parent == folder and path not in without}
    if folder.is_dir():
        with os.scandir(folder) as entries:
            there = [folder / each.name for each in entries if each.name.endswith(".yaml") and each.is_file()]
        names |= {path.name for path in there if path not in without and is_compiled(path.name, read_head(path, _HEAD))}
    return tuple(sorted(names))
