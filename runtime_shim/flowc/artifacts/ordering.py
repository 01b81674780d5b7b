"""Identity and order: who owns a run, which attempt of a task counts. Nothing but conditional puts decides."""

from __future__ import annotations

import json

from flowc.artifacts.address import TaskAddress, created_key
from flowc.artifacts.manifest import VERSION, Failure, Manifest, RunRecord, parse_run, read_run
from flowc.artifacts.pickling import SMALL, opened, save_pieces, seal
from flowc.exceptions import CallMistake
from flowc.named_tuple import NamedTuple
from flowc.store.protocol import DamagedError, MissingError, Store, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Fence(NamedTuple):
    """A task's start: the number that orders it, and the token that only this process knows."""

    address: TaskAddress
    attempt: int
    token: str
    retry: int
    started: float


def claim(store: Store, record: RunRecord) -> RunRecord:
    """Make the run this owner's, once and for all; the record that counts. Raises CallMistake where another owner has it."""
    data = seal(json.dumps(record._asdict()).encode())
    if not store.create(record.address.record, data):
        there = _claimed_before(store, record)
        if there.owner != record.owner:
            raise CallMistake(
                f"run {record.run!r} of {record.flow} in {store.url} belongs to {there.owner!r}, not to {record.owner!r}: "
                "a run of the same name was here before. Start one under another name, or remove the old one's folder"
            )
        record = there
    else:
        _probe(store, record.address.record, data)
    store.put(created_key(record.address, record.created), (b"",))
    return record


def _claimed_before(store: Store, record: RunRecord) -> RunRecord:
    """The claim that is there. One that somebody wants to delete is taken back from them, as its run goes on."""
    while True:
        try:
            found = store.get(record.address.record)
            there = parse_run(found.data)
        except DamagedError:
            return read_run(store, record.address)  # which tells what to do
        except MissingError:
            raise CallMistake(
                f"run {record.run!r} of {record.flow} in {store.url} is being deleted: start it again once `flowc delete` has ended"
            ) from None
        fields = opened(found.data) or {}
        if there.owner != record.owner or not fields.pop(DELETION, None):
            return there
        if store.replace(record.address.record, seal(json.dumps(fields).encode()), found.etag):
            return there


DELETION = "deletion"
"""The field of a run's record that says who wants to delete it; `compiler.retention.deletion` writes it."""


def _probe(store: Store, key: str, data: bytes) -> None:
    """Refuse a store that ignores conditional puts, where the store is one that could: it then has a `probe`."""
    probe = getattr(store, "probe", None)
    if probe is not None:
        probe(key, data)


def begin(store: Store, address: TaskAddress, retry: int, token: str, started: float) -> Fence:
    """Take the next attempt number of a task: whoever takes the higher one wins over all that started before."""
    number = 1 if retry == 0 else _newest(store, address) + 1
    while True:
        fence = Fence(address, number, token, retry, started)
        if store.create(address.attempt(number), _attempt(fence)):
            return fence
        number = max(_newest(store, address), number) + 1


def take(store: Store, fence: Fence) -> bool:
    """Write down a start whose number nobody else can have; False where somebody has it all the same."""
    return store.create(fence.address.attempt(fence.attempt), _attempt(fence))


def _newest(store: Store, address: TaskAddress) -> int:
    keys = list(store.list(address.attempts))
    return max((int(key[len(address.attempts) :]) for key in keys), default=0)


def _attempt(fence: Fence, **more: Any) -> bytes:
    fields = {"attempt": fence.attempt, "token": fence.token, "retry": fence.retry, "started": fence.started}
    return seal(json.dumps({"version": VERSION, **fields, **more}).encode())


def fail(
    store: Store,
    fence: Fence,
    failure: Failure,
    finished: float,
    stdout: bytes,
    stderr: bytes,
    *,
    is_steps: bool = False,
) -> None:
    """Write down why an attempt failed, and what it printed. `is_steps`: the step raised, and nothing around it failed."""
    log = {"stdout": _kept(store, fence, stdout), "stderr": _kept(store, fence, stderr)}
    data = _attempt(fence, finished=finished, failure=failure, log=log, **({"is_steps": True} if is_steps else {}))
    store.put(fence.address.attempt(fence.attempt), (data,))


def _kept(store: Store, fence: Fence, output: bytes) -> Any:
    if len(output) < SMALL:
        return output.decode("utf-8", "replace")
    return save_pieces(store, fence.address.of, (output,))


def publish(store: Store, fence: Fence, data: bytes) -> bool:
    """Make a manifest visible, unless a task that started later was faster; then False, and nothing has changed.

    One that is damaged is replaced by the newest attempt alone: nobody else knows that what it was counts less.
    """
    key, data = fence.address.manifest, seal(data)
    while not store.create(key, data):
        try:
            found = store.get(key)
        except MissingError:
            continue
        try:
            there = Manifest(store, fence.address, found.data)
        except DamagedError:
            if _newest(store, fence.address) > fence.attempt:
                raise
            if store.replace(key, data, found.etag):
                return True
            continue
        if there.token == fence.token:
            return True
        if there.attempt == fence.attempt:
            raise StoreError(
                f"{store.url} gave attempt {fence.attempt} of {fence.address} twice: it ignores conditional puts"
            )
        if there.attempt > fence.attempt:
            return False
        if store.replace(key, data, found.etag):
            return True
    return True
