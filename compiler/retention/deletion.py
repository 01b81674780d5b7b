"""One run deleted, beside whatever else happens to it, and after a kill at any moment to be called again.

The run's record decides, by conditional puts:

1. *asked*: the record gets a field that says who wants to delete the run. Readers still see the run. Its first step, if it begins
   again, takes the field away, and the run stays.
2. The folder is listed again. Where a task has begun, failed or ended since somebody judged that the run is over, it stays.
3. *sure*: the record says that the run is gone. From here on no reader finds it, nobody goes on from it and nobody can claim its
   name. A reader that began before and must have seen all of it reads the record once more at its end.
4. All else is deleted, the record last: then the name is free.

Who deletes holds a lease in that field, which is renewed by a conditional put before each thousand keys: two never delete at once,
so none can take a key away from a run that has got the name anew. That holds as long as nobody stands still for as long as a lease
between the renewal and the request that follows it.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from flowc.artifacts.address import RunAddress, created_key
from flowc.artifacts.manifest import VERSION, RunRecord, parse_run
from flowc.artifacts.ordering import DELETION
from flowc.artifacts.pickling import opened, seal
from flowc.store.protocol import MissingError, Store, StoreError

from compiler.mistakes import CallError
from compiler.retention.listing import listed
from compiler.retention.survey import Survey, survey, traces
from compiler.run.process_state import Life, at_rest
from compiler.slotted_class import record

LEASE = 600.0
"""Seconds. More than a request takes that is tried again and again."""
_BATCH = 1000


class KeptError(CallError):
    """The run was not deleted; the message says why."""


class GoneError(CallError):
    """There is no such run."""


@record
class Freed:
    """What was deleted, or would be. `size` in bytes."""

    address: RunAddress
    objects: int
    size: int


Judge = Callable[[Survey, "Life | None"], "str | None"]
"""Why a run is to be kept; None where it may go."""


def delete_run(
    store: Store,
    address: RunAddress,
    judge: Judge,
    now: Callable[[], float],
    *,
    dry: bool = False,
    told: Callable[[int], None] = lambda _: None,
) -> Freed:
    """Delete a run where `judge` lets it go; `told` hears how many objects are gone. With `dry` nothing is changed.

    Raises KeptError where it stays, GoneError where nothing of it is there, StoreError.
    """
    with at_rest(store.url, address) as (life, forget):
        claim = _Claim(store, address, now)
        seen = survey(store, address, claim.run)
        if not claim.is_sure:
            if claim.run is None and not seen.entries:
                raise GoneError(
                    f"no run {address.flow}/{address.run} in {store.url}: `flowc runs {address.flow}` lists them"
                )
            why = judge(seen, life)
            if why:
                raise KeptError(why)
        if not dry:
            _decide(store, claim, seen)
            _empty(store, claim, told)
            forget()
    return Freed(address, len(seen.entries) + (claim.run is not None), seen.size)


def _decide(store: Store, claim: _Claim, seen: Survey) -> None:
    """Make sure that nothing has happened since the run was looked at; else, or where that fails, leave it as it was."""
    if claim.is_sure:
        claim.take()
        return
    claim.ask()
    try:
        if not traces(claim.address, listed(store, claim.address)) <= traces(claim.address, seen.entries):
            raise KeptError(f"{claim.address.flow}/{claim.address.run} goes on: it was kept")
    except BaseException:  # whatever ends it, Ctrl-C too, the run stays as it was
        claim.give_back()
        raise
    claim.settle()


def _empty(store: Store, claim: _Claim, told: Callable[[int], None]) -> None:
    """Delete all but the record, then the record. What is called again after a kill goes on here."""
    try:
        run, gone = claim.run, 0
        if run is not None:
            store.delete_all([created_key(claim.address, run.created, successful) for successful in (False, True)])
        while batches := list(_batches(store, claim.address)):
            for batch in batches:
                claim.renew()
                store.delete_all(batch)
                gone += len(batch)
                told(gone)
        for unfinished in store.unfinished(f"{claim.address.folder}/", claim.now()):
            store.discard(unfinished)
        claim.renew()
    except BaseException:  # whatever ends it, Ctrl-C too, the next call need not wait for the lease
        claim.release()
        raise
    store.delete_all([claim.address.record])
    told(gone + 1)


def _batches(store: Store, address: RunAddress) -> Iterator[list[str]]:
    keys = (entry.key for entry in listed(store, address))
    while batch := list(islice(keys, _BATCH)):
        yield batch


@record
class _Mark:
    """The record as it was last seen."""

    fields: dict[str, Any] | None
    etag: str


class _Claim:
    """What the run's record says of its deletion, and what this process makes of it: KeptError where another was faster."""

    def __init__(self, store: Store, address: RunAddress, now: Callable[[], float]) -> None:
        self.store, self.address, self.now = store, address, now
        self._token = secrets.token_hex(8)
        self._seen = _read(store, address)

    @property
    def run(self) -> RunRecord | None:
        """The run's record; None where nobody has claimed it."""
        fields = self._seen.fields
        if not fields or fields.get("unclaimed"):
            return None
        return parse_run(_bytes({**fields, "deleted": 0}))

    @property
    def is_sure(self) -> bool:
        """Whether somebody has begun to delete it."""
        return bool(self._seen.fields and self._seen.fields.get("deleted"))

    def ask(self) -> None:
        """Say that one wants to delete it."""
        self._check_free()
        fields = self._seen.fields or _unclaimed(self.address)
        self._write({**fields, DELETION: self._lease()})

    def settle(self) -> None:
        """Say that it is deleted."""
        assert self._seen.fields is not None, "it was asked for"
        self._write({**self._seen.fields, DELETION: self._lease(), "deleted": self.now()})

    def take(self) -> None:
        """Go on with what another process has begun, and does no longer."""
        self._check_free()
        self.settle()

    def renew(self) -> None:
        """Go on deleting, as nobody else does."""
        self.settle()

    def give_back(self) -> None:
        """Leave the run as it was; what nobody has claimed has no record again."""
        fields = {name: value for name, value in (self._seen.fields or {}).items() if name != DELETION}
        if not fields.get("unclaimed"):
            self.store.replace(self.address.record, _bytes(fields), self._seen.etag)
        elif _read(self.store, self.address).etag == self._seen.etag:
            self.store.delete(self.address.record)

    def release(self) -> None:
        """Let another process go on at once."""
        assert self._seen.fields is not None, "it is being deleted"
        fields = {**self._seen.fields, DELETION: {**self._seen.fields[DELETION], "until": 0.0}}
        try:
            self.store.replace(self.address.record, _bytes(fields), self._seen.etag)
        except StoreError:  # what ended the deletion is told, and the lease ends by itself
            return

    def _lease(self) -> dict[str, Any]:
        return {"by": self._token, "until": self.now() + LEASE, "host": platform.node(), "pid": os.getpid()}

    def _check_free(self) -> None:
        lease = (self._seen.fields or {}).get(DELETION)
        if lease and lease["until"] > self.now() and not _is_dead(lease):
            raise KeptError(
                f"{self.address.flow}/{self.address.run} is being deleted by process {lease['pid']} on {lease['host']}"
            )

    def _write(self, fields: dict[str, Any]) -> None:
        data = _bytes(fields)
        key = self.address.record
        is_ours = (
            self.store.create(key, data)
            if self._seen.fields is None
            else self.store.replace(key, data, self._seen.etag)
        )
        if not is_ours:
            raise KeptError(f"{self.address.flow}/{self.address.run} was changed meanwhile: it was kept")
        self._seen = _read(self.store, self.address)
        if (self._seen.fields or {}).get(DELETION, {}).get("by") != self._token:
            raise KeptError(f"{self.address.flow}/{self.address.run} was changed meanwhile: it was kept")


def _read(store: Store, address: RunAddress) -> _Mark:
    try:
        found = store.get(address.record)
    except MissingError:
        return _Mark(None, "")
    fields = opened(found.data)
    if fields is None:
        raise KeptError(
            f"the record of {address.flow}/{address.run} is damaged, so nobody can tell whether it goes on: it was kept. "
            f"Where it has ended, remove {store.url}/{address.folder} by hand"
        )
    return _Mark(fields, found.etag)


def _bytes(fields: dict[str, Any]) -> bytes:
    return seal(json.dumps(fields).encode())


def _unclaimed(address: RunAddress) -> dict[str, Any]:
    """What stands for the record of a run that has none: nobody can claim it meanwhile."""
    return {
        **RunRecord(address.flow, address.run, "nobody: it is being deleted", 0.0, (), (), "", "", "")._asdict(),
        "version": VERSION,
        "unclaimed": True,
        "deleted": 1,
    }


def _is_dead(lease: dict[str, Any]) -> bool:
    """Whether the process that holds it was one of this machine and is no more."""
    if lease["host"] != platform.node() or lease["pid"] == os.getpid():
        return False
    try:
        os.kill(lease["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
