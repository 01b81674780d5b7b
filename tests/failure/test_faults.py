"""Retries, catches, timeouts and kills in one flow: the local run against a table, every engine against the local run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conformance import engines
from tests.conformance.judge import Engine
from tests.conformance.plan import LONG, SHORT
from tests.conformance.results import Result, against_local, read_result
from tests.conformance.sharing import FORMS, LOCAL, Form, engines_sharing
from tests.engines import FlowCase
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import run_airflow
from tests.engines.local import run_local
from tests.failure.faults import FAULTS, STEPS, UNCAUGHT, Fault, case, drawn

KINDS = sorted(FAULTS)
ON_CONTAINERS, ON_AIRFLOW_3, ON_AIRFLOW_2 = (
    range(first, first + (1 if SHORT else more)) for first, more in ((1, 4), (11, 2), (21, 1))
)
FAILING = 100
SHARED = [(seed, FORMS[seed % 3]) for seed in (*range(32, 62 if LONG else 33 if SHORT else 34), FAILING + 3)]


@pytest.fixture(scope="module")
def container_engines() -> Iterator[Mapping[str, Engine]]:
    with engines.container_engines() as found:
        yield found


@pytest.fixture
def airflow_3(testers: Mapping[str, DagTester]) -> Mapping[str, Engine]:
    return engines.dag_tested("af3", testers["af3"])


@pytest.fixture
def airflow_2(testers: Mapping[str, DagTester]) -> Mapping[str, Engine]:
    return engines.dag_tested("af2", testers["af2"])


def _ran(faults: Mapping[str, Fault], engine: Engine, folder: Path) -> tuple[Result, str]:
    folder.mkdir(parents=True)
    made = case(faults, folder / "code")
    outcome = engine(made, folder)
    return read_result(outcome, folder / "code"), outcome.log


def _differences(faults: Mapping[str, Fault], on: Mapping[str, Engine], folder: Path) -> list[str]:
    """How the local run differs from the table, and each engine from the local run."""
    local, log = _ran(faults, run_local, folder / "local")
    found = [*_against_table(faults, local)]
    for name, engine in on.items():
        result, log = _ran(faults, engine, folder / name)
        told = [f"{name}: {difference}" for difference in against_local(local, result)]
        found += [*told, log[-3000:]] if told else []
    return found


def _against_table(faults: Mapping[str, Fault], local: Result) -> Iterator[str]:
    failing = [step for step in STEPS if faults[step].type and not faults[step].catch]
    if local.success == bool(failing):
        yield f"local: success is {local.success}, and {failing} must fail"
    for (step, index), task in local.tasks.items():
        fault = faults[step] if index in ("-", "0") else Fault(catch=faults[step].catch)
        if task.attempts != fault.attempts:
            yield f"local: {step}/{index} has {task.attempts} attempts, not {fault.attempts}"
        if task.artifacts is None:
            if step not in failing:
                yield f"local: {step}/{index} has left nothing"
            continue
        names = task.artifacts.keys() & {f"before_{step}", f"after_{step}"}
        want = set() if fault.is_killed else {f"before_{step}", *([] if fault.type else [f"after_{step}"])}
        if names != want:
            yield f"local: {step}/{index} has left {names}, not {want}"
        why = task.artifacts.get(f"why_{step}")
        if (why is None) == fault.catch or (why not in (None, "None")) != bool(fault.type):
            yield f"local: {step}/{index}: what was caught is {why}, not {fault.type}"


PLACES = [step for step in STEPS if step not in UNCAUGHT][:7]


@pytest.mark.parametrize("first", range(0, len(KINDS), len(PLACES)))
def test_every_fault_is_what_the_table_says(first: int, tmp_path: Path) -> None:
    """The local run alone, each row of the table in one of the flows."""
    kinds = [*KINDS[first:], *KINDS][: len(PLACES)]
    faults = {step: FAULTS[kind] for step, kind in zip(PLACES, kinds, strict=True)}
    assert not _differences(dict.fromkeys(STEPS, FAULTS["kill once"]) | faults, {}, tmp_path)


@pytest.mark.sampled
@pytest.mark.parametrize("seed", [*ON_CONTAINERS, FAILING])
def test_argo_and_step_functions_fail_as_the_local_run_does(
    seed: int, container_engines: Mapping[str, Engine], tmp_path: Path
) -> None:
    found = _differences(drawn(seed, failing=seed >= FAILING), container_engines, tmp_path)
    assert not found, "\n".join(found)


@pytest.mark.sampled
@pytest.mark.xdist_group("airflow 3")
@pytest.mark.parametrize("seed", [*ON_AIRFLOW_3, FAILING + 1])
def test_airflow_3_fails_as_the_local_run_does(seed: int, airflow_3: Mapping[str, Engine], tmp_path: Path) -> None:
    found = _differences(drawn(seed, failing=seed >= FAILING), airflow_3, tmp_path)
    assert not found, "\n".join(found)


@pytest.mark.sampled
@pytest.mark.parametrize(("seed", "form"), SHARED)
def test_tasks_that_share_containers_fail_as_those_that_do_not(
    seed: int, form: Form, container_engines: Mapping[str, Engine], tmp_path: Path
) -> None:
    engines = engines_sharing({**LOCAL, **container_engines}, form)
    found = _differences(drawn(seed, failing=seed >= FAILING), engines, tmp_path)
    assert not found, "\n".join(found)


@pytest.mark.xdist_group("airflow 3")
@pytest.mark.parametrize(("seed", "form"), SHARED[::2])
def test_tasks_that_share_containers_of_airflow_fail_as_those_that_do_not(
    seed: int, form: Form, airflow_3: Mapping[str, Engine], tmp_path: Path
) -> None:
    found = _differences(drawn(seed, failing=seed >= FAILING), engines_sharing(airflow_3, form), tmp_path)
    assert not found, "\n".join(found)


@pytest.mark.xdist_group("airflow 3")
def test_no_exit_code_is_a_success_or_a_skip_for_airflow_s_own_shell(
    testers: Mapping[str, DagTester], tmp_path: Path
) -> None:
    """`BashOperator` takes 99 for a skip, and a run whose end was skipped is a success of Airflow's."""
    path = tmp_path / "exit_flow.py"
    path.write_text(
        "import os\nfrom flowc import FlowSpec, step\nclass ExitFlow(FlowSpec):\n"
        "    @step\n    def start(self):\n        os._exit(99)\n        self.next(self.end)\n"
        "    @step\n    def end(self):\n        pass\n",
        encoding="utf-8",
    )
    outcome = run_airflow(FlowCase(path, "ExitFlow", {}, {}, tmp_path), tmp_path, testers["af3"], operator="bash")
    assert not outcome.success


@pytest.mark.xdist_group("airflow 2")
@pytest.mark.parametrize("seed", ON_AIRFLOW_2)
def test_airflow_2_fails_as_the_local_run_does(seed: int, airflow_2: Mapping[str, Engine], tmp_path: Path) -> None:
    found = _differences(drawn(seed), airflow_2, tmp_path)
    assert not found, "\n".join(found)
