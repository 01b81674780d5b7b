"""All that is in a run's folder, listed: in some hundred requests beside each other where there are a hundred thousand tasks."""

from __future__ import annotations

import string
from collections.abc import Iterator

from flowc.artifacts.address import RunAddress
from flowc.client.walk import read_at_once
from flowc.store.files import FileStore
from flowc.store.protocol import Listed, Store

_FEW, _SOME = 1000, 4000
"""A listing of more than that is split by the next character of the keys: the first page alone, then some pages."""
_NEXT = (*string.digits, "-", ".", "/", "~")
"""What an index path and the name of a task's folder may go on with."""


def listed(store: Store, address: RunAddress) -> Iterator[Listed]:
    """All objects of a run but its record, those of one task together and in order."""
    folder = f"{address.folder}/"
    if isinstance(store, FileStore):
        found: Iterator[Listed] = store.entries(folder)
    else:
        found = _in_pieces(store, folder)
    return (entry for entry in found if entry.key != address.record)


def keys(store: Store, address: RunAddress) -> Iterator[str]:
    """The keys alone, which cost less on a disk."""
    if isinstance(store, FileStore):
        return store.list(f"{address.folder}/")
    return (entry.key for entry in listed(store, address))


def _in_pieces(store: Store, folder: str) -> Iterator[Listed]:
    first = list(store.entries(folder, _FEW))
    if len(first) < _FEW:
        yield from first
        return
    prefixes = [f"{folder}{name}/" for name in store.folders(folder)]
    limit = _FEW
    while prefixes:
        limits = [None if _is_whole(prefix, folder) else limit for prefix in prefixes]
        pages = read_at_once(store, lambda each: list(store.entries(*each)), [*zip(prefixes, limits, strict=True)])
        splits: list[str] = []
        for prefix, most, entries in zip(prefixes, limits, pages, strict=True):
            if most is None or len(entries) < most:
                yield from entries
            else:
                splits += [prefix + char for char in _NEXT]
        prefixes, limit = splits, _SOME


def _is_whole(prefix: str, folder: str) -> bool:
    """Whether its keys are no tasks', or those of one task: they are listed as they come."""
    return prefix[len(folder)] == "_" or prefix.count("/") > _STEPS


_STEPS = 3
"""The slashes in what the keys of a step begin with: behind flow, run and step."""
