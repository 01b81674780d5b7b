"""Bars of a run and the tasks that its length hung on."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from flowc.artifacts import ordering
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Failure
from flowc.store import open_store

from compiler.call.history import read_state
from compiler.slotted_class import replaced
from compiler.ui.timeline import MOST, critical_path, timeline
from tests.stages.interleaving import Memory
from tests.stages.written_runs import begun, fanned, line
from tests.ui.conftest import Site

RUN = RunAddress("F", "r")


def test_bars_lie_within_the_run() -> None:
    store = Memory()
    rng = random.Random(1)
    fanned(store, RUN, 5.0, rng.randint(5, 20))
    state = read_state(store, "F", "r")
    found = timeline(state.tasks, 5.0, None, {})
    assert len(found.bars) == len(state.tasks)
    for bar in found.bars:
        for piece in bar.pieces:
            assert -0.001 <= piece.left <= 100.001
            assert piece.width > 0


def test_of_many_tasks_the_longest_are_shown_and_the_rest_is_counted() -> None:
    store = Memory()
    fanned(store, RUN, 5.0, 400)
    found = timeline(read_state(store, "F", "r").tasks, 5.0, None, {"other": 7})
    assert len(found.bars) == MOST
    assert found.hidden == 802 - MOST + 7


def test_the_critical_path_leads_from_the_last_task_to_the_first(site: Site) -> None:
    """Each of its tasks has loaded the one before it, and of all that it has loaded that one ended last."""
    state = read_state(open_store(site.store), "Told", "good")
    ended = {(task.address.step, task.address.index): task.finished or 0.0 for task in state.tasks}
    path = sorted(critical_path(state.tasks), key=ended.__getitem__)
    assert path[0] == ("start", "-")
    assert [step for step, _ in path[-3:]] == ["each_join", "both", "end"] or [step for step, _ in path[-3:]] == [
        "work",
        "both",
        "end",
    ]
    loaded = {(task.address.step, task.address.index): task.manifest.loaded for task in state.tasks if task.manifest}
    for one, other in pairwise(path):
        before = [(step, index) for step, index, _ in loaded[other] or ()]
        assert max(before, key=ended.__getitem__) == one


def test_a_run_that_goes_on_waits_for_what_has_run_longest() -> None:
    store = Memory()
    line(store, RunAddress("F", "ended"), 5.0)
    begun(store, RUN, 1.0)
    ended = read_state(store, "F", "ended").tasks
    (running,) = read_state(store, "F", "r").tasks
    work = replaced(running, address=running.address._replace(step="work"))
    assert critical_path([*ended, work], 9.0) == {("work", "-")}
    assert critical_path(ended, 9.0) == critical_path([*ended, work]) == {("start", "-")}


@pytest.mark.parametrize(("fails", "phase"), [(True, "failed"), (False, "running")])
def test_an_attempt_has_the_phase_of_its_end(fails: bool, phase: str) -> None:
    store = Memory()
    begun(store, RUN, 1.0, fails=fails)
    found = timeline(read_state(store, "F", "r").tasks, 1.0, 9.0, {})
    assert [piece.phase for bar in found.bars for piece in bar.pieces] == [phase]


def test_an_attempt_that_was_killed_ends_where_the_next_begins() -> None:
    store = Memory()
    begun(store, RUN, 1.0)
    fence = ordering.begin(store, RUN.task("start"), 1, "again", 5.0)
    ordering.fail(store, fence, Failure("E", "no", "trace"), 7.0, b"", b"")
    (bar,) = timeline(read_state(store, "F", "r").tasks, 1.0, None, {}).bars
    assert [(piece.left, piece.width, piece.phase) for piece in bar.pieces] == [
        (0.0, pytest.approx(66.67, abs=0.01), "failed"),
        (pytest.approx(66.67, abs=0.01), pytest.approx(33.33, abs=0.01), "failed"),
    ]
