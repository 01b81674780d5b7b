"""Mutators: when they act, what they may change, and what they are told where they may not."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flowc.exceptions import CallMistake, MetaflowException

from tests.stages.task import Stage

FLOW = """
from flowc import (
    FlowMutator, FlowSpec, MutableStep, Parameter, StepMutator, UserStepDecorator, catch, environment, project, retry,
    schedule, step, user_step_decorator,
)

ORDER = []

@user_step_decorator
def marked(step_name, flow, inputs, attributes):
    yield

class Logged(StepMutator):
    def init(self, *names, **more):
        self.names = names
    def pre_mutate(self, mutable_step):
        ORDER.append(("pre step", *self.names))
    def mutate(self, mutable_step):
        ORDER.append(("step", *self.names))

class LoggedFlow(FlowMutator):
    def pre_mutate(self, mutable_flow):
        ORDER.append("pre flow")
        mutable_flow.start.add_decorator("Logged:0=added")
    def mutate(self, mutable_flow):
        ORDER.append("flow")

class Does(FlowMutator):
    def pre_mutate(self, flow):
        step = flow.start
        PRE
    def mutate(self, flow):
        step = flow.start
        LATE

class Both(StepMutator, UserStepDecorator):
    def mutate(self, mutable_step):
        mutable_step.add_decorator(retry, deco_kwargs={"times": 1})
    def pre_step(self, step_name, flow, inputs=None):
        flow.both = True

DECORATORS
class F(FlowSpec):
    p = Parameter("p-name", default=1)
    ABOVE
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.fixture(autouse=True)
def _compiled_with_import(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each flow is alone in its process, but for this one's tests: names are looked up among all classes that there are."""
    monkeypatch.setenv("FLOWC_MUTATED", "1")
    yield
    for name in [name for name in sys.modules if name.startswith("staged_flow_")]:
        del sys.modules[name]
    gc.collect()


def _stage(folder: Path, *, pre: str = "pass", late: str = "pass", flow: str = "@Does", above: str = "") -> Stage:
    text = FLOW.replace("PRE", pre).replace("LATE", late).replace("DECORATORS", flow)
    return Stage(folder, text.replace("ABOVE", above.replace(" @", "\n    @")))


def _marks(stage: Stage) -> list[tuple[str, Any]]:
    return [(mark.name, mark.attributes) for mark in stage.loaded.steps["start"].decorators]


def test_flows_go_first_and_every_pre_mutate_before_any_mutate(tmp_path: Path) -> None:
    stage = _stage(tmp_path, flow="@LoggedFlow", above="@Logged('a') @Logged('b')")
    order = __import__(stage.stem).ORDER
    assert order == ["pre flow", ("pre step", "b"), ("pre step", "a"), "flow", ("step", "b"), ("step", "a")]


def test_a_class_that_is_a_mutator_and_a_user_step_decorator_is_both(tmp_path: Path) -> None:
    stage = _stage(tmp_path, flow="", above="@Both")
    assert _marks(stage) == [("retry", {"times": 1, "minutes_between_retries": 2})]
    assert stage.done("start")["both"] is True


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("step.add_decorator('retry:times=4')", {"times": 4, "minutes_between_retries": 2}),
        ("step.add_decorator(retry, deco_kwargs={'times': 4})", {"times": 4, "minutes_between_retries": 2}),
        ("step.add_decorator('retry', deco_kwargs={'times': 4})", {"times": 4, "minutes_between_retries": 2}),
        ('step.add_decorator(\'environment:vars={"A": "x=1,y"}\')', {"vars": {"A": "x=1,y"}}),
        ("step.add_decorator('catch:var=problem,print_exception=false')", {"var": "problem", "print_exception": False}),
    ],
)
def test_decorators_are_added_in_every_spelling(tmp_path: Path, change: str, expected: dict[str, Any]) -> None:
    for at, how in enumerate(({"pre": change}, {"late": change})):
        folder = tmp_path / str(at)
        folder.mkdir()
        assert [attributes for _, attributes in _marks(_stage(folder, **how))] == [expected]


@pytest.mark.parametrize(
    ("duplicates", "times"), [("", 9), (", duplicates=step.IGNORE", 9), (", duplicates=MutableStep.OVERRIDE", 4)]
)
def test_what_is_there_already_stays_unless_it_is_overridden(tmp_path: Path, duplicates: str, times: int) -> None:
    change = f"assert (step.add_decorator('retry:times=4'{duplicates}) is None) == ({times} == 9)"
    assert [mark[1]["times"] for mark in _marks(_stage(tmp_path, late=change, above="@retry(times=9)"))] == [times]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("assert step.remove_decorator('retry')", ["marked"]),
        ("assert not step.remove_decorator('retry', deco_kwargs={'times': 1})", ["retry", "marked"]),
        ("assert step.remove_decorator('marked')", ["retry"]),
        ("assert step.remove_decorator('marked', deco_kwargs={'by': 2})", ["retry"]),
        ("assert not step.remove_decorator('marked', deco_kwargs={'by': 3})", ["retry", "marked"]),
        ("assert not step.remove_decorator('catch')", ["retry", "marked"]),
        ("assert step.has_decorator('retry') and not step.has_decorator('catch')", ["retry", "marked"]),
        ("assert step.get_decorator_specs('marked')[0][2:] == ([], {'by': 2})", ["retry", "marked"]),
        ("assert step.flow.has_decorator('Does') and dict(flow.steps).keys() == {'start', 'end'}", ["retry", "marked"]),
    ],
)
def test_decorators_are_looked_at_and_removed(tmp_path: Path, change: str, left: list[str]) -> None:
    stage = _stage(tmp_path, late=change, above="@retry(times=9) @marked(by=2)")
    marks = stage.loaded.steps["start"]
    assert [*(mark.name for mark in marks.decorators), *(type(each).__name__ for each in marks.wrappers)] == left


def test_parameters_are_added_and_removed_before_the_first_step_takes_them(tmp_path: Path) -> None:
    pre = "assert flow.remove_parameter('p-name'); flow.add_parameter('q', Parameter('q-name', default=2))"
    left = _stage(tmp_path, pre=pre).done("start", parameters={"q-name": "5"})
    assert left["q"] == 5
    assert "p" not in left.names


def test_the_flow_takes_decorators(tmp_path: Path) -> None:
    stage = _stage(
        tmp_path,
        pre="flow.add_decorator('project:name=x'); flow.remove_decorator('schedule')",
        flow="@Does\n@schedule(daily=True)",
    )
    assert [(mark.name, mark.attributes) for mark in stage.loaded.marks] == [("project", {"name": "x"})]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"late": "flow.add_parameter('q', Parameter('q'))"}, "adding a parameter is for `pre_mutate`"),
        ({"late": "flow.remove_parameter('p-name')"}, "removing a parameter is for `pre_mutate`"),
        ({"late": "flow.add_decorator('project:name=x')"}, "adding a decorator is for `pre_mutate`"),
        ({"late": "step.add_decorator('Logged')"}, "adding a mutator is for `pre_mutate`"),
        ({"late": "step.remove_decorator('Logged')", "above": "@Logged"}, "removing a mutator is for `pre_mutate`"),
        ({"pre": "flow.add_parameter('p', Parameter('p'))"}, "the flow has 'p' already"),
        ({"pre": "flow.add_parameter('q', 3)"}, "wants a Parameter, not 3"),
        ({"pre": "flow.remove_decorator('Does')"}, "is a mutator, and those cannot be removed"),
        ({"pre": "step.add_decorator('nothing')"}, "there is no step decorator 'nothing'"),
        ({"pre": "step.add_decorator('schedule')"}, "there is no step decorator 'schedule'"),
        ({"pre": "step.add_decorator('retry:times')"}, "'times' is no `key=value`"),
        ({"pre": "step.add_decorator('retry:times=1', deco_kwargs={'times': 2})"}, "has its arguments already"),
        ({"pre": "step.add_decorator('retry:time=1')"}, "@retry has no argument 'time'"),
        ({"pre": "step.add_decorator(retry, deco_args=[1])"}, "take their arguments by name"),
        ({"pre": "step.add_decorator('retry', duplicates=step.ERROR)", "above": "@retry"}, "@retry is there already"),
        ({"flow": "@LoggedFlow(3)"}, "has no method `init`"),
    ],
)
def test_what_a_mutator_may_not_do_says_so(tmp_path: Path, how: dict[str, str], words: str) -> None:
    with pytest.raises(MetaflowException, match=words.replace("(", "\\(")):
        _stage(tmp_path, **how)


def test_a_mutator_that_the_compiler_did_not_see_does_not_act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWC_MUTATED")
    with pytest.raises(CallMistake, match="compiled without running them: compile it with `--import`"):
        _stage(tmp_path)


def test_two_flows_of_a_base_change_each_their_own_steps(tmp_path: Path) -> None:
    text = FLOW.replace("PRE", "pass").replace("LATE", "step.add_decorator('retry:times=4')").replace("ABOVE", "")
    stage = Stage(tmp_path, text.replace("DECORATORS", "") + "\n@Does\nclass G(F):\n    pass\n")
    from flowc.source.module import inspected

    changed = inspected("G", __import__(stage.stem).G)
    assert [mark.name for mark in changed.steps["start"].decorators] == ["retry"]
    assert _marks(stage) == []
