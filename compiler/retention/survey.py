"""What one listing tells of a run: how much there is, when something last happened, which tasks have begun and not ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from flowc.artifacts.address import RunAddress, created_key
from flowc.artifacts.manifest import RunRecord
from flowc.artifacts.pickling import opened
from flowc.client.walk import read_at_once
from flowc.store.protocol import Listed, MissingError, Store

from compiler.retention.listing import listed
from compiler.slotted_class import fresh, mutable, record

State = Literal["succeeded", "failed", "open", "unclaimed"]
"""`open`: a task has begun and not ended, or none has and no last one has succeeded; `unclaimed`: there is no record of the run."""

_SHARED = ("_blobs/", "_s3/")
"""What a resumed run takes of these is as old as it was there, where both names are one file."""


@record
class Survey:
    """What a run's folder holds, its record apart. Times are in seconds since 1970, sizes in bytes.

    `open` and `failed` count tasks by their newest attempt; a step's iterations count with the task that they belong to.
    """

    address: RunAddress
    entries: tuple[Listed, ...]
    state: State
    open: int
    failed: int

    @property
    def size(self) -> int:
        """Bytes, each object counted; where a resumed run shares files with its origin, deleting frees less."""
        return sum(entry.size for entry in self.entries)

    @property
    def newest(self) -> float:
        """When something last happened; 0 where nothing ever has."""
        skip = len(self.address.folder) + 1
        times = [entry.modified for entry in self.entries if not entry.key.startswith(_SHARED, skip)]
        return max(times, default=self.touched)

    @property
    def touched(self) -> float:
        """When anything last came, taken over from elsewhere or not; 0 where nothing is there."""
        return max((entry.modified for entry in self.entries), default=0.0)


@mutable
class _Task:
    """A task as its keys tell of it."""

    attempts: list[str] = fresh(default_factory=list)
    manifest: str = ""


def traces(address: RunAddress, entries: Iterable[Listed]) -> frozenset[Listed]:
    """What is more, or other, where a task of the run has begun, failed or ended."""
    skip = len(address.folder) + 1
    return frozenset(
        entry._replace(modified=0.0) if entry.key.startswith(_SHARED, skip) else entry for entry in entries
    )


def survey(store: Store, address: RunAddress, of: RunRecord | None) -> Survey:
    """Look at a run by one listing, and a read or two of each task that has not gone well at once; `of` is its record, if it has one."""
    entries = tuple(listed(store, address))
    unclear = [task for task in _tasks(address, entries).values() if len(task.attempts) > 1 or not task.manifest]
    found = list(read_at_once(store, lambda task: _state(store, task), unclear))
    opened, failed = found.count("open"), found.count("failed")
    state: State = "unclaimed"
    if of is not None:
        is_over = store.size(created_key(address, of.created, successful=True)) is not None
        state = "open" if opened else "failed" if failed else "succeeded" if is_over else "open"
    return Survey(address, entries, state, opened, failed)


def _tasks(address: RunAddress, entries: tuple[Listed, ...]) -> dict[str, _Task]:
    """The tasks by their folders."""
    found: dict[str, _Task] = {}
    skip = len(address.folder) + 1
    for entry in entries:
        folder, _, leaf = entry.key.rpartition("/")
        if folder[skip : skip + 1] == "_" or "~" in folder.rpartition("/")[2] or folder.count("/") != _DEPTH:
            continue
        if leaf == "manifest":
            found.setdefault(folder, _Task()).manifest = entry.key
        elif leaf.startswith("attempt-"):
            found.setdefault(folder, _Task()).attempts.append(entry.key)
    return found


_DEPTH = 3
"""The slashes in a task's folder: flow, run, step, index."""


def _state(store: Store, task: _Task) -> Literal["done", "failed", "open"]:
    if not task.attempts:  # taken over
        return "done"
    try:
        newest = opened(store.get(task.attempts[-1]).data)
        left = store.get(task.manifest).data if task.manifest else None
    except MissingError:  # somebody deletes it at this moment
        return "open"
    header = opened(left, left.find(b"\n")) if left is not None else None
    if newest is None:  # damaged: nobody can tell
        return "open"
    if header and header["attempt"] >= newest["attempt"]:
        return "done"
    return "failed" if newest.get("failure") else "open"
