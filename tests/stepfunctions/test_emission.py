"""What is emitted beyond the shape of the flow: job definitions, schedules, policies, and what is refused at which line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.backends import Options, OutputFile, refuse
from compiler.backends.stepfunctions import BACKEND
from compiler.backends.stepfunctions.jobs import FARGATE, fargate_pair
from compiler.backends.stepfunctions.layout import layout
from compiler.backends.stepfunctions.schedule import expression
from compiler.diagnostics import Report
from compiler.ir.flow import Dynamic, Span, Value
from compiler.ir.plan import Option, Plan, Resources, Schedule, Task
from compiler.ir.planner import plan
from compiler.pipeline import compile_flow
from compiler.slotted_class import replaced
from tests.engines.stepfunctions import substitute
from tests.engines.stepfunctions_lint import asl_validator, lint, lint_jobs
from tests.stages.plans import SPAN, flow

ROOT = Path(__file__).resolve().parents[2]
FLOWS = sorted((ROOT / "examples").glob("*.py"))
OPTIONS = Options(default_image="f:0123")
HERE = Span("flow.py", 7, 5, 7, 20)
PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


def emitted(path: Path, **target: Value) -> Mapping[str, OutputFile]:
    """The files of an example by the end of their names."""
    files, report = compile_flow(path, BACKEND, replaced(OPTIONS, target=target))
    assert files, [finding.message for finding in report]
    return {file.name.partition(".")[2]: file for file in files}


def with_step(**changes: Any) -> Plan:
    """A flow of three steps whose middle one, `a`, is changed."""
    made = plan(flow(start="a", a="end", end=""))
    nodes = tuple(
        replaced(node, span=HERE, **changes) if isinstance(node, Task) and node.step == "a" else node
        for node in made.root.nodes
    )
    return replaced(made, root=replaced(made.root, nodes=nodes))


def emit(decided: Plan, options: Options = OPTIONS) -> tuple[dict[str, Any], dict[str, Any]]:
    """The states of the root and the job definitions."""
    machine, jobs = BACKEND.emit(decided, options)[:2]
    return json.loads(machine.text)["States"], json.loads(jobs.text)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_no_lint_finds_anything(path: Path, tmp_path: Path) -> None:
    files = emitted(path)
    values = {"StoreBucket": "b", "JobQueue": "q", **dict.fromkeys(json.loads(files["jobs.json"].text), "d")}
    machine = substitute(files["asl.json"].text, values)
    assert lint(machine) == ()
    assert lint_jobs(files["jobs.json"].text) == ()
    assert asl_validator(machine, tmp_path) == ""


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=40,
    )
)
def test_any_value_survives_its_layout(value: Any) -> None:
    assert json.loads(layout(value)) == value


def test_a_flow_may_nest_very_deep() -> None:
    """Its text grows with its steps, not with the square of its depth."""
    deep = {f"s{at}": f"s{at + 1}*" for at in range(300)} | {f"j{at}": f"+ j{at - 1}" for at in range(1, 300)}
    made = flow(start="s0", **deep, s300="j299", j0="+ end", end="")
    assert len(BACKEND.emit(plan(made), OPTIONS)[0].text) < 8000 * 300


def test_one_definition_for_each_configuration() -> None:
    """Two steps that need the same share one; the plain one bears the plain name."""
    made = plan(flow(start="a_b", a_b="c", c="end", end=""))
    big = Resources(cpu=2, memory=8000)
    nodes = tuple(
        replaced(node, resources=big) if isinstance(node, Task) and node.step in ("a_b", "c") else node
        for node in made.root.nodes
    )
    states, jobs = emit(replaced(made, root=replaced(made.root, nodes=nodes)))
    assert list(jobs) == ["JobDefinition", "JobDefinitionAB"]
    used = {name: state["Parameters"].get("JobDefinition") for name, state in states.items()}
    assert used["a_b"] == used["c"] == "${JobDefinitionAB}"
    assert used["start"] == used["end"] == "${JobDefinition}"
    requirements = jobs["JobDefinitionAB"]["containerProperties"]["resourceRequirements"]
    assert requirements == [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "8000"}]


def option(name: str, value: Value | Dynamic, decorator: str = "batch") -> Option:
    return Option(decorator, name, value, HERE)


def device(path: str) -> object:
    return {"devices": [{"containerPath": path, "hostPath": path, "permissions": ["READ", "WRITE"]}]}


SPELLED: Mapping[str, tuple[Value, str, object]] = {
    "iam_role": ("arn:r", "jobRoleArn", "arn:r"),
    "execution_role": ("arn:e", "executionRoleArn", "arn:e"),
    "max_swap": (10, "linuxParameters", {"maxSwap": 10}),
    "swappiness": (0, "linuxParameters", {"swappiness": 0}),
    "use_tmpfs": (True, "linuxParameters", {"tmpfs": [{"containerPath": "/metaflow_temp", "size": 2048}]}),
    "privileged": (True, "privileged", True),
    "tmpfs_size": (5, "linuxParameters", {"tmpfs": [{"containerPath": "/metaflow_temp", "size": 5}]}),
    "inferentia": (1, "linuxParameters", device("/dev/neuron0")),
    "trainium": (1, "linuxParameters", device("/dev/neuron0")),
    "efa": (1, "linuxParameters", device("/dev/infiniband/uverbs0")),
    "host_volumes": (("/a:/b",), "mountPoints", [{"sourceVolume": "host0", "containerPath": "/b", "readOnly": False}]),
    "efs_volumes": ("fs-1", "mountPoints", [{"sourceVolume": "efs0", "containerPath": "/mnt/fs-1", "readOnly": False}]),
    "log_driver": ("awslogs", "logConfiguration", {"logDriver": "awslogs", "options": {}}),
}  # fmt: skip


@pytest.mark.parametrize("name", SPELLED)
def test_options_of_batch_are_spelled(name: str) -> None:
    value, key, expected = SPELLED[name]
    _, jobs = emit(with_step(options=(option(name, value),)))
    assert jobs["JobDefinitionA"]["containerProperties"][key] == expected


@pytest.mark.language("kubernetes.options")
def test_every_option_of_batch_is_spelled_or_refused() -> None:
    elsewhere = {"queue", "aws_batch_tags", "ephemeral_storage", "log_options", "tmpfs_path", "tmpfs_tempdir"}
    assert set(SPELLED) | elsewhere == BACKEND.spells["batch"]
    states, jobs = emit(with_step(options=(option("queue", "fast"), option("aws_batch_tags", {"a": "b"}))))
    assert states["a"]["Parameters"]["JobQueue"] == "fast"
    assert (jobs["JobDefinitionA"]["tags"], jobs["JobDefinitionA"]["propagateTags"]) == ({"a": "b"}, True)
    options = (option("log_driver", "awslogs"), option("log_options", ("awslogs-group:x:y",)))
    _, jobs = emit(with_step(options=options))
    assert jobs["JobDefinitionA"]["containerProperties"]["logConfiguration"]["options"] == {"awslogs-group": "x:y"}


@pytest.mark.parametrize(
    ("said", "path", "has_variable"),
    [
        ({"tmpfs_path": "/t"}, None, False),
        ({"tmpfs_path": "/t", "tmpfs_size": 5}, "/t", True),
        ({"use_tmpfs": False, "tmpfs_size": "5"}, "/metaflow_temp", True),
        ({"use_tmpfs": True, "tmpfs_tempdir": False}, "/metaflow_temp", False),
    ],
)
def test_a_tmpfs_is_where_temporary_files_go(said: Mapping[str, Value], path: str | None, has_variable: bool) -> None:
    """As Metaflow reads it: a size says that there is one, a path does not."""
    _, jobs = emit(with_step(options=tuple(option(name, value) for name, value in said.items())))
    properties = (
        next(reversed(jobs.values()))["containerProperties"]
        if path is None
        else jobs["JobDefinitionA"]["containerProperties"]
    )
    mounted = [each["containerPath"] for each in properties.get("linuxParameters", {}).get("tmpfs", ())]
    assert mounted == ([path] if path else [])
    assert [each["value"] for each in properties["environment"] if each["name"] == "TMPDIR"] == (
        [path] if has_variable else []
    )


def settings(**target: Value) -> Options:
    return replaced(OPTIONS, target=target)


FARGATE_TARGET = settings(platform="FARGATE")
REFUSED: Mapping[str, tuple[Plan, Options, str]] = {
    "store": (with_step(), replaced(OPTIONS, store="file:/x"), "FC331"),
    "gpu on Fargate": (with_step(resources=Resources(gpu=1)), FARGATE_TARGET, "FC333"),
    "too much for Fargate": (with_step(resources=Resources(cpu=32)), FARGATE_TARGET, "FC333"),
    "shared memory on Fargate": (with_step(resources=Resources(shared_memory=64)), FARGATE_TARGET, "FC333"),
    "swap on Fargate": (with_step(options=(option("max_swap", 1),)), FARGATE_TARGET, "FC333"),
    "a tmpfs's size on Fargate": (with_step(options=(option("tmpfs_size", 1),)), FARGATE_TARGET, "FC333"),
    "disk on EC2": (with_step(resources=Resources(disk=1)), OPTIONS, "FC333"),
    "ephemeral storage on EC2": (with_step(options=(option("ephemeral_storage", 30),)), OPTIONS, "FC333"),
    "swappiness": (with_step(options=(option("swappiness", 101),)), OPTIONS, "FC334"),
    "run time's value": (with_step(options=(option("queue", Dynamic("os.environ['Q']", HERE)),)), OPTIONS, "FC334"),
    "placeholder": (with_step(options=(option("queue", "${JobQueue}"),)), OPTIONS, "FC647"),
    "placeholder in a tag": (with_step(options=(option("aws_batch_tags", {"a": "${X}"}),)), OPTIONS, "FC647"),
    "placeholder as image": (with_step(image="${Image}"), OPTIONS, "FC647"),
    "unknown option": (with_step(options=(option("executable", "x"),)), OPTIONS, "FC302"),
    "other decorator": (with_step(options=(option("queue", "q", "kubernetes"),)), OPTIONS, "FC302"),
    "both days": (replaced(with_step(), schedule=Schedule("0 0 1 * 1", None, SPAN)), OPTIONS, "FC335"),
    "variable": (with_step(environment=(("AWS_BATCH_X", "1"),)), OPTIONS, "FC336"),
    "platform": (with_step(), settings(platform="LAMBDA"), "FC337"),
    "attempts": (with_step(), settings(spot_attempts=11), "FC337"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_target_lacks_is_refused(name: str) -> None:
    decided, options, code = REFUSED[name]
    report = Report()
    refuse(decided, BACKEND, options, report)
    assert [finding.rule.code for finding in report] == [code]


def test_a_join_of_very_many_arms_is_refused() -> None:
    arms = [f"a_rather_long_name_of_an_arm_{number}" for number in range(400)]
    made = flow(start=", ".join(arms), **dict.fromkeys(arms, "j"), j="+ end", end="")
    report = Report()
    refuse(plan(made), BACKEND, OPTIONS, report)
    assert [finding.rule.code for finding in report] == ["FC339"]


def test_a_definition_over_a_mebibyte_is_refused() -> None:
    steps = {f"step_{at}": f"step_{at + 1}" for at in range(1, 2000)}
    made = flow(start="step_1", **steps, step_2000="end", end="")
    report = Report()
    refuse(plan(made), BACKEND, OPTIONS, report)
    assert [finding.rule.code for finding in report] == ["FC338"]


@pytest.mark.parametrize(("timeout", "seconds"), [(1.0, 301), (0.5, 301), (60.0, 360), (3600.0, 3900)])
def test_a_timeout_bounds_the_attempt_with_a_grace(timeout: float, seconds: int) -> None:
    states, _ = emit(with_step(timeout=timeout))
    assert states["a"]["Parameters"]["Timeout"] == {"AttemptDurationSeconds": seconds}


@pytest.mark.parametrize(
    ("asked", "pair"),
    [
        ((0.1, 100), (0.25, 512)),
        ((0.25, 1500), (0.25, 2048)),
        ((0.3, 512), (0.5, 1024)),
        ((1, 4096), (1, 4096)),
        ((1, 10000), (2, 10240)),
        ((8, 17000), (8, 20480)),
        ((16, 122880), (16, 122880)),
        ((16, 122881), None),
        ((17, 1), None),
    ],
)
def test_fargate_gets_the_least_pair_that_is_enough(asked: tuple[float, int], pair: object) -> None:
    assert fargate_pair(*asked) == pair


def test_fargate_s_pairs_are_its_own() -> None:
    assert [(cpu, sizes[0], sizes[-1]) for cpu, sizes in FARGATE] == [
        (0.25, 512, 2048), (0.5, 1024, 4096), (1, 2048, 8192), (2, 4096, 16384),
        (4, 8192, 30720), (8, 16384, 61440), (16, 32768, 122880),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 0 * * *", "cron(0 0 * * ? *)"),
        ("0 * * * *", "cron(0 * * * ? *)"),
        ("0 0 * * 0", "cron(0 0 ? * SUN *)"),
        ("0 0 * * 7", "cron(0 0 ? * SUN *)"),
        ("30 6 * * 1-5", "cron(30 6 ? * MON-FRI *)"),
        ("30 6 * * 1,3", "cron(30 6 ? * MON,WED *)"),
        ("0 0 * * 0-6", "cron(0 0 * * ? *)"),
        ("0 0 * * */2", "cron(0 0 ? * SUN,TUE,THU,SAT *)"),
        ("0 0 * * 5-7", "cron(0 0 ? * SUN,FRI,SAT *)"),
        ("*/15 * * * *", "cron(0/15 * * * ? *)"),
        ("0 0 */5 * *", "cron(0 0 1/5 * ? *)"),
        ("0 9-17/4 1 1,7 *", "cron(0 9,13,17 1 1,7 ? *)"),
        ("50/5 0 1-3 * *", "cron(50,55 0 1-3 * ? *)"),
        ("0 0 1 * 1", None),
    ],
)
@pytest.mark.language("schedule.cron")
def test_a_schedule_means_the_same_on_eventbridge(cron: str, expected: str | None) -> None:
    assert expression(cron) == expected


@pytest.mark.language("schedule.timezone")
def test_a_schedule_has_its_zone() -> None:
    decided = replaced(with_step(), schedule=Schedule("0 6 * * *", "Europe/Berlin", SPAN))
    document = json.loads(BACKEND.emit(decided, OPTIONS)[2].text)
    assert (document["ScheduleExpression"], document["ScheduleExpressionTimezone"]) == (
        "cron(0 6 * * ? *)",
        "Europe/Berlin",
    )
    text = BACKEND.emit(decided, settings(sam=True))[-1].text
    assert json.loads(text)["Resources"]["StateMachine"]["Properties"]["Events"]["Schedule"]["Type"] == "ScheduleV2"


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_template_knows_every_placeholder(path: Path) -> None:
    files = emitted(path, sam=True, policy=True, platform="FARGATE", tags={"team": "x"}, log_group="jobs")
    template = json.loads(files["sam.json"].text)
    known = set(template["Parameters"]) | set(template["Resources"])
    substitutions = template["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert set(PLACEHOLDER.findall(files["asl.json"].text)) == set(substitutions)
    inside = PLACEHOLDER.findall(files["jobs.json"].text + files["policy.json"].text)
    assert {name for name in inside if "::" not in name} <= known


def test_settings_replace_placeholders() -> None:
    target = settings(queue="q", job_role="r", execution_role="e", environment={"A": "1"}, spot_attempts=3)
    machine, jobs = BACKEND.emit(with_step(), replaced(target, store="s3://bucket/some/place"))[:2]
    assert PLACEHOLDER.findall(machine.text) == ["JobDefinition"] * 3
    assert PLACEHOLDER.findall(jobs.text) == []
    (definition,) = json.loads(jobs.text).values()
    environment = {pair["name"]: pair["value"] for pair in definition["containerProperties"]["environment"]}
    assert (environment["FLOWC_STORE"], environment["A"]) == ("s3://bucket/some/place", "1")
    assert definition["retryStrategy"]["evaluateOnExit"][-1] == {"onReason": "*", "action": "EXIT"}


def test_a_step_costs_less_than_850_bytes() -> None:
    steps = {f"step_{at}": f"step_{at + 1}" for at in range(1, 48)}
    files = BACKEND.emit(plan(flow(start="step_1", **steps, step_48="end", end="")), OPTIONS)
    assert sum(len(file.text) for file in files) < 850 * 50


def test_max_workers_bounds_a_map() -> None:
    decided = plan(flow(start="a*", a="j", j="+ end", end=""))
    states, _ = emit(decided, replaced(OPTIONS, max_workers=7))
    assert states["each a"]["MaxConcurrency"] == 7
