"""Flows that could go wrong on Airflow alone, run on both lines by `dag.test()`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from tests.airflow.stage import Run
from tests.conformance.results import read_result
from tests.engines import FlowCase
from tests.engines.airflow import LINES, DagTester
from tests.engines.airflow_flow import compile_case
from tests.stages.timed import NOT_TOLD, TIME, TIMED, TOLD

HOSTILE = (
    """it's "quoted" $HOME $(HOME) $$ `id` %s {{ 1 + 1 }} {% raw %} {# no #} ${Ref} \\n \\u0024 & | ; * ~ é 漢 \U0001f3ac """
    "\n tab\there \x7f end.sh"
)
DIRECTED = f"""
from flowc import FlowSpec, JSONType, Parameter, step

HOSTILE = {HOSTILE!r}


class HostileFlow(FlowSpec):
    note = Parameter("note", default="plain")
    kept = Parameter("kept", default=HOSTILE)
    table = Parameter("table", type=JSONType, default={{}})
    count = Parameter("count-of", default=1)
    nothing = Parameter("nothing", type=str)
    late = Parameter("late", default=HOSTILE * 500)

    @step
    def start(self):
        assert self.note == self.kept == HOSTILE, (self.note, self.kept)
        assert self.late == HOSTILE * 500
        assert (self.count, self.nothing) == (7, None)
        assert list(self.table.items()) == [("z", HOSTILE), ("a", [None, True, 1.5])], self.table
        self.next(self.end)

    @step
    def end(self):
        assert self.note == HOSTILE
"""
WAYS = [("af3", "bash"), ("af2", "kubernetes")]
"""Each line of Airflow and each operator once."""
GIVEN: dict[str, object] = {"note": HOSTILE, "count-of": 7, "table": {"z": HOSTILE, "a": [None, True, 1.5]}}


LARGE = """
from flowc import FlowSpec, Parameter, step


class LargeFlow(FlowSpec):
    note = Parameter("note", required=True)

    @step
    def start(self):
        assert self.note == "{{ 1 + 1 }}$(X)" * 20_000
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.language("parameter.large")
@pytest.mark.parametrize(("line", "operator"), WAYS)
def test_a_parameter_that_no_command_takes_comes_from_an_object(
    run: Run, line: str, operator: str, tmp_path: Path
) -> None:
    (tmp_path / "big.json").write_text(json.dumps({"note": "{{ 1 + 1 }}$(X)" * 20_000}))
    given: dict[str, object] = {"note": "-", "flowc-parameters": f"file:{tmp_path}/big.json"}
    outcome = run(line, "LargeFlow", LARGE, given, operator)
    assert outcome.success, outcome.log[-5000:]


@pytest.mark.parametrize(("line", "operator"), WAYS)
def test_parameters_that_no_command_takes_fail_before_any_step(run: Run, line: str, operator: str) -> None:
    """With what to do, and not with what Linux says of it."""
    outcome = run(line, "LargeFlow", LARGE, {"note": "{{ 1 + 1 }}$(X)" * 20_000}, operator)
    assert not outcome.success
    assert "flowc-parameters" in outcome.log
    assert "Argument list too long" not in outcome.log


@pytest.mark.language("current.scheduled-at")
@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    ("clock", "conf", "told"),
    [(True, {}, TOLD), (False, {}, NOT_TOLD), (False, {"flowc-scheduled-at": TIME}, TOLD)],
)
def test_a_run_of_the_schedule_knows_its_time(
    testers: dict[str, DagTester], line: str, clock: bool, conf: dict[str, str], told: list[str], tmp_path: Path
) -> None:
    """In every step and attempt, and after the run is cleared (which this engine does on Airflow 2); by hand the one that is given."""
    tester = testers[line]
    (tmp_path / "timed.py").write_text(TIMED)
    case = FlowCase(tmp_path / "timed.py", "TimedFlow")
    made = compile_case(case, tmp_path, tester, dag_id=f"Timed{'' if clock else 'ByHand'}{len(conf)}")
    run = tester.run(made.dag_id, made.text, conf, date=TIME.replace("Z", "+00:00"), clock=clock, clear=line == "af2")
    assert run.state == "success", tester.log[-5000:]
    address = RunAddress("TimedFlow", f"airflow-{made.dag_id}-{run.run_id}")
    assert read(open_store(made.store), address.task("end"))["told"] == told


@pytest.mark.parametrize(("line", "operator"), WAYS)
def test_parameters_arrive_byte_for_byte(run: Run, line: str, operator: str) -> None:
    outcome = run(line, "HostileFlow", DIRECTED, GIVEN, operator)
    assert outcome.success, outcome.log[-5000:]


ENVIRONMENT = f"""
import os

from flowc import FlowSpec, environment, step

HOSTILE = {HOSTILE!r}
AT_IMPORT = dict(os.environ)


class EnvironmentFlow(FlowSpec):
    @environment(vars={{"HARD": HOSTILE, "SCRIPT": "run.sh", "PLAIN": "yes", "FILE": "values.json"}})
    @step
    def start(self):
        for seen in (os.environ, AT_IMPORT):
            assert [seen[name] for name in ("HARD", "SCRIPT", "PLAIN", "FILE")] == [HOSTILE, "run.sh", "yes", "values.json"]
        self.next(self.end)

    @step
    def end(self):
        assert "HARD" not in os.environ
"""

NAMES = """
from flowc import FlowSpec, step


class NamesFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1]
        self.next(self.task_group, foreach="items")

    @step
    def task_group(self):
        self.more = [self.input]
        self.next(self.pendulum, self.json)

    @step
    def pendulum(self):
        self.next(self.k8s, foreach="more")

    @step
    def k8s(self):
        self.seen = self.input
        self.next(self.task)

    @step
    def task(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.timedelta)

    @step
    def json(self):
        self.next(self.timedelta)

    @step
    def timedelta(self, inputs):
        self.seen = inputs.pendulum.seen if hasattr(inputs, "pendulum") else inputs[0].seen
        self.next(self.dag)

    @step
    def dag(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert self.seen == [[1]]
"""

FAILURES = """
import os
import signal
import time

from flowc import FlowSpec, catch, current, retry, step, timeout


class FailuresFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.slow, self.killed, self.flaky)

    @catch(var="problem")
    @timeout(seconds=1)
    @step
    def slow(self):
        time.sleep(60)
        self.next(self.join)

    @catch(var="problem")
    @retry(times=1, minutes_between_retries=0)
    @step
    def killed(self):
        os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.join)

    @retry(times=2, minutes_between_retries=0)
    @step
    def flaky(self):
        self.count = current.retry_count
        if self.count < 2:
            raise ValueError(self.count)
        self.next(self.join)

    @step
    def join(self, inputs):
        assert inputs.slow.problem and inputs.killed.problem
        assert inputs.flaky.count == 2
        self.next(self.end)

    @step
    def end(self):
        pass
"""
FLOWS = {"EnvironmentFlow": ENVIRONMENT, "NamesFlow": NAMES, "FailuresFlow": FAILURES}


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize(("line", "operator"), WAYS)
def test_a_flow_that_asserts_runs_to_its_end(run: Run, line: str, flow: str, operator: str) -> None:
    outcome = run(line, flow, FLOWS[flow], {}, operator)
    assert outcome.success, outcome.log[-5000:]


FAILING = """
from flowc import FlowSpec, step


class FailingFlow(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1]
        self.next(self.divide, foreach="items")

    @step
    def divide(self):
        self.value = 1 / self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(("line", "operator"), WAYS)
def test_a_failed_member_fails_the_run(run: Run, line: str, operator: str) -> None:
    outcome = run(line, "FailingFlow", FAILING, {}, operator)
    assert not outcome.success
    assert "ZeroDivisionError" in outcome.log


MISTAKEN = """
from flowc import FlowSpec, JSONType, Parameter, retry, step


class MistakenFlow(FlowSpec):
    numbers = Parameter("numbers", type=JSONType)

    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(("line", "operator"), WAYS)
def test_a_mistake_in_the_call_spends_no_retries(run: Run, line: str, operator: str) -> None:
    outcome = run(line, "MistakenFlow", MISTAKEN, {"numbers": "{"}, operator)
    assert not outcome.success
    assert 1 <= outcome.log.count("flowc: parameter 'numbers'") < 3, "2.11 tells each line twice"


FAILING_ARM = """
from flowc import FlowSpec, Parameter, step


class FailingArmFlow(FlowSpec):
    where = Parameter("where", default="root")

    @step
    def start(self):
        self.items = [0, 1]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.way = self.input
        self.next({0: self.left, 1: self.right}, condition="way")

    @step
    def left(self):
        assert self.where != "body"
        self.next(self.meet)

    @step
    def right(self):
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.choose)

    @step
    def choose(self):
        self.way = self.where
        self.next({"root": self.fails, "body": self.passes}, condition="way")

    @step
    def fails(self):
        assert self.where != "root"
        self.next(self.end)

    @step
    def passes(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("where", ["root", "body"])
@pytest.mark.parametrize("line", LINES)
def test_a_failure_in_an_arm_fails_the_run(run: Run, tmp_path: Path, line: str, where: str) -> None:
    outcome = run(line, "FailingArmFlow", FAILING_ARM, {"where": where}, "kubernetes")
    assert not outcome.success
    assert "AssertionError" in outcome.log
    assert "end" not in {step for step, _ in read_result(outcome, tmp_path / "code").tasks}
