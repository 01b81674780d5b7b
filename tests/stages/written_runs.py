"""Runs written straight into a store, as the runtime writes them, without any process."""

from __future__ import annotations

from typing import Any

from flowc.artifacts import ordering, saving
from flowc.artifacts.address import RunAddress, TaskAddress, created_key
from flowc.artifacts.manifest import Failure, RunRecord
from flowc.artifacts.pickling import Frame, Pickled, save_items
from flowc.artifacts.work import Transition, Work
from flowc.store.protocol import Store


def claim_of(run: RunAddress, created: float, *, owner: str = "uid", **more: Any) -> RunRecord:
    """A run's record."""
    return RunRecord(
        run.flow, run.run, owner, created, (), (), "start", "u", more.pop("project", ""), has_ids=True, **more
    )


def to(*steps: str, kind: str = "linear", items: list[Any] | None = None, joins: bool = False) -> Transition:
    """Where a task leads."""
    return Transition(steps, kind, "", None, items, joins)


def task(
    store: Store,
    address: TaskAddress,
    following: Transition | None,
    *,
    token: str = "t",
    at: float = 0.0,
    blob: bool = True,
    stack: tuple[Frame, ...] = (),
    open: tuple[tuple[str, str], ...] = (),
) -> None:
    """A task that leaves the artifact `x`, with `blob` an object of its own."""
    fence = ordering.begin(store, address, 0, token, at)
    work = Work(address, stack)
    work.transition = following
    facts = saving.Facts(at, (), (), (), open, ("t",) * len(open), {}, {}, (), {})
    value = f"{address.step} {token}"
    kept = saving.Fresh("bytes", Pickled((value.encode() * 10_000,), ())) if blob else saving.pickled("s", "x", value)
    outcome = saving.Outcome(facts, following, None, at, b"", b"")
    ordering.publish(store, fence, saving.manifest(store, fence, work, {"x": kept}, outcome))


def line(store: Store, run: RunAddress, created: float, **more: Any) -> None:
    """A run of two tasks, `start` and `end`, that has succeeded."""
    ordering.claim(store, claim_of(run, created, **more))
    task(store, run.task("start"), to("end"), at=created)
    task(store, run.task("end"), None, at=created)
    store.put(created_key(run, created, successful=True), (b"",))


def begun(store: Store, run: RunAddress, created: float, *, fails: bool = False, **more: Any) -> None:
    """A run whose first task has begun and not ended, or has failed."""
    ordering.claim(store, claim_of(run, created, **more))
    fence = ordering.begin(store, run.task("start"), 0, "t", created)
    if fails:
        ordering.fail(store, fence, Failure("E", "bad luck", "trace"), created, b"", b"")


def fanned(store: Store, run: RunAddress, created: float, width: int) -> None:
    """A run of `start`, a foreach of so many `body` and `more`, and `end`, that has succeeded."""
    ordering.claim(store, claim_of(run, created))
    items = list(range(width))
    around = (("start", "foreach"),)
    task(store, run.task("start"), to("body", kind="foreach", items=items), at=created, blob=False)
    sha, size = save_items(store, run, items)
    for place in items:
        stack = (Frame("start", place, width, sha, size),)
        index = str(place)
        task(store, run.task("body", index), to("more"), at=created, blob=False, stack=stack, open=around)
        task(store, run.task("more", index), to("end", joins=True), at=created, blob=False, stack=stack, open=around)
    task(store, run.task("end"), None, at=created, blob=False)
    store.put(created_key(run, created, successful=True), (b"",))
