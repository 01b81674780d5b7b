"""A task fails, and names what to run again, where its inputs went on from different attempts of one earlier task."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.processes.forks import START_METHOD
from flowc.task.call import MISTAKE

from compiler.call.history import read_state
from tests.stages.task import Stage

FANNED = """
import os
from flowc import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.xs = ["a", "b", "c"][: int(os.environ.get("WIDTH", "3"))]
        self.next(self.body, foreach="xs")
    @step
    def body(self):
        self.left = self.input
        self.next(self.join)
    @step
    def join(self, inputs):
        self.n = len(inputs)
        self.next(self.end)
    @step
    def end(self):
        pass
"""

SWITCHED = """
import os
from flowc import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.way = os.environ.get("WAY", "left")
        self.next({"left": self.left, "right": self.right}, condition="way")
    @step
    def left(self):
        self.next(self.end)
    @step
    def right(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""
LAST = "start=0:left,start=1:right"


def test_a_join_of_a_foreach_that_ran_again_names_the_children_that_did_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path, FANNED)
    stage.done("start")
    for index in "012":
        stage.done("body", "foreach:start", index)
    monkeypatch.setenv("WIDTH", "2")
    stage.done("start")
    stage.done("body", "foreach:start", "1")
    reported = stage.do("join", "gather:start/body")
    assert reported.exit_code == MISTAKE
    assert "F/r/body/0 went on from an attempt of step 'start' that a later one has replaced" in reported.message
    assert "body/1" not in reported.message
    stage.done("body", "foreach:start", "0")
    assert stage.done("join", "gather:start/body")["n"] == 2


def test_what_ran_again_with_all_that_follows_is_joined(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FANNED)
    for _ in range(2):
        stage.done("start")
        for index in "012":
            stage.done("body", "foreach:start", index)
        stage.done("body", "foreach:start", "1")
        assert stage.done("join", "gather:start/body")["n"] == 3


REPEATING = """
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.n = 0
        self.next(self.loop)
    @step
    def loop(self):
        self.n += 1
        self.way = "done" if self.n == 3 else "again"
        self.next({"again": self.loop, "done": self.end}, condition="way")
    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("way", ["left", "right"])
def test_a_switch_that_decided_anew_lets_only_what_it_then_led_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    stage = Stage(tmp_path, SWITCHED)
    stage.done("start")
    stage.done("left", "start")
    monkeypatch.setenv("WAY", way)
    stage.done("start")
    reported = stage.do("end", LAST)
    assert reported.exit_code == MISTAKE
    stage.done(way, "start")
    stage.done("end", LAST)


def test_what_has_run_again_since_it_was_loaded_is_told_of_each_task_that_loaded_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FANNED)
    stage.done("start")
    for index in "012":
        stage.done("body", "foreach:start", index)
    stage.done("join", "gather:start/body")
    assert set(_older(stage).values()) == {()}
    stage.done("body", "foreach:start", "1")
    assert {name: older for name, older in _older(stage).items() if older} == {"join/-": ("body/1",)}
    stage.done("start")
    assert _older(stage)["body/2"] == ("start/-",)
    assert _older(stage)["join/-"] == ("start/-", "body/1")


def test_of_a_task_that_repeats_what_it_loaded_first_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(START_METHOD, "fork")
    stage = Stage(tmp_path, REPEATING)
    stage.done("start")
    stage.done("loop", "start", repeats=True)
    stage.done("end", "loop")
    assert set(_older(stage).values()) == {()}
    stage.done("start")
    assert {name: older for name, older in _older(stage).items() if older} == {"loop/-": ("start/-",)}


def _older(stage: Stage) -> dict[str, tuple[str, ...]]:
    """The tasks of the run, each with those that it went on from and that have run again since."""
    found = read_state(stage.store, "F", "r").replaced()
    return {
        f"{task.step}/{task.name}": tuple(f"{one.step}/{one.name}" for one in older) for task, older in found.items()
    }
