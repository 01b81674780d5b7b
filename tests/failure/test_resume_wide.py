"""What a resumed run costs for each task that it takes over: a read and a write, on any store, and a listing for each step."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read, read_run
from flowc.client.walk import at_once
from flowc.exceptions import CallMistake
from flowc.resuming.clone import Clone
from flowc.store.protocol import Store
from flowc.task.call import FAILED

from tests.stages.runs import FANNED, fan
from tests.stages.task import Stage
from tests.stages.watched_store import Watched


def _clone(stage: Stage, store: Store) -> Clone:
    origin = read_run(stage.store, RunAddress("F", "r"))
    return Clone(store, origin, origin._replace(run="again", origin="r"))


@pytest.mark.parametrize("width", [3, 40])
def test_a_task_costs_a_read_and_a_write(tmp_path: Path, width: int) -> None:
    stage = Stage(tmp_path, FANNED)
    fan(stage, width)
    watched = Watched(stage.store)
    clone = _clone(stage, watched)
    places = [("body", str(place)) for place in range(width)]
    found = clone.all_finished(places)
    assert Counter(watched.calls) == {"get": width, "list": 2}
    watched.calls.clear()
    for one in clone.all_finished([("start", "-")]):
        assert one is not None
        clone.take(one)
    watched.calls.clear()
    at_once(clone.take, [one for one in found if one is not None])
    assert Counter(watched.calls) == {"create": width}
    taken = [read(stage.store, RunAddress("F", "again").task("body", str(place))) for place in range(width)]
    assert [one["y"] for one in taken] == [place * 10 for place in range(width)]


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_task_whose_later_attempt_failed_is_not_taken_over(tmp_path: Path, is_damaged: bool) -> None:
    """Nor one of whose later attempt nobody can tell whether it failed."""
    stage = Stage(tmp_path, FANNED)
    fan(stage, 3)
    failing = Stage(tmp_path, FANNED.replace("self.input * 10", "self.input / 0"), stage.store)
    assert failing.do("body", "foreach:start", "1", retry=1).exit_code == FAILED
    if is_damaged:
        key = RunAddress("F", "r").task("body", "1").attempt(2)
        there = stage.store.get(key)
        assert stage.store.replace(key, there.data[:-9], there.etag)
    found = _clone(stage, stage.store).all_finished([("body", str(place)) for place in range(3)])
    assert [one is not None for one in found] == [True, False, True]


@pytest.mark.parametrize("gone", ["a blob", "the run"])
def test_what_goes_meanwhile_is_said_as_it_is(tmp_path: Path, gone: str) -> None:
    """That the run was deleted only where it was: else it can be resumed once more."""
    stage = Stage(tmp_path, FANNED.replace("self.input * 10", "self.input * 10; self.big = bytes(300_000)"))
    fan(stage, 1)
    run = RunAddress("F", "r")
    clone = _clone(stage, stage.store)
    found = clone.finished("body", "0")
    assert found is not None
    if gone == "the run":
        stage.store.delete(run.record)
    for sha in found.blobs:
        stage.store.delete(run.blob(sha))
    with pytest.raises(CallMistake, match="was deleted" if gone == "the run" else "resume it once more"):
        clone.take(found)
    if gone == "a blob":
        assert _clone(stage, stage.store).finished("body", "0") is None
