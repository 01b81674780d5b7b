"""The emitted manifest with the real shim in its containers: artifacts, and what happens when containers are killed or lost."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from tests.engines import FlowCase, Outcome
from tests.engines.argo_case import SHIM, run_argo
from tests.engines.argo_pods import RunningPod

NESTED = """
from flowc import FlowSpec, Parameter, step

class Nested(FlowSpec):
    text = Parameter("text", default="x")
    wide = Parameter("how-wide", default=2)

    @step
    def start(self):
        self.xs = list(range(self.wide))
        self.next(self.outer, foreach="xs")

    @step
    def outer(self):
        self.ys = [(self.input, name) for name in "ab"[: self.input + 1]]
        self.next(self.inner, foreach="ys")

    @step
    def inner(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = ("l", self.input, self.index)
        self.next(self.both)

    @step
    def right(self):
        self.side = ("r", self.input, self.index)
        self.next(self.both)

    @step
    def both(self, inputs):
        self.sides = [inputs.left.side, inputs.right.side, [i.side[0] for i in inputs]]
        self.next(self.ins)

    @step
    def ins(self, inputs):
        self.rows = [i.sides for i in inputs]
        self.next(self.outs)

    @step
    def outs(self, inputs):
        self.table = [i.rows for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.said = self.text
"""

FRAGILE = """
import os, time
from flowc import FlowSpec, catch, current, retry, step

class Fragile(FlowSpec):
    @step
    def start(self):
        self.next(self.work)

    {decorator}
    @step
    def work(self):
        self.tries = current.retry_count
        self.next(self.end)

    @step
    def end(self):
        self.said = str(getattr(self, "problem", None)) if getattr(self, "problem", None) else self.tries
"""

READ = """
import sys
from flowc import Flow, namespace
namespace(None)
print(repr(Flow(sys.argv[1])[sys.argv[2]]["end"].task.data.said))
"""


def run(text: str, flow: str, folder: Path, *, watch: Callable[[RunningPod], None] | None = None,
        parameters: dict[str, object] | None = None, uid: str | None = None, seed: int = 0) -> Outcome:  # fmt: skip
    """Compile the text and run it on Argo."""
    path = folder / "code" / f"{flow.lower()}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    case = FlowCase(path, flow, parameters or {})
    return run_argo(case, folder, watch=watch, name="the-run", uid=uid, seed=seed)


def said(outcome: Outcome, folder: Path) -> str:
    """The artifact `said` of the last step, as the client reads it."""
    environment = {"PYTHONPATH": str(SHIM), "FLOWC_STORE": outcome.store, "HOME": str(folder), "USER": "tester"}
    command = [sys.executable, "-c", READ, outcome.flow, outcome.run_id]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def nth_of(step: str, interfere: Callable[[RunningPod], None], most: int) -> Callable[[RunningPod], None]:
    """Interfere with the first attempts of a step."""

    def watch(pod: RunningPod) -> None:
        if f" step {step} --run " in " ".join(pod.argv) and pod.attempt < most:
            interfere(pod)

    return watch


def test_hostile_text_arrives_and_joins_are_in_order(tmp_path: Path) -> None:
    text = "{{=1+1}} {{workflow.name}} open {{ $(HOME) $$ ' \" \\ \n\t ü <&>"
    outcome = run(NESTED, "Nested", tmp_path, parameters={"text": text, "how-wide": 3}, seed=5)
    assert outcome.success, outcome.log
    assert said(outcome, tmp_path) == repr(text)
    read = READ.replace("said", "table")
    environment = {"PYTHONPATH": str(SHIM), "FLOWC_STORE": outcome.store, "HOME": str(tmp_path), "USER": "tester"}
    command = [sys.executable, "-c", read, outcome.flow, outcome.run_id]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    pairs = [[(x, name) for name in "ab"[: x + 1]] for x in range(3)]
    wanted = [[[("l", p, i), ("r", p, i), ["l", "r"]] for i, p in enumerate(row)] for row in pairs]
    assert done.stdout.strip() == repr(wanted)


def test_a_lost_pod_and_a_killed_one_are_tried_again(tmp_path: Path) -> None:
    decorator = "@retry(times=1, minutes_between_retries=0)"
    for number, interfere in enumerate((RunningPod.lose, RunningPod.kill)):
        folder = tmp_path / str(number)
        folder.mkdir()
        outcome = run(FRAGILE.format(decorator=decorator), "Fragile", folder, watch=nth_of("work", interfere, 1))
        assert outcome.success, outcome.log
        assert said(outcome, folder) == "1"


def test_catch_survives_a_container_that_is_killed_each_time(tmp_path: Path) -> None:
    decorator = "@catch(var='problem')\n    @retry(times=1, minutes_between_retries=0)"
    outcome = run(FRAGILE.format(decorator=decorator), "Fragile", tmp_path, watch=nth_of("work", RunningPod.kill, 2))
    assert outcome.success, outcome.log
    assert said(outcome, tmp_path) != "'None'"


def test_without_a_retry_a_killed_container_fails_the_run(tmp_path: Path) -> None:
    outcome = run(FRAGILE.format(decorator=""), "Fragile", tmp_path, watch=nth_of("work", RunningPod.kill, 1))
    assert not outcome.success
    assert "137" in outcome.log


def test_a_workflow_of_the_same_name_is_another_owner(tmp_path: Path) -> None:
    text = FRAGILE.format(decorator="")
    assert run(text, "Fragile", tmp_path, uid="first").success
    (tmp_path / "pods").rename(tmp_path / "old")
    second = run(text, "Fragile", tmp_path, uid="second")
    assert not second.success
    (tmp_path / "pods").rename(tmp_path / "older")
    assert run(text, "Fragile", tmp_path, uid="first").success
