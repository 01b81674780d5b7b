"""A run that is deleted: beside others who go on from it, begin it again, take its name or delete it too, and killed anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from flowc.artifacts import ordering, saving
from flowc.artifacts.address import RunAddress, created_key
from flowc.artifacts.manifest import read, read_run
from flowc.client import walk as client_walk
from flowc.exceptions import CallMistake
from flowc.resuming.clone import Clone
from flowc.resuming.resubmitted import take_over
from flowc.store.protocol import MissingError

from compiler.retention import deletion
from compiler.retention.deletion import Freed, GoneError, KeptError, delete_run
from compiler.retention.rest import DAY, refusal
from tests.stages.interleaving import Ended, Memory, Order, Turns, orders, play
from tests.stages.written_runs import claim_of, line, task, to

RUN, INTO = RunAddress("F", "r"), RunAddress("F", "into")
THEN, NOW = 1000.0, 1000.0 + 30 * DAY


@pytest.fixture(autouse=True)
def _in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_walk, "_AT_ONCE", 1)


def _store() -> Memory:
    """A run of two tasks that has succeeded long ago, with an object of its own."""
    store = Memory(THEN)
    line(store, RUN, THEN)
    for name in ("one", "two", "three"):
        store.put(f"{RUN.folder}/_s3/{name}", (b"x",))
    store.now = NOW
    store.written.clear()
    return store


def _deletes(store: Turns, now: float = NOW) -> object:
    return delete_run(store, RUN, lambda found, life: refusal(found, life, now), lambda: now)


def _goes_on(store: Turns) -> str:
    take_over(store, INTO, RUN.run)
    return "went on"


def _begins_again(store: Turns) -> str:
    """The last task once more, as after somebody has cleared it."""
    fence = ordering.begin(store, RUN.task("end"), 1, "again", NOW)
    found = read(store, RUN.task("start"))
    assert found.blobs
    store.get(RUN.blob(next(iter(found.blobs))))
    ordering.fail(store, fence, saving.Failure("E", "e", "s"), NOW, b"", b"")
    return "began again"


def _first_again(store: Turns) -> str:
    record = ordering.claim(store, claim_of(RUN, NOW))
    return "claimed again" if record.created == THEN else "claimed anew"


def _new_of_that_name(store: Turns) -> str:
    ordering.claim(store, claim_of(RUN, NOW, owner="new"))
    task(store, RUN.task("start"), to("end"), token="new")
    return "claimed"


OLD = frozenset(_store().objects)


def _is_whole(store: Memory, run: RunAddress) -> bool:
    """Whether all that a run of that shape has is there: tasks, what they refer to, and its own objects."""
    for step in ("start", "end"):
        if store.size(run.task(step).manifest) is None:
            return False
        if not all(run.blob(sha) in store.objects for sha in read(store, run.task(step)).blobs):
            return False
    return all(f"{run.folder}/_s3/{name}" in store.objects for name in ("one", "two", "three"))


def _look(store: Memory) -> None:
    """Whoever finds the run at any moment finds all of it."""
    try:
        created = read_run(store, RUN).created
    except MissingError:
        return
    if created == THEN:
        assert store.objects.keys() >= OLD


def _judged(store: Memory, order: Order) -> None:
    """What must hold once all have ended."""
    deleted = any(isinstance(each, Freed) for each in order.outcomes)
    known = (KeptError, GoneError, CallMistake, MissingError, Ended, Freed, str)
    assert all(isinstance(each, known) for each in order.outcomes), order.outcomes
    if "went on" in order.outcomes:
        assert read_run(store, INTO).origin == RUN.run
        assert _is_whole(store, INTO)
    if again := [at for at, key in enumerate(store.written) if key == RUN.task("end").attempt(2)]:
        asked = [at for at, key in enumerate(store.written) if key == RUN.record]
        assert not deleted or asked[0] < again[0], "a task had begun before the deletion did"
    if "claimed" in order.outcomes:
        assert RUN.record in store.objects
        assert read_run(store, RUN).owner == "new"
        start = read(store, RUN.task("start"))
        assert start.token == "new"
        assert all(RUN.blob(sha) in store.objects for sha in start.blobs)
    elif deleted and "claimed anew" not in order.outcomes:
        left = {key for key in store.objects if key.startswith(f"{RUN.folder}/")}
        assert left <= {RUN.task("end").attempt(2), RUN.task("end").attempt(1)}, left
        places = {created_key(RUN, THEN), created_key(RUN, THEN, successful=True)} & store.objects.keys()
        assert not places or "claimed again" in order.outcomes
    elif not deleted:
        assert store.objects.keys() >= OLD
        assert "deletion" not in store.objects[RUN.record][0].decode()


Work_ = Callable[[Turns], object]
BESIDE: dict[str, tuple[Work_, ...]] = {
    "goes on": (_deletes, _goes_on),
    "begins again": (_deletes, _begins_again),
    "first step again": (_deletes, _first_again),
    "new": (_deletes, _new_of_that_name),
    "two": (_deletes, _deletes),
    "two and new": (_deletes, _deletes, _new_of_that_name),
}


def _explored(works: Sequence[Work_], changes: int) -> list[Order]:
    found = []

    def once(turns: Sequence[int]) -> Order:
        store = _store()
        order = play(store, works, turns, look=partial(_look, store))
        _judged(store, order)
        return order

    for order in orders(once, changes):
        found.append(order)
    return found


@pytest.mark.parametrize("name", BESIDE)
def test_no_order_tears_what_is_kept(name: str) -> None:
    found = _explored(BESIDE[name], 1 if len(BESIDE[name]) > 2 else 2)
    assert len(found) > 40
    assert any(isinstance(order.outcomes[0], Freed) for order in found)


@pytest.mark.parametrize("beside", [(), (_goes_on,), (_new_of_that_name,)], ids=["alone", "goes on", "new"])
def test_what_is_killed_anywhere_goes_on_when_it_is_called_again(beside: tuple[Work_, ...]) -> None:
    once = play(_store(), (_deletes,), ()).turns
    for kill in range(len(once)):
        store = _store()
        killed = play(store, (_deletes,), (), kill, partial(_look, store))
        assert isinstance(killed.outcomes[0], Ended)
        later = NOW + deletion.LEASE + 1

        def after(turns: Sequence[int], store: Memory = store, later: float = later) -> Order:
            copy = Memory(later)
            copy.objects = dict(store.objects)
            order = play(copy, (lambda each: _deletes(each, later), *beside), turns, look=partial(_look, copy))
            _judged(copy, order)
            return order

        found = list(orders(after, 1))
        assert any(isinstance(order.outcomes[0], Freed) for order in found) or kill == len(once) - 1


def _never(*_: object) -> frozenset[object]:
    return frozenset()


WITHOUT: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "the second look": ("begins again", lambda patch: patch.setattr(deletion, "traces", _never)),
    "the record read at the end": ("goes on", lambda patch: patch.setattr(Clone, "check", lambda _: None)),
    "the record that says so": ("goes on", lambda patch: patch.setattr(deletion._Claim, "settle", deletion._Claim.ask)),
    "the lease": ("two and new", lambda patch: patch.setattr(deletion._Claim, "_check_free", lambda _: None)),
}
"""A part of the protocol, and beside whom it is missed."""


@pytest.mark.parametrize("part", WITHOUT)
def test_each_part_is_needed(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, without = WITHOUT[part]
    without(monkeypatch)
    with pytest.raises(AssertionError):
        _explored(BESIDE[name], 2)
