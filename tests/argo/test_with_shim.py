"""The emitted manifest with the real shim in its containers: artifacts, and what happens when containers are killed or lost."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.backends import Options
from compiler.backends.argo import BACKEND
from tests.engines import FlowCase, Outcome
from tests.engines.argo import Submission, run_workflow
from tests.engines.argo_case import SHIM, run_argo, store_of
from tests.engines.argo_pods import Host, RunningPod
from tests.engines.compiling import compiled

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
from flowc import FlowSpec, Parameter, catch, current, retry, step

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
        parameters: dict[str, object] | None = None, uid: str | None = None, seed: int = 0,
        offloads: bool = False) -> Outcome:  # fmt: skip
    """Compile the text and run it on Argo."""
    path = folder / "code" / f"{flow.lower()}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    case = FlowCase(path, flow, parameters or {})
    return run_argo(case, folder, watch=watch, name="the-run", uid=uid, seed=seed, offloads=offloads)


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


NEVER = ["{{=1+", "{{=1+}}", 'a {{="', "{{= \n"]
STARTS = ["{{=1+1}}", "{{=nobody(1)}}", "{{=1 == '1'}}", "{{ open", "}} {{", "{{a}}", "{{=1+'x'}} }}"]


@pytest.mark.parametrize("text", [*NEVER, *STARTS])
def test_a_parameter_may_keep_a_workflow_from_starting(tmp_path: Path, text: str) -> None:
    """The controller reads all arguments as expressions, where they look like some, before it does anything."""
    outcome = run(
        FRAGILE.format(decorator="").replace("class Fragile(FlowSpec):", _TEXT),
        "Fragile",
        tmp_path,
        parameters={"text": text},
    )
    assert outcome.success == (text in STARTS), outcome.log
    assert ("the workflow never starts" in outcome.log) == (text in NEVER)


_TEXT = 'class Fragile(FlowSpec):\n    text = Parameter("text", default="")\n'


@pytest.mark.parametrize("size", [60_000, 98_000, 130_000, 400_000])
def test_a_long_parameter_arrives_where_the_controller_may_keep_it(tmp_path: Path, size: int) -> None:
    """Behind base64, of any length; a text that looks like the place of one stays what it is."""
    text = "@/tmp/argo_arg_1.txt é" + "x$y" * (size // 3)
    outcome = run(NESTED, "Nested", tmp_path, parameters={"text": text, "how-wide": 1}, offloads=True)
    assert outcome.success, outcome.log[-2000:]
    assert said(outcome, tmp_path) == repr(text)


def test_a_long_parameter_that_the_controller_may_not_keep_fails_the_run(tmp_path: Path) -> None:
    outcome = run(NESTED, "Nested", tmp_path, parameters={"text": "x" * 99_000, "how-wide": 1})
    assert not outcome.success
    assert "configmaps is forbidden" in outcome.log


@pytest.mark.parametrize("label", ["", "the-old-run.x1"])
def test_a_resubmitted_workflow_says_of_which_run_it_is_one(tmp_path: Path, label: str) -> None:
    """By the label that `argo resubmit` leaves; without one there is no name behind the namespace."""
    told: list[str] = []
    path = tmp_path / "fragile.py"
    path.write_text(FRAGILE.format(decorator=""), encoding="utf-8")
    _, files = compiled(FlowCase(path, "Fragile"), BACKEND, Options(default_image="i", store=store_of(tmp_path)))
    labels = {"workflows.argoproj.io/resubmitted-from-workflow": label} if label else {}
    host = Host(tmp_path / "pods", tmp_path, {"PYTHONPATH": str(SHIM)}, {"python": (sys.executable,)})
    result = run_workflow(
        files[0].text,
        host=host,
        submission=Submission(labels={"workflows.argoproj.io/phase": "Running", **labels}),
        watch=lambda pod: told.extend(str(each["value"]) for each in pod.spec.env if each["name"] == "FLOWC_ORIGIN"),
    )
    assert result.succeeded, result.log
    assert set(told) == {f"argo-default-{label}"}


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
