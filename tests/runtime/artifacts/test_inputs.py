"""Joins: what they see, in which order, and `merge_artifacts`."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.task.call import FAILED, MISTAKE

from tests.stages.sources import NESTED, SPLIT
from tests.stages.task import Stage
from tests.stages.tasks_of_run import walk

MERGE = "merge:start/left;right"


def _split(folder: Path, join: str, load: str = MERGE) -> tuple[Stage, object]:
    stage = Stage(folder, SPLIT.format(join=join))
    stage.done("start")
    stage.done("right", "start")
    stage.done("left", "start")
    return stage, stage.do("join", load)


@pytest.mark.parametrize(
    "join",
    [
        "assert [b.apart for b in inputs] == ['l', 'r']",
        "assert inputs[0].apart == inputs.left.apart == 'l' and inputs[-1].apart == inputs.right.apart == 'r'",
        "assert len(inputs) == 2 and [b.apart for b in inputs[::-1]] == ['r', 'l']",
        "assert (self.p, self.CONSTANT) == (1, 5)",
        "assert not hasattr(self, 'common') and not hasattr(self, 'both')",
        "assert inputs.left.only_left == 'l' and not hasattr(inputs.right, 'only_left')",
        "assert not hasattr(inputs, 'start')",
        "assert inputs.left.p == 1 and inputs.left.CONSTANT == 5",
        "assert inputs.left.changed is inputs[0].changed",
        "assert self.index is None and self.input is None and self.foreach_stack() == []",
        "inputs.left.changed.append(9); assert inputs.left.changed == [1, 2, 9]",
    ],
)
@pytest.mark.language("join.sees", "join.access", "foreach.outside")
def test_a_join_sees_its_inputs_parameters_and_constants(tmp_path: Path, join: str) -> None:
    _, reported = _split(tmp_path, join)
    assert reported.exit_code == 0, reported  # type: ignore[attr-defined]


def test_inputs_are_in_the_order_of_the_split(tmp_path: Path) -> None:
    stage, _ = _split(tmp_path, "self.order = [b.apart for b in inputs]", "merge:start/right;left")
    assert stage.left("join")["order"] == ["r", "l"]


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        ("self.merge_artifacts(inputs, exclude=['apart', 'changed'])", {"common", "both", "only_left"}),
        ("self.merge_artifacts(inputs, include=['common'])", {"common"}),
        ("self.merge_artifacts(inputs, include=['only_left'])", {"only_left"}),
        (
            "self.apart = self.changed = 0; self.merge_artifacts(inputs)",
            {"common", "both", "only_left", "apart", "changed"},
        ),
        ("self.apart = 0; self.merge_artifacts(inputs, include=['apart', 'both'])", {"apart", "both"}),
        ("self.merge_artifacts([inputs.left])", {"common", "changed", "both", "only_left", "apart"}),
        ("self.merge_artifacts(inputs, exclude=['apart', 'changed']); self.both", {"common", "both", "only_left"}),
        ("pass", set()),
    ],
)
@pytest.mark.language("merge.agree")
def test_merge_takes_over_what_the_branches_agree_on(tmp_path: Path, join: str, expected: set[str]) -> None:
    stage, reported = _split(tmp_path, join)
    assert reported.exit_code == 0, reported  # type: ignore[attr-defined]
    left = stage.left("join")
    assert set(left.names) - {"p", "CONSTANT"} == expected
    assert left["p"] == 1
    if "both" in expected:
        assert left["both"] == "same"


@pytest.mark.parametrize(
    ("join", "failure", "text"),
    [
        ("self.merge_artifacts(inputs)", "flowc.exceptions.UnhandledInMergeArtifactsException", "apart, changed"),
        (
            "self.merge_artifacts(inputs, exclude=['apart'])",
            "flowc.exceptions.UnhandledInMergeArtifactsException",
            "changed",
        ),
        (
            "self.merge_artifacts(inputs, include=['apart'])",
            "flowc.exceptions.UnhandledInMergeArtifactsException",
            "apart",
        ),
        (
            "self.merge_artifacts(inputs, include=['nothing'])",
            "flowc.exceptions.MissingInMergeArtifactsException",
            "nothing",
        ),
        (
            "self.merge_artifacts(inputs, include=['both'], exclude=['apart'])",
            "flowc.exceptions.MetaflowException",
            "not both",
        ),
        ("inputs.middle", "builtins.AttributeError", "left, right"),
        ("inputs[2]", "builtins.IndexError", ""),
        ("self.common", "builtins.AttributeError", "merge_artifacts"),
        ("self.inputs = inputs", "flowc.exceptions.UnpicklableArtifactException", "inputs"),
        ("self.it = [inputs.left]", "flowc.exceptions.UnpicklableArtifactException", "input"),
    ],
)
@pytest.mark.language("merge.conflict", "merge.include")
def test_a_wrong_join_fails_and_says_why(tmp_path: Path, join: str, failure: str, text: str) -> None:
    _, reported = _split(tmp_path, join)
    assert reported.exit_code == FAILED  # type: ignore[attr-defined]
    assert reported.failure.type == failure  # type: ignore[attr-defined]
    assert text in reported.failure.exception  # type: ignore[attr-defined]


@pytest.mark.language("merge.conflict")
def test_a_merge_that_fails_sets_nothing(tmp_path: Path) -> None:
    join = """
        from flowc.exceptions import UnhandledInMergeArtifactsException
        try:
            self.merge_artifacts(inputs)
        except UnhandledInMergeArtifactsException as error:
            self.names = error.artifact_names"""
    stage, _ = _split(tmp_path, join.strip())
    left = stage.left("join")
    assert left["names"] == ["apart", "changed"]
    assert set(left.names) == {"p", "CONSTANT", "names"}


@pytest.mark.language("merge.join-only")
def test_merge_is_for_joins(tmp_path: Path) -> None:
    stage = Stage(tmp_path, SPLIT.format(join="pass").replace('self.only_left = "l"', "self.merge_artifacts([])"))
    stage.done("start")
    reported = stage.do("left", "start")
    assert reported.failure is not None
    assert "no join" in reported.failure.exception


def _nested(folder: Path) -> Stage:
    stage = Stage(folder, NESTED)
    stage.done("start")
    for outer, width in (("0", 1), ("1", 2)):
        assert stage.do("outer", "foreach:start", outer).fan == width
        for inner in range(width):
            stage.done("inner", "foreach:outer", f"{outer}.{inner}")
        stage.done("close", "gather:outer/inner", outer)
    stage.done("join", "gather:start/close")
    stage.done("end", "join")
    return stage


@pytest.mark.language("foreach.stack", "foreach.outside")
def test_index_input_and_stack_at_every_depth(tmp_path: Path) -> None:
    stage = _nested(tmp_path)
    assert stage.left("outer", "1")["seen_outer"] == (1, "bc", [(1, 2, "bc")])
    assert stage.left("inner", "1.1")["seen"] == (1, 1, [(1, 2, "bc"), (1, 2, "1")], "bc")
    assert stage.left("close", "1")["here"] == (1, "bc", [(1, 2, "bc")])
    assert stage.left("join")["here"] == (None, None, [])
    assert [[(place, item) for place, item, _ in got] for got in stage.left("join")["all"]] == [
        [(0, 0)],
        [(0, 0), (1, 1)],
    ]
    assert stage.left("outer", "1")["ys"] == [0, 1], "a generator is materialised once"
    assert stage.left("inner", "1.0").item(0) == "bc"


def test_the_walk_finds_every_task_by_decisions_and_widths(tmp_path: Path) -> None:
    stage = _nested(tmp_path)
    found = {(task.step, task.index) for task, manifest in walk(stage.store, stage.run) if manifest}
    assert found == {
        ("start", "-"), ("outer", "0"), ("outer", "1"), ("inner", "0.0"), ("inner", "1.0"), ("inner", "1.1"),
        ("close", "0"), ("close", "1"), ("join", "-"), ("end", "-"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("[1, 2]", [1, 2]),
        ("(1, 2)", [1, 2]),
        ("'ab'", ["a", "b"]),
        ("{5}", [5]),
        ("{'a': 1, 'b': 2}", [("a", 1), ("b", 2)]),
        ("range(3)", [0, 1, 2]),
        ("__import__('numpy').arange(2)", [0, 1]),
        ("__import__('array').array('i', [7])", [7]),
        ("(n * n for n in range(3))", [0, 1, 4]),
        ("map(str, [1])", ["1"]),
        ("[None]", [None]),
    ],
)
def test_any_iterable_is_a_foreach(tmp_path: Path, value: str, items: list[object]) -> None:
    stage = Stage(tmp_path, NESTED.replace('["a", "bc"]', value).replace("len(self.input)", "1"))
    assert stage.do("start").fan == len(items)
    found = [stage.done("outer", "foreach:start", str(place))["seen_outer"][:2] for place in range(len(items))]
    assert found == list(enumerate(items))


@pytest.mark.parametrize(
    ("value", "text"),
    [("[]", "'xs', which is empty"), ("5", "no iterable but int"), ("iter(())", "which is empty")],
)
@pytest.mark.language("foreach.empty")
def test_a_foreach_over_nothing_fails_and_names_step_and_variable(tmp_path: Path, value: str, text: str) -> None:
    reported = Stage(tmp_path, NESTED.replace('["a", "bc"]', value)).do("start")
    assert reported.exit_code == FAILED
    assert reported.failure is not None
    assert "step 'start'" in reported.failure.exception
    assert text in reported.failure.exception


def test_items_are_as_they_were_at_the_split(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        """
        from flowc import FlowSpec, step
        class F(FlowSpec):
            @step
            def start(self):
                self.xs = [[0], [1]]
                self.next(self.body, foreach="xs")
            @step
            def body(self):
                self.input.append("changed")
                self.xs[1].append("changed")
                self.seen = (self.input, self.xs)
                self.next(self.more)
            @step
            def more(self):
                self.again = (self.input, self.xs)
                self.next(self.join)
            @step
            def join(self, inputs):
                pass
        """,
    )
    stage.done("start")
    assert stage.done("body", "foreach:start", "1")["seen"] == ([1, "changed"], [[0], [1, "changed"]])
    assert stage.done("more", "body", "1")["again"] == ([1], [[0], [1, "changed"]])


SWITCH = """
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.v = {value}
        self.next({{"a": self.a, 1: self.b, None: self.a}}, condition="v")
    @step
    def a(self):
        self.by = "a"
        self.next(self.end)
    @step
    def b(self):
        self.by = "b"
        self.next(self.end)
    @step
    def end(self):
        self.seen = self.by
"""


@pytest.mark.parametrize(("value", "case", "arm"), [("'a'", 0, "a"), ("1", 1, "b"), ("True", 1, "b"), ("None", 2, "a")])
def test_a_switch_reports_the_position_of_its_case(tmp_path: Path, value: str, case: int, arm: str) -> None:
    stage = Stage(tmp_path, SWITCH.format(value=value))
    assert stage.do("start").case == case
    stage.done(arm, "start")
    end = stage.done("end", "start=0.2:a,start=1:b")
    assert end["seen"] == arm
    assert end.decisions == {"start": case}
    assert [task.step for task, _ in walk(stage.store, stage.run)] == ["start", arm, "end"]


@pytest.mark.language("switch.unmatched")
def test_a_switch_without_the_case_says_value_and_keys(tmp_path: Path) -> None:
    reported = Stage(tmp_path, SWITCH.format(value="'other'")).do("start")
    assert reported.failure is not None
    assert "v = 'other'" in reported.failure.exception
    assert "'a', 1, None" in reported.failure.exception


def test_after_a_clear_the_new_arm_counts_and_not_what_exists(tmp_path: Path) -> None:
    stage = Stage(tmp_path, SWITCH.format(value="__import__('os').environ['FLOWC_TEST_ARM']"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWC_TEST_ARM", "a")
        stage.done("start")
        stage.done("a", "start")
        stage.path.write_text(stage.path.read_text())
    second = Stage(tmp_path, SWITCH.format(value="1"), stage.store)
    second.done("start")
    second.done("b", "start")
    assert second.done("end", "start=0.2:a,start=1:b")["seen"] == "b"
    assert [task.step for task, _ in walk(stage.store, stage.run)] == ["start", "b", "end"]


def test_a_foreach_that_became_narrower_has_only_its_new_children(tmp_path: Path) -> None:
    stage = Stage(tmp_path, NESTED.replace('["a", "bc"]', '["a", "b", "c"]'))
    stage.done("start")
    for place in "012":
        stage.done("outer", "foreach:start", place)
        stage.done("inner", "foreach:outer", f"{place}.0")
        stage.done("close", "gather:outer/inner", place)
    narrower = Stage(tmp_path, NESTED.replace('["a", "bc"]', '["z"]'), stage.store)
    narrower.done("start")
    stale = narrower.do("outer", "foreach:start", "2")
    assert stale.exit_code == MISTAKE
    assert "has 1 children" in stale.message
    narrower.done("outer", "foreach:start", "0")
    narrower.done("inner", "foreach:outer", "0.0")
    narrower.done("close", "gather:outer/inner", "0")
    assert len(narrower.done("join", "gather:start/close")["all"]) == 1
    assert ("outer", "2") not in {(task.step, task.index) for task, _ in walk(stage.store, stage.run)}


@pytest.mark.parametrize(
    "load", ["nowhere", "foreach:nowhere", MERGE.replace("start", "nowhere"), "gather:nowhere/left"]
)
def test_what_is_not_in_the_store_is_a_mistake_in_the_call(tmp_path: Path, load: str) -> None:
    stage = Stage(tmp_path, SPLIT.format(join="pass"))
    stage.done("start")
    reported = stage.do("left", load, "0" if load.startswith("foreach") else "-")
    assert reported.exit_code == MISTAKE
    assert "F/r/nowhere/nowhere are not in the store" in reported.message
