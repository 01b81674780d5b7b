"""Flows with the real shim on Step Functions, by force: hostile text, killed jobs, two owners of one name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engines import FlowCase, Outcome
from tests.engines.stepfunctions import server
from tests.engines.stepfunctions_case import run_stepfunctions

HEAD = "import json, os, signal\nfrom flowc import FlowSpec, JSONType, Parameter, catch, current, environment, retry, step, timeout\n\n\n"

ECHO = """
class EchoFlow(FlowSpec):
    text = Parameter("text", default="")
    data = Parameter("data", type=JSONType, default="null")

    @environment(vars={"QUOTED": "$.run ${JobQueue} {} 'x' \\\\ Ref::name $(HOME) $$ é"})
    @step
    def start(self):
        print("QUOTED", json.dumps(os.environ["QUOTED"]))
        self.next(self.end)

    @step
    def end(self):
        print("SAID", json.dumps([self.text, self.data]))
"""

KILLED = """
class KilledFlow(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1, 2]
        self.next(self.work, foreach="items")

    @catch(var="problem")
    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        self.count = current.retry_count
        if self.input == 2 or (self.input == 1 and current.retry_count == 0):
            os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [(hasattr(one, "count"), bool(one.problem)) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print("SAID", json.dumps(self.seen))
"""

SLOW = """
class SlowFlow(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @timeout(seconds=1)
    @step
    def start(self):
        while current.retry_count == 0:
            pass
        self.next(self.end)

    @step
    def end(self):
        print("SAID", json.dumps("over"))
"""

NESTED = """
class NestedFlow(FlowSpec):
    @step
    def start(self):
        self.a = "ab"
        self.next(self.one, foreach="a")

    @step
    def one(self):
        self.x = self.input
        self.b = [1, 2]
        self.next(self.two, foreach="b")

    @step
    def two(self):
        self.y = f"{self.x}{self.input}"
        self.next(self.left, self.right)

    @step
    def left(self):
        self.c = range(2)
        self.next(self.three, foreach="c")

    @step
    def three(self):
        self.z = f"{self.y}{self.input}"
        self.next(self.join_three)

    @step
    def join_three(self, inputs):
        self.zs = [one.z for one in inputs]
        self.next(self.both)

    @step
    def right(self):
        self.w = f"{self.y}!"
        self.next(self.both)

    @step
    def both(self, inputs):
        self.merge_artifacts(inputs, include=["zs", "w"])
        self.next(self.join_two)

    @step
    def join_two(self, inputs):
        self.all = [(one.zs, one.w) for one in inputs]
        self.next(self.join_one)

    @step
    def join_one(self, inputs):
        self.all = [one.all for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print("SAID", json.dumps(self.all))
"""


def run(source: str, folder: Path, **options: object) -> Outcome:
    """Run a flow given as text; `parameters`, `execution`, `bucket` and `python` as the engine takes them."""
    name = source.partition("(")[0].split()[-1]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.lower()}.py"
    path.write_text(HEAD + source)
    parameters = options.pop("parameters", {})
    assert isinstance(parameters, dict)
    return run_stepfunctions(FlowCase(path, name, parameters), folder, **options)  # type: ignore[arg-type]


def said(outcome: Outcome, word: str = "SAID") -> object:
    """What the run printed after that word."""
    assert outcome.success, outcome.log
    (line,) = (line for line in outcome.log.splitlines() if line.startswith(f"{word} "))
    return json.loads(line.removeprefix(f"{word} "))


HOSTILE = (
    "$.run and $$.Execution.Name and States.Format('{}', $.x)",
    "${JobQueue} $(HOME) $$ `id` \"double\" 'single' \\ \\n",
    "{{workflow.name}} {% raw %} {=1+1}} Ref::run",
    " leading, trailing and\nnew\tlines \r\n",
    "é 漢字 \U0001f600 \u0000 \u007f",
)


@pytest.mark.parametrize(
    "text", ["null", '{"a": 1}', "\n".join(HOSTILE), "x" * 65000], ids=["null", "json", "hostile", "long"]
)
def test_parameters_arrive_as_they_were_given(text: str, tmp_path: Path) -> None:
    data = [*HOSTILE, {"deep": 1.5}]
    assert said(run(ECHO, tmp_path, parameters={"text": text, "data": data})) == [text, data]


def test_environment_values_arrive_as_they_were_written(tmp_path: Path) -> None:
    outcome = run(ECHO, tmp_path)
    assert said(outcome, "QUOTED") == "$.run ${JobQueue} {} 'x' \\ Ref::name $(HOME) $$ é"


def test_a_killed_job_is_retried_and_then_caught(tmp_path: Path) -> None:
    """Item 1 works at its second attempt; item 2 never does, and leaves the failure and nothing else."""
    assert said(run(KILLED, tmp_path)) == [[True, False], [True, False], [False, True]]


def test_a_timeout_ends_the_attempt_in_the_job(tmp_path: Path) -> None:
    assert said(run(SLOW, tmp_path)) == "over"


def test_three_foreaches_in_each_other_with_a_split_between(tmp_path: Path) -> None:
    expected = [[[[f"{x}{y}0", f"{x}{y}1"], f"{x}{y}!"] for y in "12"] for x in "ab"]
    assert said(run(NESTED, tmp_path)) == expected


def test_another_execution_of_the_same_name_is_refused(tmp_path: Path) -> None:
    """The second one's parameters change nothing of the first."""
    bucket = server().bucket()
    first = run(ECHO, tmp_path / "first", execution="again", bucket=bucket, parameters={"text": "one"})
    second = run(ECHO, tmp_path / "second", execution="again", bucket=bucket, parameters={"text": "two"})
    assert said(first) == ["one", None]
    assert not second.success
    assert "SAID" not in second.log
    ours = {
        path.relative_to(tmp_path / "first") for path in (tmp_path / "first" / "store").rglob("*") if path.is_file()
    }
    for path in ours:
        assert (tmp_path / "first" / path).read_bytes() == (tmp_path / "second" / path).read_bytes(), path


def test_jobs_run_on_python_3_9(tmp_path: Path) -> None:
    """The oldest interpreter that a container may hold."""
    found = sorted(Path("~/.pyenv/versions").expanduser().glob("3.9.*/bin/python"))
    if not found:
        pytest.skip("no Python 3.9 here")
    expected = [[[[f"{x}{y}0", f"{x}{y}1"], f"{x}{y}!"] for y in "12"] for x in "ab"]
    assert said(run(NESTED, tmp_path, python=found[0])) == expected
