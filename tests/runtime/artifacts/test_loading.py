"""Switches: which case a value takes, what is loaded past one, and that what is loaded is what the newest decisions say."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.task.call import FAILED

from tests.stages.task import Stage
from tests.stages.tasks_of_run import walk

FLOW = """
import enum, os
from fractions import Fraction
from flowc import FlowSpec, Parameter, step

class Mode(str, enum.Enum):
    TEXT = "text"

class Odd:
    def __repr__(self):
        raise ValueError

class F(FlowSpec):
    p = Parameter("p", default="text")
    CONSTANT = True
    @step
    def start(self):
        {start}
        self.next({{"text": self.a, 1: self.b, None: self.c, -2: self.end, 0: self.a}}, condition="{condition}")
    @step
    def a(self):
        self.by = "a"
        self.next({{"x": self.b, "y": self.c}}, condition="side")
    @step
    def b(self):
        self.by = "b"
        self.next(self.end)
    @step
    def c(self):
        self.by = "c"
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def _start(folder: Path, start: str, condition: str = "v") -> Stage:
    return Stage(folder, FLOW.format(start=start, condition=condition))


@pytest.mark.parametrize(
    ("start", "condition", "case"),
    [
        ("self.v = 'text'", "v", 0),
        ("self.v = Mode.TEXT", "v", 0),
        ("self.v = 1", "v", 1),
        ("self.v = True", "v", 1),
        ("self.v = 1.0", "v", 1),
        ("self.v = Fraction(1)", "v", 1),
        ("self.v = None", "v", 2),
        ("self.v = -2", "v", 3),
        ("self.v = False", "v", 4),
        ("pass", "p", 0),
        ("pass", "CONSTANT", 1),
    ],
)
def test_a_value_takes_the_case_that_a_dict_finds(tmp_path: Path, start: str, condition: str, case: int) -> None:
    assert _start(tmp_path, start, condition).done("start").case == case


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("self.v = 'Text'", "'Text'"),
        ("self.v = 2", "2"),
        ("self.v = '1'", "'1'"),
        ("self.v = 1.5", "1.5 of type float"),
        ("self.v = [1]", "[1] of type list"),
        ("self.v = {'text': 1}", "{'text': 1} of type dict"),
        ("self.v = float('nan')", "nan of type float"),
        ("self.v = 'x' * 300", f"'{'x' * 196}..."),
        ("self.v = Odd()", "<ValueError in its repr> of type STEM.Odd"),
    ],
)
def test_a_value_without_a_case_fails_with_the_value_and_the_keys(tmp_path: Path, start: str, told: str) -> None:
    stage = _start(tmp_path, start)
    reported = stage.do("start")
    assert reported.exit_code == FAILED
    assert reported.failure is not None
    assert reported.failure.exception == (
        f"the switch of step 'start' has no case for v = {told.replace('STEM', stage.stem)}: it has 'text', 1, None, -2, 0"
    )


def test_a_condition_that_nothing_set_names_the_artifact(tmp_path: Path) -> None:
    reported = _start(tmp_path, "pass").do("start")
    assert reported.exit_code == FAILED
    assert reported.failure is not None
    assert "'v'" in reported.failure.exception


PAST = "start=3:start,start=0.4+a=0:b,start=0.4+a=1:c,start=1:b,start=2:c"
CHOOSING = "self.v, self.side = os.environ['V'], os.environ.get('SIDE'); self.v = int(self.v) if self.v[-1].isdigit() else self.v"


def _life(stage: Stage, monkeypatch: pytest.MonkeyPatch, value: str, side: str, *steps: tuple[str, str]) -> None:
    """One life of the run: each step once more, with new decisions."""
    monkeypatch.setenv("V", value)
    monkeypatch.setenv("SIDE", side)
    for step, load in (("start", ""), *steps, ("end", PAST)):
        stage.done(step, load)


def test_after_a_clear_the_newest_decisions_say_what_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every life leaves manifests of arms that the next one does not take; none of them may be loaded."""
    stage = _start(tmp_path, CHOOSING)
    lives = [
        ("text", "x", [("a", "start"), ("b", "start=0.4+a=0:a,start=1:start")], "b"),
        ("text", "y", [("a", "start"), ("c", "start=0.4+a=1:a,start=2:start")], "c"),
        ("1", "x", [("b", "start=0.4+a=0:a,start=1:start")], "b"),
        ("text", "y", [("a", "start"), ("c", "start=0.4+a=1:a,start=2:start")], "c"),
        ("-2", "x", [], False),
    ]
    for value, side, steps, by in lives:
        _life(stage, monkeypatch, value, side, *steps)
        end = stage.left("end")
        assert ("by" in end and end["by"]) == by
        assert [task.step for task, _ in walk(stage.store, stage.run)] == ["start", *(name for name, _ in steps), "end"]


ARMS = """
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.p, self.q)
    @step
    def p(self):
        self.v = 1
        self.next({0: self.zero, 1: self.one}, condition="v")
    @step
    def zero(self):
        self.next(self.join)
    @step
    def one(self):
        self.x = "one"
        self.next(self.join)
    @step
    def q(self):
        self.next(self.join)
    @step
    def join(self, inputs):
        assert inputs.one.x == inputs.p.x == inputs[0].x == "one"
        inputs.zero
    @step
    def end(self):
        pass
"""


def test_an_arm_that_was_not_taken_names_the_one_that_was(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ARMS)
    for step, load in (("start", ""), ("p", "start"), ("q", "start"), ("one", "p")):
        stage.done(step, load)
    reported = stage.do("join", "merge:start/p>p=0:zero,p=1:one;q")
    assert reported.exit_code == FAILED
    assert reported.failure is not None
    assert reported.failure.type == "builtins.AttributeError"
    assert reported.failure.exception == "no input 'zero': this join has one (of the arm of p), q"
