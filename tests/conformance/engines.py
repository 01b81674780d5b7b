"""The engines by name, as functions of a case and a folder."""

from __future__ import annotations

import functools
import hashlib
import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.engines import FlowCase, Outcome
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import Engine as AirflowEngine
from tests.engines.airflow_flow import run_airflow
from tests.engines.airflow_scheduler import Scheduler
from tests.engines.argo_case import run_argo
from tests.engines.local import PATIENCE
from tests.engines.stepfunctions import server
from tests.engines.stepfunctions_case import run_stepfunctions

Engine = Callable[[FlowCase, Path], Outcome]
"""Executes a case; the folder is where it may keep what it needs."""

CONTAINERS = ("argo", "step-functions")
"""The targets whose engine begins containers itself: those of `container_engines`."""
TARGETS = (*CONTAINERS, "airflow")
BROUGHT: Mapping[str, str] = {
    "kfp": "tests.engines.kfp_case:run_kfp",
    "maestro": "tests.engines.maestro_case:run_maestro",
    "shell": "tests.engines.shell:run_shell",
    "valohai": "tests.engines.valohai_case:run_valohai",
}
"""The engine of each target that is a distribution of its own; the suite of `test_brought` runs on all of them."""
AIRFLOW_3, AIRFLOW_2, SCHEDULER = "airflow 3.3.2", "airflow 2.11.2", "airflow 3.3.2 scheduler"


@contextmanager
def container_engines(patience: float = PATIENCE) -> Iterator[Mapping[str, Engine]]:
    """Argo and Step Functions; the latter's server ends with this process, an execution after so many seconds."""
    yield {"argo": _argo, "step-functions": functools.partial(_step_functions, patience=patience)}


@contextmanager
def dag_test(line: str, *, together: bool = False) -> Iterator[Mapping[str, Engine]]:
    """An Airflow, `af3` or `af2`, that runs DAG files in one process; `together` (`af2` only), tasks at once."""
    with DagTester(line, together=together) as tester:
        yield dag_tested(line, tester)


def dag_tested(line: str, tester: DagTester) -> Mapping[str, Engine]:
    """An Airflow that is there already."""
    return {AIRFLOW_3 if line == "af3" else AIRFLOW_2: _on(tester)}


@contextmanager
def scheduler() -> Iterator[Mapping[str, Engine]]:
    """Airflow 3.3.2 with its real scheduler."""
    with Scheduler() as running:
        yield {SCHEDULER: _on(running)}


def target_of(engine: str) -> str:
    """The target whose output an engine executes; `local` for the local run, which executes the plan."""
    return next(target for target in (*TARGETS, *BROUGHT, "local") if engine.startswith(target))


def brought_engine(target: str) -> Engine:
    """The engine of a target that is a distribution of its own."""
    module, _, name = BROUGHT[target].partition(":")
    engine: Engine = getattr(importlib.import_module(module), name)
    return engine


@contextmanager
def all_engines() -> Iterator[Mapping[str, Engine]]:
    """Everything at once, for the fuzzer."""
    with ExitStack() as stack:
        opened = [stack.enter_context(one) for one in (container_engines(), dag_test("af3"), dag_test("af2"))]
        yield {name: engine for engines in opened for name, engine in engines.items()}


def _argo(case: FlowCase, folder: Path) -> Outcome:
    # The order in which pods start is shuffled; a seed of the case's own makes a failure come again.
    return run_argo(case, folder, seed=sum(case.flow.encode()))


def _step_functions(case: FlowCase, folder: Path, *, patience: float) -> Outcome:
    # One bucket a folder: a flow may read what an earlier one left.
    bucket = f"b-{hashlib.sha256(str(folder).encode()).hexdigest()[:32]}"
    server().client("s3").create_bucket(Bucket=bucket)
    return run_stepfunctions(case, folder, bucket=bucket, timeout=patience)


def _on(engine: AirflowEngine) -> Engine:
    def run(case: FlowCase, folder: Path) -> Outcome:
        return run_airflow(case, folder, engine)

    return run
