"""Tasks that an engine starts whatever switches have decided: which of them do nothing, and what they say."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from flowc.exceptions import CallMistake
from flowc.task.ways import Way, Ways, parse_ways

from compiler.backends.command import ways_text
from compiler.ir.flow import Flow, Switch
from compiler.ir.graph import successors
from compiler.ir.grouping import Grouping, grouped
from compiler.ir.planner import plan
from tests.stages.container import variables, write
from tests.stages.plans import LINEAR, SWITCH, random_switches

FLOW = """
    import os
    import time
    from flowc import FlowSpec, Parameter, current, retry, step

    class F(FlowSpec):
        case = Parameter("case", default="a")

        @step
        def start(self):
            self.next({"a": self.fan, "b": self.other}, condition="case")

        @step
        def fan(self):
            self.xs = [1, 2]
            print("no end of a line", end="")
            self.next(self.body, foreach="xs")

        @retry(times=1, minutes_between_retries=0)
        @step
        def body(self):
            self.tried = current.retry_count
            if self.input == 2 and not self.tried:
                os._exit(3)
            self.next(self.join)

        @step
        def join(self, inputs):
            self.tried = [each.tried for each in inputs]
            self.next(self.end)

        @step
        def other(self):
            self.next(self.end)

        @step
        def end(self):
            pass
"""


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("", Ways()),
        ("sw=0", Ways((Way("sw", frozenset((0,))),))),
        ("a=0.2,b=1", Ways((Way("a", frozenset((0, 2))), Way("b", frozenset((1,)))))),
        ("b=1;b:a=0", Ways((Way("b", frozenset((1,))),), {"b": (Way("a", frozenset((0,))),)})),
    ],
)
def test_what_a_text_says(text: str, ways: Ways) -> None:
    assert parse_ways(text) == ways


@pytest.mark.parametrize("text", ["sw", "sw=", "sw=x", "=1", "a b=1", "sw=1;", "sw=1;b:", "sw=0..1"])
def test_a_text_that_says_nothing_is_a_mistake(text: str) -> None:
    with pytest.raises(CallMistake):
        parse_ways(text)


def _walked(flow: Flow, dice: random.Random) -> dict[str, int | None]:
    """The steps that a run of random decisions reaches, each with the case that it took."""
    reached: dict[str, int | None] = {}
    waiting = [flow.start]
    for name in waiting:
        transition = flow.steps[name].next
        reached[name] = dice.randrange(len(transition.cases)) if isinstance(transition, Switch) else None
        if isinstance(transition, Switch):
            waiting.append(transition.cases[reached[name] or 0].target)
        else:
            waiting.extend(successors(flow.steps[name]))
    return reached


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("flow", [LINEAR, SWITCH, *(random_switches(seed, 12) for seed in range(40))])
def test_a_task_is_reached_where_its_ways_lead_to_it(flow: Flow, fused: bool) -> None:
    """Whatever the switches decide; one that is not reached is never asked."""
    decided = grouped(plan(flow), Grouping(fuse=fused))
    containers = {task.step: task for task in decided.root.containers()}
    for seed in range(10):
        reached = _walked(flow, random.Random(seed))
        for task in containers.values():
            assert parse_ways(ways_text(task, containers)).lead(reached.__getitem__) == (task.step in reached)


def _shim(folder: Path, words: Sequence[str], code: int = 0) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [sys.executable, "-m", "flowc", *words], cwd=folder, env=variables(folder), capture_output=True, text=True, check=False
    )  # fmt: skip
    assert ended.returncode == code, ended.stderr
    return ended


def _step(folder: Path, step: str, *words: str, index: str = "-", code: int = 0) -> str:
    """Do a step of the run `r` as Valohai does; what it says as metadata."""
    given = ["step", step, "--run", "r", "--index", index, "--retry", "here", *words, "--report", "valohai:"]
    return _shim(folder, given, code).stdout


def _start(folder: Path, case: str | None) -> None:
    write(folder, FLOW)
    (folder / "parameters.json").write_text(json.dumps({"case": case}))
    _step(folder, "start", "--owner", "me", "--parameters", f"valohai:{folder / 'parameters.json'}")


def _left(folder: Path, step: str) -> list[str]:
    return sorted(path.name for path in (folder / "store" / "F" / "r" / step).glob("*"))


def test_a_task_that_nothing_leads_to_does_nothing_and_has_no_members(tmp_path: Path) -> None:
    _start(tmp_path, "b")
    assert '{"flowc_members": ["none"]}\n' in _step(tmp_path, "fan", "--load", "start", "--when", "start=0")
    _step(tmp_path, "body", "--load", "foreach:fan", index="none")
    _step(tmp_path, "join", "--load", "gather:fan/body", "--when", "start=0")
    assert [_left(tmp_path, step) for step in ("fan", "body", "join")] == [[], [], []]
    _step(tmp_path, "other", "--load", "start", "--when", "start=1")
    _step(tmp_path, "end", "--load", "start=0:join,start=1:other")
    assert _left(tmp_path, "end") == ["-"]


@pytest.mark.parametrize(
    "end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "os.kill(os.getpid(), 15); time.sleep(9)", "1 / 0"]
)
def test_a_parameter_without_a_value_has_its_default_and_a_container_tries_its_task_again(
    end: str, tmp_path: Path
) -> None:
    """A null is no value; the process of the second member ends once before its step does."""
    _start(tmp_path, None)
    write(tmp_path, FLOW.replace("os._exit(3)", end))
    said = _step(tmp_path, "fan", "--load", "start", "--when", "start=0").splitlines()
    assert said[-1] == '{"flowc_members": ["0", "1"]}'
    for index in ("0", "1"):
        _step(tmp_path, "body", "--load", "foreach:fan", index=index)
    _step(tmp_path, "join", "--load", "gather:fan/body", "--when", "start=0")
    attempts = [sorted(path.name for path in (tmp_path / "store/F/r/body" / index).glob("attempt-*")) for index in "01"]
    assert attempts == [["attempt-0001"], ["attempt-0001", "attempt-0002"]]


def test_a_container_that_is_started_again_goes_on_where_the_lost_one_was(tmp_path: Path) -> None:
    """As an execution on a spot instance is; the attempt that was lost with it is counted."""
    write(tmp_path, FLOW.replace("os._exit(3)", "os.kill(os.getppid(), 9); os.kill(os.getpid(), 9)"))
    _step(tmp_path, "start", "--owner", "me", "--parameters", "{}")
    _step(tmp_path, "fan", "--load", "start")
    _step(tmp_path, "body", "--load", "foreach:fan", index="1", code=-signal.SIGKILL)
    _step(tmp_path, "body", "--load", "foreach:fan", index="1")
    assert len(list((tmp_path / "store/F/r/body/1").glob("attempt-*"))) == 2


def test_a_switch_that_has_left_nothing_is_a_mistake(tmp_path: Path) -> None:
    """It is reached, so it has run: nobody guesses from what is there."""
    write(tmp_path, FLOW)
    _step(tmp_path, "fan", "--load", "start", "--when", "start=0", code=2)


def test_members_of_foreaches_within_others(tmp_path: Path) -> None:
    write(tmp_path, NESTED)
    _step(tmp_path, "start", "--owner", "me", "--parameters", "{}")
    for index in "012":
        _step(tmp_path, "outer", "--load", "foreach:start", index=index)
        _step(tmp_path, "inner", "--load", "outer", "--when", "outer=0", index=index)

    def told(levels: str, code: int = 0) -> str:
        return _shim(tmp_path, ["members", levels, "--run", "r"], code).stdout.strip()

    assert told("start>inner?outer=0") == '{"flowc_members": ["0.0", "0.1", "0.2", "2.0"]}'
    assert told("start>inner?outer=0/2") == '{"flowc_members": ["0.0", "0.1", "2.0"]}'
    assert told("start>inner?outer=1", 2) == ""  # only what ran has left a width
    assert told("start>inner?outer=7") == '{"flowc_members": ["none"]}'
    for wrong in ("", "start>", "start/0", "start/x", "outer", "start>inner?what"):
        assert told(wrong, 2) == ""
    assert _shim(tmp_path, ["members", "start"], 2).stderr.startswith("flowc: usage")


NESTED = """
    from flowc import FlowSpec, step

    class F(FlowSpec):
        @step
        def start(self):
            self.widths = [3, 0, 1]
            self.next(self.outer, foreach="widths")

        @step
        def outer(self):
            self.case = "some" if self.input else "none"
            self.xs = range(self.input)
            self.next({"some": self.inner, "none": self.meet}, condition="case")

        @step
        def inner(self):
            self.next(self.body, foreach="xs")

        @step
        def body(self):
            self.next(self.back)

        @step
        def back(self, inputs):
            self.next(self.meet)

        @step
        def meet(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
"""
