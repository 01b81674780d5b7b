"""What another run of the flow has done, taken over: manifests under the new run's name, and the blobs that they refer to."""

from __future__ import annotations

from flowc.address import TaskAddress, created_key
from flowc.client_walk import newest_failure
from flowc.lean import TYPE_CHECKING
from flowc.manifest import Manifest, RunRecord, read
from flowc.store import MissingError, Store

if TYPE_CHECKING:
    from collections.abc import Iterator


class Takeover:
    """From the run `origin` into the run `into`, both in one store. Deleting either of them leaves the other whole."""

    def __init__(self, store: Store, origin: RunRecord, into: RunRecord) -> None:
        self._store, self._origin, self._into = store, origin, into
        self._copied: set[str] = set()

    def finished(self, step: str, index: str) -> Manifest | None:
        """What a task of the origin left; None where it has not finished, or a later attempt of it has failed."""
        address = self._origin.address.task(step, index)
        try:
            found = read(self._store, address)
        except MissingError:
            return None
        return None if newest_failure(self._store, address, found.attempt) else found

    def begin(self) -> None:
        """Let the new run have what steps of the origin wrote with `S3(run=self)`."""
        there, here = (f"{record.address.folder}/_s3/" for record in (self._origin, self._into))
        for key in self._store.list(there):
            self._store.copy(key, here + key[len(there) :])

    def take(self, found: Manifest) -> None:
        """Let the task be done in the new run; one that is a repeated step's with all its iterations."""
        for manifest in (*self._iterations(found.address), found):
            for sha in sorted(manifest.blobs - self._copied):
                self._store.copy(self._origin.address.blob(sha), self._into.address.blob(sha))
                self._copied.add(sha)
            address = manifest.address._replace(run=self._into.run)
            self._store.put(address.manifest, (manifest.taken_over(self._into.created, self._into.tags),))
        if found.is_end:
            self._store.put(created_key(self._into.address, self._into.created, successful=True), (b"",))

    def _iterations(self, address: TaskAddress) -> Iterator[Manifest]:
        for key in self._store.list(f"{address.folder}~"):
            folder, _, last = key.rpartition("/")
            if last == "manifest":
                iteration = int(folder.rpartition("~")[2])
                yield read(self._store, address._replace(iteration=iteration))
