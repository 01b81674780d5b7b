"""`default_args`: what an Astro project asks of every DAG, what the arguments mean for a flow, and which have no meaning there."""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from compiler.backends.airflow import BACKEND
from compiler.backends.airflow.default_args import REFUSED
from compiler.call.target_settings import given_value
from compiler.ir.flow import Value
from compiler.mistakes import CallError
from tests.airflow.stage import chain, compiled, emitted, written
from tests.conformance.results import read_result
from tests.engines import FlowCase
from tests.engines.airflow import LINES, DagTester
from tests.engines.airflow_flow import run_airflow
from tests.engines.local import run_local
from tests.engines.venvs import venv

ONCE = """
from flowc import FlowSpec, catch, current, retry, step


class OnceFlow(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        if current.retry_count < self.input + 1:
            raise ValueError("not yet")
        self.count = current.retry_count
        self.next(self.join)

    @step
    def join(self, inputs):
        self.counts = [each.count for each in inputs]
        self.next(self.caught)

    @catch(var="problem")
    @step
    def caught(self):
        if self.counts:
            raise KeyError("always")
        self.next(self.end)

    @step
    def end(self):
        pass
"""
INTEGRITY = """
import json, sys
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
told = {}
for name, dag in bag.dags.items():
    assert dag.tags, name
    assert dag.default_args.get("retries", 0) >= 2, name
    assert dag.default_args["owner"] == "team-a", name
    told[name] = {task.task_id: [task.retries, task.retry_delay.total_seconds(), task.owner] for task in dag.tasks}
print("TOLD", json.dumps(told))
"""
ARGS: Mapping[str, Value] = {
    "retries": 2,
    "retry_delay": 0,
    "owner": "team-a",
    "email": ("a@example.com",),
    "email_on_failure": False,
    "depends_on_past": False,
    "execution_timeout": 3600,
    "retry_exponential_backoff": True,
    "max_retry_delay": 60,
}
STEPS = """
@retry(times=0)
@step
def start(self):
    self.next(self.a)

@retry(times=1, minutes_between_retries=3)
@step
def a(self):
    self.next(self.b)

@catch(var="x")
@step
def b(self):
    self.next(self.c)

@step
def c(self):
    self.next(self.end)

@step
def end(self):
    pass
"""


@pytest.mark.parametrize("line", LINES)
def test_an_integrity_test_passes_and_each_step_has_what_it_says(
    line: str, testers: dict[str, DagTester], tmp_path: Path
) -> None:
    """On the real Airflow: no import errors, tags, at least two retries; an author's own word counts."""
    (tmp_path / "dags").mkdir()
    text = emitted(written(tmp_path, STEPS), {"default_args": ARGS, "tags": ("team",)})
    (tmp_path / "dags" / "try.py").write_text(text)
    done = subprocess.run(
        [str(venv(line) / "bin" / "python"), "-P", "-c", INTEGRITY, str(tmp_path / "dags")],
        env=testers[line].environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.rpartition("TOLD ")[2])["TryFlow"]
    assert {name: told[name] for name in ("start", "a", "b", "c", "end")} == {
        "start": [0, 0, "team-a"],
        "a": [1, 180, "team-a"],
        "b": [3, 0, "team-a"],
        "c": [2, 0, "team-a"],
        "end": [2, 0, "team-a"],
    }


@pytest.mark.parametrize(("line", "operator"), [(LINES[0], "kubernetes"), (LINES[1], "bash"), (LINES[1], "kubernetes")])
def test_a_step_that_fails_is_tried_again(
    line: str, operator: str, testers: dict[str, DagTester], tmp_path: Path
) -> None:
    """As often as the arguments say, with the runtime's count; `@catch` takes the last failure, and no earlier one."""
    path = tmp_path / "code" / "once.py"
    path.parent.mkdir()
    path.write_text(ONCE)
    args: dict[str, Value] = {"retries": 2, "retry_delay": 0, "cwd": str(path.parent)}
    case = FlowCase(path, "OnceFlow", root=path.parent, targets={"airflow": {"default_args": args}})
    outcome = run_airflow(case, tmp_path, testers[line], operator=operator)
    assert outcome.success, outcome.log[-5000:]
    store, run = open_store(outcome.store), RunAddress(outcome.flow, outcome.run_id)
    assert read(store, run.task("join"))["counts"] == [1, 2]
    problem = read(store, run.task("caught"))["problem"]
    assert problem.type == "builtins.KeyError"
    tasks = read_result(outcome, path.parent).tasks
    assert [tasks[place].attempts for place in (("work", "0"), ("work", "1"), ("caught", "-"))] == [2, 3, 3]
    assert not run_local(FlowCase(path, "OnceFlow", root=path.parent), tmp_path / "local").success


@pytest.mark.parametrize("name", [*REFUSED, "depends_on_past", "trigger_rule", "wait_for_downstream"])
def test_what_would_change_the_flow_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    text, report = compiled(written(tmp_path, chain(2)), {"default_args": {name: True}})
    assert (text, [found.rule.code for found in report]) == (None, ["FC321"])
    assert f"`default_args.{name}`" in next(iter(report)).message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retries", "two"), ("retries", -1), ("retries", True), ("retries", 1.5), ("retry_delay", "5 minutes"),
        ("email_on_failure", "yes"), ("email", 3), ("owner", 3), ("on_failure_callback", "alert"), ("pool_slots", "x"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused(name: str, value: Value, tmp_path: Path) -> None:
    text, report = compiled(written(tmp_path, chain(2)), {"default_args": {name: value}})
    assert (text, [found.rule.code for found in report]) == (None, ["FC321"])


@pytest.mark.parametrize(
    ("words", "spelled"),
    [
        ("retries=2,retry_delay=30", {"retries": 2, "retry_delay": "timedelta(seconds=30)"}),
        ("email_on_retry=false,owner=me", {"email_on_retry": False, "owner": "me"}),
        ("{depends_on_past = false, pool_slots = 2, get_logs = false}", {"pool_slots": 2, "get_logs": False}),
        ("on_failure_callback=alerts.slack.failed", {"on_failure_callback": "failed"}),
    ],
)
def test_the_words_of_a_command_line_are_typed(words: str, spelled: dict[str, Any], tmp_path: Path) -> None:
    text = emitted(written(tmp_path, chain(2)), {"default_args": given_value(BACKEND, "default_args", words)})
    (dag,) = (
        each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Call) and ast.unparse(each.func) == "DAG"
    )
    (args,) = (each.value for each in dag.keywords if each.arg == "default_args")
    assert isinstance(args, ast.Dict)
    found = {
        str(ast.literal_eval(key)): ast.unparse(value) for key, value in zip(args.keys, args.values, strict=True) if key
    }
    assert {name: found[name].strip("'") for name in spelled} == {name: str(value) for name, value in spelled.items()}
    assert "depends_on_past" not in found
    assert ("from alerts.slack import failed" in text) == ("alerts" in words)


@pytest.mark.parametrize("words", ["retries=two", "trigger_rule=all_done"])
def test_a_wrong_word_says_which(words: str) -> None:
    with pytest.raises(CallError, match=words.partition("=")[0]):
        given_value(BACKEND, "default_args", words)
