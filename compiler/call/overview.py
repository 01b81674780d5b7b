"""The tasks of a run by one listing and as few reads as tell the truth of them: of a wide foreach those that have not simply gone well.

Which tasks a run has follows from decisions and widths, never from what lies in the store. Where the body of a foreach neither decides nor
opens another, all of its children have the same tasks; so those of a child that were begun once and left a manifest are `done`, unread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import RunRecord
from flowc.client.walk import Found, together, waves
from flowc.store.protocol import MissingError, Store

from compiler.retention.listing import keys
from compiler.slotted_class import fresh, mutable

MANY = 1000
"""From this width on the children of a foreach are not all read."""
_SAMPLE = 16


class Snapshot:
    """A run as one listing showed it: what was not there then is not asked for, and no further listing is made."""

    def __init__(self, store: Store, record: RunRecord) -> None:
        self.inner, self.url = store, store.url
        self._folder, self._record = f"{record.address.folder}/", record.address.record
        self._keys = sorted(keys(store, record.address))
        self._there = frozenset(self._keys)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def get(self, key: str) -> Any:
        """The object. Raises MissingError, also where it came later than the listing."""
        if key.startswith(self._folder) and key != self._record and key not in self._there:
            raise MissingError(key)
        return self.inner.get(key)

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        """What was there below a prefix within the run's folder."""
        begin = bisect_left(self._keys, prefix)
        for number in range(begin, len(self._keys) if limit is None else min(begin + limit, len(self._keys))):
            if not self._keys[number].startswith(prefix):
                return
            yield self._keys[number]

    def starts(self, task: TaskAddress) -> int:
        """How often a task was begun."""
        return sum(1 for _ in self.list(task.attempts))

    def is_plain(self, task: TaskAddress, *, resumed: bool) -> bool:
        """Whether it was begun once and left a manifest, or was taken over from the run that this one was resumed from."""
        return task.manifest in self._there and self.starts(task) <= (0 if resumed else 1)

    @property
    def as_store(self) -> Store:
        """What reads runs takes it as a store."""
        return cast("Store", self)


@mutable
class Overview:
    """The tasks that were read, and of each step how many others are done."""

    snapshot: Snapshot
    record: RunRecord
    found: list[Found] = fresh(default_factory=list)
    unread: Counter[str] = fresh(default_factory=Counter)

    def read(self, *, whole: bool) -> None:
        """Read the run; with `whole` all of it."""
        store = self.snapshot.as_store
        wave = [self.record.address.task(self.record.first)]
        seen = set(wave)
        while wave:
            following: dict[TaskAddress, None] = {}
            for address, manifest in together(store, wave):
                self.found.append((address, manifest))
                if manifest is None:
                    continue
                followers = manifest.followers()
                if manifest.fan is None:
                    following |= dict.fromkeys(followers)
                    continue
                # What children have loaded of a split that was begun again only their manifests say.
                is_wide = manifest.fan >= MANY and self.snapshot.is_plain(address, resumed=bool(self.record.origin))
                followers = followers if whole or not is_wide else self._sampled(followers, following)
                self.found += waves(store, [*followers], None, following)
            wave = [each for each in following if each not in seen]
            seen.update(wave)

    def _sampled(
        self, children: tuple[TaskAddress, ...], following: dict[TaskAddress, None]
    ) -> tuple[TaskAddress, ...]:
        """The children that have to be read; the others are counted as done, and lead to what is put into `following`."""
        through = self._gone_through(children)
        if through is None:
            return children
        child, steps, leaving = through
        is_resumed = bool(self.record.origin)

        def is_done(each: TaskAddress) -> bool:
            return all(self.snapshot.is_plain(each.at(step, each.index), resumed=is_resumed) for step in steps)

        unread = {each for each in children if each != child and is_done(each)}
        if unread:
            self.unread.update(dict.fromkeys(steps, len(unread)))
            following |= leaving
        return tuple(each for each in children if each not in unread)

    def _gone_through(
        self, children: tuple[TaskAddress, ...]
    ) -> tuple[TaskAddress, tuple[str, ...], dict[TaskAddress, None]] | None:
        """A child that has gone through, its steps, which are those of every child, and what it leads to.

        None where others may have other steps, or none is known that has gone through.
        """
        for child in children[:: max(len(children) // _SAMPLE, 1)]:
            leaving: dict[TaskAddress, None] = {}
            found = list(waves(self.snapshot.as_store, [child], None, leaving))
            if any(each is not None and (each.fan is not None or each.case is not None) for _, each in found):
                return None
            if leaving and all(each is not None for _, each in found):
                return child, tuple(address.step for address, _ in found), leaving
        return None
