"""A store that is read and never written: what is written goes into a folder over it, and is seen first from then on.

A replay does a task once more in the run that it is of. Its process, and whatever that starts, has `FLOWC_REPLAY`: whoever opens
the run's store there gets this one, by the same URL, so that nothing that the author's code does through us reaches the run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge

from flowc.named_tuple import NamedTuple
from flowc.store.files import FileStore
from flowc.store.protocol import Data, Found, Listed, MissingError, Store, StoreError, Unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "FLOWC_REPLAY"
"""Names the folder of a replay."""

LEFT = ".left"
"""The manifest that the task had left when the replay began, where it had: a file of the folder. No listing shows a name that begins so."""

ASKED, ANSWERED = ".asked", ".answered"
"""Files of the folder: which artifacts are to be compared, and how they do."""

_RULES = ".replay"


class Rules(NamedTuple):
    """What the folder lies over (`under`, a URL), and for which task: the fields of its address.

    `hidden` is what of the store is not seen, by the beginnings of keys, `shown` the keys that are all the same. With `has_parameters`
    the run has the parameters that LEFT holds, but those that are `given`.
    """

    under: str
    task: tuple[Any, ...]
    hidden: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    has_parameters: bool = False
    given: tuple[str, ...] = ()


def write_rules(folder: str, rules: Rules) -> None:
    """Make the folder one that lies over a store."""
    with open(os.path.join(folder, _RULES), "w", encoding="utf-8") as file:
        json.dump(rules._asdict(), file)


def read_rules(folder: str) -> Rules:
    """What `write_rules` wrote."""
    with open(os.path.join(folder, _RULES), encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    fields: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return Rules(**fields)


class OverlayStore:
    """The store `under`, as its rules let it be seen, with what was written since in `folder`. Nothing is deleted."""

    def __init__(self, under: Store, folder: str, rules: Rules | None = None) -> None:
        self.under, self.over = under, FileStore(f"file:{folder}")
        self.rules = rules or read_rules(folder)
        self.url = under.url

    def sees(self, key: str) -> bool:
        """Whether what lies under it at a key, if anything does, is seen."""
        return not key.startswith(self.rules.hidden) or key in self.rules.shown

    def get(self, key: str) -> Found:
        """The whole object. Raises MissingError."""
        try:
            return self.over.get(key)
        except MissingError:
            return self._below(key).get(key)

    def get_range(self, key: str, start: int, size: int) -> memoryview:
        """`size` bytes from `start`. Raises MissingError."""
        try:
            return self.over.get_range(key, start, size)
        except MissingError:
            return self._below(key).get_range(key, start, size)

    def put(self, key: str, parts: Iterable[Data]) -> None:
        """Write the object into the folder."""
        self.over.put(key, parts)

    def create(self, key: str, data: bytes) -> bool:
        """Write the object into the folder where there is none, also none under it; False where there is another one."""
        if self.size(key) is None:
            return self.over.create(key, data)
        return self.get(key).data == data

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        """Write the object into the folder over the one that has this tag, which may lie under it."""
        if self.over.size(key) is not None:
            return self.over.replace(key, data, etag)
        if not self._is_below(key):
            return False
        found = self.under.get(key)
        return self.over.create(key, data) if found.etag == etag else found.data == data

    def size(self, key: str) -> int | None:
        """How many bytes the object has; None where there is none."""
        found = self.over.size(key)
        return self.under.size(key) if found is None and self.sees(key) else found

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        """Keys that begin with `prefix`, in the order of their bytes, at most `limit`."""
        for number, key in enumerate(_distinct(self.over.list(prefix), filter(self.sees, self.under.list(prefix)))):
            if number == limit:
                return
            yield key

    def copy(self, source: str, key: str) -> None:
        """Let `key` in the folder hold what `source` holds, where nothing holds it already. Raises MissingError."""
        if self.size(key) is None:
            self.over.put(key, (self.get(source).data,))

    def delete(self, key: str) -> None:
        """Nothing is deleted. Raises StoreError."""
        raise StoreError(f"a replay deletes nothing: {key} stays in {self.url}")

    def entries(self, prefix: str, limit: int | None = None) -> Iterator[Listed]:
        """What `list` gives, with sizes and times."""
        over = {each.key: each for each in self.over.entries(prefix)}
        under = (each for each in self.under.entries(prefix) if self.sees(each.key) and each.key not in over)
        for number, entry in enumerate(merge(over.values(), under, key=lambda each: each.key)):
            if number == limit:
                return
            yield entry

    def folders(self, prefix: str = "") -> Iterator[str]:
        """What stands between `prefix` and the next `/` of the keys below it, each once, in order."""
        return _distinct(self.over.folders(prefix), self.under.folders(prefix))

    def delete_all(self, keys: Sequence[str]) -> None:
        """Nothing is deleted. Raises StoreError."""
        for key in keys:
            self.delete(key)

    def unfinished(self, prefix: str, before: float) -> Iterator[Unfinished]:
        """None that are anybody's but the store's own."""
        return iter(())

    def discard(self, unfinished: Unfinished) -> None:
        """Nothing is deleted. Raises StoreError."""
        self.delete(unfinished.key)

    def _is_below(self, key: str) -> bool:
        return self.sees(key) and self.under.size(key) is not None

    def _below(self, key: str) -> Store:
        if not self.sees(key):
            raise MissingError(key)
        return self.under


def _distinct(one: Iterable[str], other: Iterable[str]) -> Iterator[str]:
    """Both sequences, each in order, as one, in order and each text once."""
    before = None
    for each in merge(one, other):
        if each != before:
            yield each
        before = each


def over(store: Store, folder: str) -> Store:
    """The store as the replay of that folder sees it: another one where it is the run's."""
    rules = read_rules(folder)
    return OverlayStore(store, folder, rules) if store.url == rules.under else store
