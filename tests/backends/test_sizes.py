"""What is too large for Linux or for AWS is found when it is compiled, and nothing that is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from compiler.backends import Options, refuse
from compiler.backends.sizes import LONGEST_TEXT
from compiler.backends.stepfunctions.sizes import LARGEST_JOB
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.ir.flow import Config
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.slotted_class import replaced
from tests.stages.plans import SPAN, flow

OPTIONS = Options(default_image="f:0")
LINEAR = flow(start="a", a="end", end="")


def findings(target: str, decided: Plan, options: Options = OPTIONS) -> list[str]:
    backend = load_backend(target)
    assert backend is not None
    report = Report()
    refuse(decided, backend, options, report)
    return [found.rule.code for found in report]


def with_variable(letters: int) -> Plan:
    """A step with a variable of so many letters that are no ASCII."""
    decided = plan(LINEAR)
    value = "é" * letters
    nodes = tuple(
        replaced(node, environment=(("A", value),)) if node.step == "a" else node  # type: ignore[union-attr]
        for node in decided.root.nodes
    )
    return replaced(decided, root=replaced(decided.root, nodes=nodes))


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
@pytest.mark.parametrize(("size", "starts"), [(LONGEST_TEXT, True), (LONGEST_TEXT + 1, False)])
def test_linux_has_the_limit(size: int, starts: bool) -> None:
    """As the kernel here says it."""
    environment = {**os.environ, "A": "x" * (size - len("A="))}
    try:
        done = subprocess.run([sys.executable, "-c", "pass"], env=environment, check=True).returncode == 0
    except OSError as error:
        done = error.errno != 7
    assert done is starts


@pytest.mark.parametrize("target", BUILT_IN)
def test_a_configuration_that_no_container_is_started_with_is_refused(target: str) -> None:
    """All Configs together travel in one variable."""
    for size, codes in ((40_000, set()), (70_000, {"FC340"})):
        configs = tuple(Config(name, name, "F", {"k": "x" * size}, SPAN) for name in ("one", "two"))
        decided = plan(replaced(LINEAR, configs=configs))
        assert set(findings(target, decided)) - {"FC341"} == codes


@pytest.mark.parametrize("target", ["airflow", "argo"])
def test_a_variable_has_the_bytes_that_linux_takes(target: str) -> None:
    """Where no engine would rewrite its letters; what some would travels as escapes, six bytes for a letter."""
    assert findings(target, with_variable(20_000)) == []
    assert findings(target, with_variable(60_000)) == ["FC340"]


def test_a_job_definition_has_24_kibibytes() -> None:
    """Measured as it is registered: a byte more is refused."""
    for more, codes in ((0, []), (1, ["FC341"])):
        empty = replaced(OPTIONS, target={"environment": {"A": "x" * 20_000}})
        backend = load_backend("step-functions")
        assert backend is not None
        (document,) = json.loads(backend.emit(plan(LINEAR), empty)[1].text).values()
        room = LARGEST_JOB - len(json.dumps(document, separators=(",", ":")))
        full = replaced(OPTIONS, target={"environment": {"A": "x" * (20_000 + room + more)}})
        assert findings("step-functions", plan(LINEAR), full) == codes


def test_many_long_commands_make_a_definition_too_large() -> None:
    """Far fewer steps than a thousand."""
    arms = [f"an_arm_with_a_name_of_some_length_{at}" for at in range(130)]
    steps = {f"s{at}": ", ".join(f"{arm}_{at}" for arm in arms) for at in range(8)}
    following = {f"{arm}_{at}": f"j{at}" for arm in arms for at in range(8)}
    joins = {f"j{at}": f"+ s{at + 1}" if at < 7 else "+ end" for at in range(8)}
    made = flow(start="s0", **steps, **following, **joins, end="")
    assert findings("step-functions", plan(made)) == ["FC338"]
