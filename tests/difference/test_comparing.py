"""Prepared pairs of flows: exactly what was prepared, as values and in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.difference.changes import (
    FlowAdded,
    FlowMoved,
    FlowRemoved,
    FlowRenamed,
    ParameterChoicesGained,
    ParameterChoicesLost,
    ParameterVariablesChanged,
    PlanOtherwise,
    StepsReordered,
)
from compiler.difference.comparing import compare
from compiler.difference.part_changes import (
    HelpersChanged,
    OnlyCodeChanged,
    OutputChanged,
    PackageFilesChanged,
    TargetRefuses,
    TargetTakes,
)
from compiler.difference.parts.runs import (
    AirflowDagGoes,
    AirflowGainsSteps,
    AirflowLosesSteps,
    AirflowMixes,
    AirflowRecounts,
    AirflowRegroups,
    DeploymentStays,
    RunsKeepDefinition,
)
from compiler.difference.telling.sentences import kind, plain, sentence
from compiler.slotted_class import replaced
from tests.difference.opposites import opposite
from tests.difference.parameter_cases import PARAMETERS
from tests.difference.plan_cases import PLAN
from tests.difference.prepared import FLOW, Case, edited
from tests.difference.states import NOW, SETTINGS, between, of_plan, right, side
from tests.difference.step_cases import STARTS, STEPS

CASES = (*PLAN, *PARAMETERS, *STEPS, *STARTS)
TARGET = ("argo",)


def test_there_are_enough() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pair_differs_in_what_was_prepared(case: Case, tmp_path: Path) -> None:
    old = {"train.py": edited(case.before)}
    new = {"train.py": edited(case.edits), "pyproject.toml": SETTINGS + case.settings}
    found = of_plan(between(tmp_path, old, new, TARGET))
    assert found == [change for change, _ in case.told]
    assert [plain(sentence(change)) for change in found] == [words for _, words in case.told]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_came_one_way_goes_the_other(case: Case, tmp_path: Path) -> None:
    files = (
        {"train.py": edited(case.before)},
        {"train.py": edited(case.edits), "pyproject.toml": SETTINGS + case.settings},
    )
    states = [right(side(tmp_path / str(at), each, TARGET)) for at, each in enumerate(files)]
    there, back = (of_plan(list(compare(*pair, NOW))) for pair in (states, states[::-1]))
    named = [{kind(type(each)).replace("required-parameter", "parameter") for each in found} for found in (there, back)]
    assert {opposite(each) for each in named[0]} == named[1]
    assert not [each for each in compare(states[0], states[0], NOW) if each.changes]


TINY = """import click
from metaflow import FlowSpec, Parameter, step


class {name}(FlowSpec):
    {member}

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def _told(tmp_path: Path, old: dict[str, str], new: dict[str, str], *targets: str) -> list[object]:
    return [change for flow in between(tmp_path, old, new, targets or TARGET) for change in flow.changes]


def test_a_flow_that_came_and_one_that_went(tmp_path: Path) -> None:
    other = FLOW.replace("TrainFlow", "OtherFlow").replace(
        "self.next(self.each", "self.y = 0\n        self.next(self.each"
    )
    tiny = TINY.format(name="TinyFlow", member="")
    assert FlowAdded("TinyFlow") in _told(tmp_path / "a", {"train.py": FLOW}, {"train.py": FLOW, "tiny.py": tiny})
    assert FlowRemoved("TinyFlow") in _told(tmp_path / "b", {"train.py": FLOW, "tiny.py": tiny}, {"train.py": FLOW})
    found = _told(tmp_path / "c", {"tiny.py": tiny}, {"train.py": other})
    assert {FlowRemoved("TinyFlow"), FlowAdded("OtherFlow")} <= set(found)


def test_a_flow_that_is_in_another_file_or_has_another_name(tmp_path: Path) -> None:
    renamed = FLOW.replace("TrainFlow", "FitFlow")
    assert of_plan(between(tmp_path / "a", {"train.py": FLOW}, {"deep/fit.py": FLOW})) == [
        FlowMoved("TrainFlow", "train.py", "deep/fit.py")
    ]
    found = of_plan(between(tmp_path / "b", {"train.py": FLOW}, {"fit.py": renamed}))
    assert found == [FlowRenamed("TrainFlow", "FitFlow"), FlowMoved("FitFlow", "train.py", "fit.py")]


def test_choices_and_variables_of_a_parameter(tmp_path: Path) -> None:
    def flow(arguments: str) -> dict[str, str]:
        own = f'size = Parameter("size", default="a", {arguments})'
        return {"f.py": TINY.format(name="SizedFlow", member=own)}

    old, new = flow('type=click.Choice(["a", "b"])'), flow('type=click.Choice(["a", "c"]), envvar="SIZE"')
    assert of_plan(between(tmp_path, old, new)) == [
        ParameterChoicesLost("size", ("b",)),
        ParameterChoicesGained("size", ("c",)),
        ParameterVariablesChanged("size", ("nothing",), ("SIZE",)),
    ]


DIGEST = '[tool.flowc]\nregistry = "team"\n'


def test_comments_change_only_the_code(tmp_path: Path) -> None:
    old = {"train.py": FLOW, "pyproject.toml": DIGEST}
    found = _told(tmp_path, old, {**old, "train.py": FLOW + "\n# a comment\n"}, "airflow", "argo")
    changed = [each for each in found if not isinstance(each, AirflowMixes | RunsKeepDefinition)]
    assert changed == [OnlyCodeChanged("airflow", "TrainFlow.py"), OnlyCodeChanged("argo", "train-flow.yaml")]
    (kept,) = (each for each in found if isinstance(each, RunsKeepDefinition))
    assert kept.named.startswith("team/trainflow:")
    assert not _told(tmp_path / "fixed", {"train.py": FLOW}, {"train.py": FLOW + "\n# a comment\n"}, "airflow", "argo")


def test_files_that_come_with_the_flow(tmp_path: Path) -> None:
    flow = f"import kept\nimport same\n{FLOW}"
    old = {"train.py": flow, "pyproject.toml": DIGEST, "kept.py": "a = 1\n", "same.py": "b = 1\n", "gone.txt": "x"}
    new = {
        "train.py": flow,
        "pyproject.toml": DIGEST,
        "kept.py": "a = 2\n",
        "same.py": "b = 1  # one\n",
        "new.txt": "y",
    }
    assert PackageFilesChanged(("-gone.txt", "~kept.py", "+new.txt")) in _told(tmp_path, old, new)


def test_what_a_run_of_the_old_version_meets(tmp_path: Path) -> None:
    port = FLOW.replace("def left", "def port").replace("self.left,", "self.port,")
    found = _told(tmp_path / "a", {"train.py": FLOW}, {"train.py": port}, "airflow", "argo", "step-functions")
    notes = [each for each in found if type(each).__module__.endswith(".runs")]
    assert notes == [
        AirflowLosesSteps(("left",)),
        AirflowGainsSteps(("port",)),
        AirflowMixes(),
        RunsKeepDefinition("argo", "team/flows:1"),
        RunsKeepDefinition("step-functions", "team/flows:1, the revisions of its job definitions"),
    ]
    renamed = FLOW.replace("TrainFlow", "FitFlow")
    found = _told(tmp_path / "b", {"train.py": FLOW}, {"train.py": renamed}, "airflow", "argo", "step-functions")
    notes = [each for each in found if type(each).__module__.endswith(".runs")]
    assert notes == [
        AirflowDagGoes("TrainFlow"),
        DeploymentStays("argo", "train-flow"),
        DeploymentStays("step-functions", "TrainFlow"),
    ]


def test_other_containers_are_other_tasks_to_airflow(tmp_path: Path) -> None:
    shared = {"train.py": FLOW, "pyproject.toml": SETTINGS + "fuse = true\nchunk = {each = 4}\n"}
    found = _told(tmp_path, {"train.py": FLOW}, shared, "airflow")
    notes = [each for each in found if type(each).__module__.endswith(".runs")]
    assert notes == [AirflowRegroups(("gather", "end")), AirflowRecounts(("each",)), AirflowMixes()]


def test_a_target_that_refuses(tmp_path: Path) -> None:
    sensor = '@airflow_s3_key_sensor(bucket_key="s3://b/k")\nclass TrainFlow'
    waiting = FLOW.replace("class TrainFlow", sensor).replace(
        "Config, FlowSpec", "Config, FlowSpec, airflow_s3_key_sensor"
    )
    states = [
        side(tmp_path / name, {"train.py": text}, ["airflow", "argo"]).states
        for name, text in (("old", FLOW), ("new", waiting))
    ]
    ((there,), (back,)) = (compare(*pair, NOW) for pair in (states, states[::-1]))
    (refused,) = (each for each in there.changes if isinstance(each, TargetRefuses))
    assert (refused.target, refused.why[:5]) == ("argo", "FC301")
    assert any(isinstance(each, OutputChanged) and each.target == "airflow" for each in there.changes)
    assert any(isinstance(each, TargetTakes) for each in back.changes)
    assert HelpersChanged(("the imports",)) in back.changes


SWITCH = """from metaflow import FlowSpec, step


class SwitchFlow(FlowSpec):
    @step
    def start(self):
        self.way = "a"
        self.next({"a": self.one, "b": self.other}, condition="way")

    @step
    def one(self):
        self.next(self.end)
{between}
    @step
    def end(self):
        pass
{last}"""
OTHER = """
    @step
    def other(self):
        self.way = 1
        self.next(self.end)
"""


def test_steps_that_stand_in_another_order_where_files_follow_it(tmp_path: Path) -> None:
    first = SWITCH.replace("{between}", OTHER).replace("{last}", "")
    last = first.replace("    @step\n    def one(self):\n        self.next(self.end)\n", "").replace(
        "    @step\n    def end", "    @step\n    def one(self):\n        self.next(self.end)\n\n    @step\n    def end"
    )
    found = of_plan(between(tmp_path, {"f.py": first}, {"f.py": last}, TARGET))
    assert found == [StepsReordered(("start", "one", "other", "end"), ("start", "other", "one", "end"))]


def test_what_no_kind_of_change_knows_is_told_by_the_lines_of_the_plan(tmp_path: Path) -> None:
    (state,) = right(side(tmp_path, {"train.py": FLOW}, TARGET))
    other = replaced(state, plan=replaced(state.plan, features=(*state.plan.features, ("sensor", state.flow.span))))
    assert of_plan(list(compare([state], [other], NOW))) == [PlanOtherwise((), ("  feature sensor",))]
