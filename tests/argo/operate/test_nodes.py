"""Which task a node is: all tasks that the store has of a run, nested, switched, repeated and with names that are shortened."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.backends.argo.operate.nodes import fnv, pod_name
from tests.conformance.results import read_result
from tests.engines import FlowCase
from tests.engines.argo_place import Place
from tests.stages.operated import written

LONG = "a_step_whose_name_is_much_longer_than_" + "any_that_anybody_would_write_" * 4

NESTED = f"""
from flowc import FlowSpec, step

class Nested(FlowSpec):
    @step
    def start(self):
        self.xs = [0, 1]
        self.next(self.outer, foreach="xs")

    @step
    def outer(self):
        self.ys = list(range(self.input + 1))
        self.next(self.{LONG}, foreach="ys")

    @step
    def {LONG}(self):
        self.way = "left" if self.input else "right"
        self.next({{"left": self.left_one, "right": self.right_one}}, condition="way")

    @step
    def left_one(self):
        self.next(self.meet)

    @step
    def right_one(self):
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.ins)

    @step
    def ins(self, inputs):
        self.next(self.outs)

    @step
    def outs(self, inputs):
        self.count = 0
        self.next(self.true)

    @step
    def true(self):
        self.count += 1
        self.again = "yes" if self.count < 3 else "no"
        self.next({{"yes": self.true, "no": self.end}}, condition="again")

    @step
    def end(self):
        pass
"""


def test_the_tasks_of_a_run_are_those_of_the_store(stand_in: Place, tmp_path: Path) -> None:
    case: FlowCase = written(tmp_path, NESTED, "Nested")
    run = stand_in.over(stand_in.start(stand_in.deploy(case)).run)
    assert run.phase == "succeeded", run
    stored = read_result(stand_in.outcome(case, run), tmp_path / "code").tasks
    assert {(each.step, each.index) for each in run.tasks} == {
        (step, index) for step, index in stored if "~" not in index
    }


@pytest.mark.parametrize(("text", "hashed"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_the_hash_is_the_published_one(text: str, hashed: int) -> None:
    assert fnv(text) == hashed


def test_a_pod_is_named_as_argo_names_it() -> None:
    workflow = {"metadata": {"name": "wf"}}
    node = {"id": "wf-1", "name": "wf.a", "templateName": "step"}
    assert pod_name(workflow, node) == f"wf-step-{fnv('wf.a')}"
    assert (
        pod_name({"metadata": {"name": "wf", "annotations": {"workflows.argoproj.io/pod-name-format": "v1"}}}, node)
        == "wf-1"
    )
    assert pod_name(workflow, {**node, "name": "wf"}) == "wf"
