"""What another run of the flow has done, taken over: manifests under the new run's name, and the blobs that they refer to."""

from __future__ import annotations

from itertools import count

from flowc.artifacts.address import TaskAddress, created_key
from flowc.artifacts.manifest import Manifest, RunRecord, read, read_run
from flowc.client.walk import at_once, newest_failure
from flowc.exceptions import CallMistake
from flowc.store.protocol import DamagedError, MissingError, Store
from flowc.task.recursion import iterations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MANY = 32
"""So many tasks are read or written at once: most of the time is a store's."""


class Clone:
    """From the run `origin` into the run `into`, both in one store. Deleting either of them leaves the other whole.

    Raises CallMistake where the origin is deleted meanwhile, or something of it.
    """

    def __init__(self, store: Store, origin: RunRecord, into: RunRecord) -> None:
        self._store, self._origin, self._into = store, origin, into
        self._copied: set[str] = set()
        self._blobs: dict[str, int] | None = None
        self._newest: dict[str, dict[str, int]] = {}
        self._iterated: dict[TaskAddress, list[Manifest]] = {}

    def finished(self, step: str, index: str) -> Manifest | None:
        """What a task of the origin left; None where it has not finished, a later attempt of it has failed, or something of it is gone.

        Something of one of its iterations, too: the run that takes it over has all of them.
        """
        found = self._left(self._origin.address.task(step, index))
        if found is None:
            return None
        whole = [iteration for address in iterations(found) if (iteration := self._left(address)) is not None]
        if len(whole) < (found.iterations or 0):
            return None
        self._iterated[found.address] = whole
        return found

    def all_finished(self, places: Sequence[tuple[str, str]]) -> list[Manifest | None]:
        """The same for many tasks, each a step and an index path: a read each, several at once, and a listing for each step."""
        self._there()  # before several threads ask for it
        for step in {step for step, _ in places}:
            self._listed(step)
        return at_once(lambda place: self.finished(*place), places, MANY)

    def _left(self, address: TaskAddress) -> Manifest | None:
        """What is there, all of it: what is damaged or gone has to be done again."""
        try:
            found = read(self._store, address)
            is_newest = self._listed(address.step).get(address.folder, 0) <= found.attempt
            is_good = is_newest or newest_failure(self._store, address, found.attempt) is None
        except (MissingError, DamagedError):  # also of what a later attempt says: it may have failed
            return None
        return found if is_good and found.blobs.items() <= self._there().items() else None

    def _there(self) -> dict[str, int]:
        """The blobs of the origin, and their sizes: one that was cut is none."""
        if self._blobs is None:
            listed = self._store.entries(self._origin.address.blob(""))
            self._blobs = {each.key.rpartition("/")[2]: each.size for each in listed}
        return self._blobs

    def _listed(self, step: str) -> dict[str, int]:
        """The number of the newest attempt of each of a step's tasks, by their folders: one listing for all of them."""
        if step not in self._newest:
            found: dict[str, int] = {}
            for key in self._store.list(self._origin.address.task(step).folder.rpartition("/")[0] + "/"):
                folder, _, name = key.rpartition("/")
                if name.startswith("attempt-"):
                    found[folder] = max(int(name.partition("-")[2]), found.get(folder, 0))
            self._newest[step] = found
        return self._newest[step]

    def begin(self) -> None:
        """Let the new run have what steps of the origin wrote with `S3(run=self)`."""
        there, here = (f"{record.address.folder}/_s3/" for record in (self._origin, self._into))
        for key in self._store.list(there):
            self._copy(key, here + key[len(there) :])
        self.check()

    def check(self) -> None:
        """Raise CallMistake where the origin is being deleted: what was not there before may only have been deleted already.

        A deletion says so in the run's record before it takes anything away, so what was seen before this call was all there.
        """
        try:
            read_run(self._store, self._origin.address)
        except MissingError:
            raise CallMistake(
                f"run {self._origin.run} of {self._origin.flow} was deleted while {self._into.run} took over what it has done: "
                "start a new run"
            ) from None

    def _copy(self, source: str, key: str) -> None:
        try:
            self._store.copy(source, key)
        except MissingError:
            self.check()
            raise CallMistake(
                f"{source} was taken away while {self._into.run} took over what {self._origin.run} has done: "
                "resume it once more, and what needs it is done again"
            ) from None

    def take(self, found: Manifest) -> None:
        """Let the task be done in the new run, as `finished` told it; one that a switch sent back to itself with all its iterations."""
        for iteration in self._iterated[found.address]:
            self._take(iteration)
        self._take(found)
        if found.is_end:
            self._store.put(created_key(self._into.address, self._into.created, successful=True), (b"",))

    def take_iterations(self, step: str, index: str, is_replaced: Callable[[Manifest], bool]) -> None:
        """Of a task that has not finished, take over the iterations that sent it back to itself: it goes on behind them.

        Up to the first for which `is_replaced` says that something it has loaded is another by now.
        """
        address = self._origin.address.task(step, index)
        for number in count():
            found = self._left(address._replace(iteration=number))
            if found is None or found.next != (step,) or is_replaced(found):
                return
            self._take(found)

    def _take(self, manifest: Manifest) -> None:
        for sha in sorted(manifest.blobs.keys() - self._copied):
            self._copy(self._origin.address.blob(sha), self._into.address.blob(sha))
            self._copied.add(sha)
        address = manifest.address._replace(run=self._into.run)
        self._store.create(address.manifest, manifest.taken_over(self._into.created, self._into.tags))
