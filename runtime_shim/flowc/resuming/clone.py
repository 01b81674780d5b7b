"""What another run of the flow has done, taken over: manifests under the new run's name, and the blobs that they refer to."""

from __future__ import annotations

from itertools import count

from flowc.artifacts.address import TaskAddress, created_key
from flowc.artifacts.manifest import Manifest, RunRecord, read
from flowc.client.walk import newest_failure
from flowc.store.protocol import DamagedError, MissingError, Store
from flowc.task.recursion import iterations


class Clone:
    """From the run `origin` into the run `into`, both in one store. Deleting either of them leaves the other whole."""

    def __init__(self, store: Store, origin: RunRecord, into: RunRecord) -> None:
        self._store, self._origin, self._into = store, origin, into
        self._copied: set[str] = set()
        self._blobs: frozenset[str] | None = None

    def finished(self, step: str, index: str) -> Manifest | None:
        """What a task of the origin left; None where it has not finished, a later attempt of it has failed, or something of it is gone."""
        return self._left(self._origin.address.task(step, index))

    def _left(self, address: TaskAddress) -> Manifest | None:
        """What is there, all of it: what is damaged or gone has to be done again."""
        try:
            found = read(self._store, address)
        except (MissingError, DamagedError):
            return None
        is_whole = found.blobs <= self._there and newest_failure(self._store, address, found.attempt) is None
        return found if is_whole else None

    @property
    def _there(self) -> frozenset[str]:
        """The blobs of the origin."""
        if self._blobs is None:
            keys = self._store.list(self._origin.address.blob(""))
            self._blobs = frozenset(key.rpartition("/")[2] for key in keys)
        return self._blobs

    def begin(self) -> None:
        """Let the new run have what steps of the origin wrote with `S3(run=self)`."""
        there, here = (f"{record.address.folder}/_s3/" for record in (self._origin, self._into))
        for key in self._store.list(there):
            self._store.copy(key, here + key[len(there) :])

    def take(self, found: Manifest) -> None:
        """Let the task be done in the new run; one that a switch sent back to itself with all its iterations."""
        for address in iterations(found):
            self._take(read(self._store, address))
        self._take(found)
        if found.is_end:
            self._store.put(created_key(self._into.address, self._into.created, successful=True), (b"",))

    def take_iterations(self, step: str, index: str) -> None:
        """Of a task that has not finished, take over the iterations that sent it back to itself: it goes on behind them."""
        address = self._origin.address.task(step, index)
        for number in count():
            found = self._left(address._replace(iteration=number))
            if found is None or found.next != (step,):
                return
            self._take(found)

    def _take(self, manifest: Manifest) -> None:
        for sha in sorted(manifest.blobs - self._copied):
            self._store.copy(self._origin.address.blob(sha), self._into.address.blob(sha))
            self._copied.add(sha)
        address = manifest.address._replace(run=self._into.run)
        self._store.create(address.manifest, manifest.taken_over(self._into.created, self._into.tags))
