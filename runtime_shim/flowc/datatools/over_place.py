"""Objects beside a run that is done again (`S3(run=self)`): read where the run left them, written into the replay's folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge

from flowc.datatools.places import About, FolderPlace, Place, Span
from flowc.datatools.s3_object import Facts
from flowc.store.protocol import Data


class OverPlace:
    """The place `under`, whose keys in the store begin with `root`, with what was written since in a folder."""

    def __init__(self, under: Place, root: str, folder: str) -> None:
        self._under, self._root, self._over = under, root, FolderPlace(folder)

    def fetch(self, key: str, span: Span | None, path: str) -> Facts:
        """Copy the object's bytes into a file. Raises MissingError."""
        if self._over.facts(self._inside(key)) is not None:
            return self._over.fetch(self._inside(key), span, path)
        return self._under.fetch(key, span, path)

    def facts(self, key: str) -> Facts | None:
        """What is known of the object; None where there is none."""
        return self._over.facts(self._inside(key)) or self._under.facts(key)

    def store(self, key: str, parts: Iterable[Data], about: About) -> None:
        """Write the object into the folder."""
        self._over.store(self._inside(key), parts, about)

    def list(self, prefix: str, is_flat: bool) -> Iterator[tuple[str, int | None]]:
        """Keys that begin with the prefix, with sizes."""
        over = ((self._root + key, size) for key, size in self._over.list(self._inside(prefix), is_flat))
        before = None
        for key, size in merge(over, self._under.list(prefix, is_flat), key=lambda each: each[0].encode()):
            if key != before:  # what was written since comes first
                yield key, size
            before = key

    def _inside(self, key: str) -> str:
        return key[len(self._root) :]
