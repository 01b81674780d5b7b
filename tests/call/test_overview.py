"""Runs with wide foreaches: told by a listing and few reads, and no other than all reads would tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from flowc.artifacts import ordering
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Failure
from flowc.store import open_store

from compiler.call import overview
from compiler.call.history import RunState, list_runs, read_state
from tests.stages.command_line import Flowc
from tests.stages.counting_store import Counting
from tests.stages.interleaving import Memory
from tests.stages.written_runs import fanned, task, to

RUN = RunAddress("F", "r")
WIDTH = 40


def _again(store: Memory, step: str, index: str, *, fails: bool = False) -> None:
    """Another attempt of a task, which has begun, or has failed."""
    fence = ordering.begin(store, RUN.task(step, index), 1, "again", 2.0)
    if fails:
        ordering.fail(store, fence, Failure("E", "bad luck", "trace"), 3.0, b"", b"")


def _gone(store: Memory, step: str, index: str, *, begun: bool = False) -> None:
    """A task that has not finished, or not begun."""
    store.delete(RUN.task(step, index).manifest)
    if not begun:
        store.delete(RUN.task(step, index).attempt(1))


def _narrower(store: Memory) -> None:
    """The foreach has fewer children by now; those of before lie there."""
    fanned(store, RUN, 1.0, WIDTH)
    for key in [key for key in store.objects if "/start/-/" in key]:
        store.delete(key)
    task(store, RUN.task("start"), to("body", kind="foreach", items=list(range(WIDTH - 5))), at=1.0, blob=False)


def _changes(*changes: Callable[[Memory], None]) -> Callable[[Memory], None]:
    def change(store: Memory) -> None:
        for each in changes:
            each(store)

    return change


CHANGES: dict[str, Callable[[Memory], None]] = {
    "good": _changes(),
    "one failed": lambda store: _again(store, "body", "7", fails=True),
    "one failed and then went well": _changes(
        lambda store: _again(store, "more", "9"),
        lambda store: task(store, RUN.task("more", "9"), to("end", joins=True), token="third", blob=False),
    ),
    "one begun": _changes(lambda store: _gone(store, "more", "3", begun=True), lambda store: _gone(store, "end", "-")),
    "the first has not gone through": _changes(
        lambda store: _gone(store, "more", "0"), lambda store: _gone(store, "end", "-")
    ),
    "some have not begun": _changes(
        *(lambda store, at=at: _gone(store, "body", str(at)) for at in range(20, WIDTH)),  # type: ignore[misc]
        *(lambda store, at=at: _gone(store, "more", str(at)) for at in range(20, WIDTH)),  # type: ignore[misc]
        lambda store: _gone(store, "end", "-"),
    ),
    "none has gone through": _changes(
        *(lambda store, at=at: _gone(store, "more", str(at)) for at in range(WIDTH)),  # type: ignore[misc]
        lambda store: _gone(store, "end", "-"),
    ),
    "the split again": lambda store: _again(store, "start", "-"),
    "fewer children": _narrower,
}


def _told(state: RunState) -> tuple[object, ...]:
    """What is said of a run, tasks that have simply gone well by their number."""
    good = Counter(
        each.address.step for each in state.tasks if each.is_plain and not state.replaced().get(each.address)
    )
    others = {
        (each.address, each.status, len(each.attempts), state.replaced().get(each.address, ()))
        for each in state.tasks
        if not each.is_plain or state.replaced().get(each.address)
    }
    return state.status, state.finished, good + Counter(state.unread), others


@pytest.fixture
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "MANY", 10)


@pytest.mark.usefixtures("_wide")
@pytest.mark.parametrize("name", CHANGES)
def test_counting_tells_what_reading_all_tells(name: str) -> None:
    store = Memory(1.0)
    fanned(store, RUN, 1.0, WIDTH)
    CHANGES[name](store)
    whole = read_state(store, "F", "r")
    assert whole.unread == {}
    assert _told(read_state(store, "F", "r", whole=False)) == _told(whole)
    assert [each.status for each in list_runs(store, "F", 5)] == [whole.status]


def _asked(width: int) -> Counter[str]:
    store = Memory(1.0)
    fanned(store, RUN, 1.0, width)
    _again(store, "body", "7", fails=True)
    counting = Counting(store)
    state = read_state(counting, "F", "r", whole=False)
    assert (state.status, sum(state.unread.values())) == ("failed", 2 * (width - 2))
    asked = counting.asked
    counting = Counting(store)
    assert [each.status for each in list_runs(counting, "F", 5)] == ["failed"]
    assert counting.asked["get"] <= asked["get"] + 1
    return asked


def test_a_wide_run_costs_the_reads_of_a_narrow_one_and_a_listing() -> None:
    narrow, wide = _asked(1000), _asked(4000)
    assert narrow["get"] == wide["get"] < 20
    assert wide["list"] == narrow["list"] <= 2
    assert wide["entries"] < 100


def test_a_run_whose_foreaches_are_narrow_is_read_whole() -> None:
    store = Memory(1.0)
    fanned(store, RUN, 1.0, WIDTH)
    counting = Counting(store)
    assert len(read_state(counting, "F", "r", whole=False).tasks) == 2 * WIDTH + 2
    assert counting.asked["get"] == 2 * WIDTH + 2 + 2, "each manifest, and the record before and after"


@pytest.mark.usefixtures("_wide")
def test_inspect_counts_what_went_well_and_names_the_rest(flowc: Flowc, folder: Path) -> None:
    store = open_store(f"file:{folder / '.flowc'}")
    fanned(store, RUN, 1.0, WIDTH)
    fence = ordering.begin(store, RUN.task("body", "7"), 1, "again", 2.0)
    ordering.fail(store, fence, Failure("E", "bad luck", "trace"), 3.0, b"", b"")
    lines = [re.sub(" +", " ", line.strip()) for line in flowc("inspect", "F/r").out.splitlines()]
    assert lines[0].startswith("F/r failed ")
    assert (
        lines[2:5] == ["body done 39 tasks", "body/7 failed 2 attempts E: bad luck", "more done 40 tasks"] or lines[2:5]
    )
    assert "body done 39 tasks by a listing; `flowc inspect F/r/body` reads each" in lines
    assert "more done 40 tasks by a listing; `flowc inspect F/r/more` reads each" in lines
    assert sum(line.startswith("body/") for line in lines) == 1
    assert len(flowc("inspect", "F/r/body").out.splitlines()) > WIDTH
