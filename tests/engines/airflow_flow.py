"""How a test runs a flow on Airflow: compiled by the project's own pipeline, its pods as local processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from compiler.backends import Options
from compiler.backends.airflow import BACKEND
from compiler.backends.command import own_image
from compiler.ir.flow import Value
from compiler.ir.planner import plan
from tests.engines import FlowCase, Outcome
from tests.engines.airflow import DagRun, DagTester
from tests.engines.compiling import compiled
from tests.engines.rights import open_to_it

SHIM = Path(__file__).resolve().parents[2] / "runtime_shim"


class Engine(Protocol):
    """What runs a DAG file: `DagTester` on either line, or the real `Scheduler`."""

    @property
    def log(self) -> str: ...

    def put_image(self, name: str, env: Mapping[str, str], workdir: Path) -> None: ...

    def run(self, dag_id: str, text: str, conf: Mapping[str, Any] | None = None) -> DagRun: ...


@dataclass(frozen=True, slots=True)
class Compiled:
    """A case as a DAG file, and where its artifacts go."""

    dag_id: str
    text: str
    store: str


def run_airflow(
    case: FlowCase,
    folder: Path,
    engine: Engine,
    *,
    dag_id: str | None = None,
    operator: str = "kubernetes",
    settings: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> Outcome:
    """Compile a case, run it to its end on an engine that is up, and tell where its artifacts are, below `folder`.

    `settings` (variables of Airflow's) and `timeout` are for a `DagTester` alone.
    """
    compiled = compile_case(case, folder, engine, dag_id=dag_id, operator=operator)
    return run_compiled(case, compiled, engine, operator, settings, timeout)


def run_compiled(
    case: FlowCase,
    compiled: Compiled,
    engine: Engine,
    operator: str,
    settings: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> Outcome:
    """Run the DAG file of a case, whoever compiled it, to its end on an engine that is up."""
    before = len(engine.log)
    if operator == "bash" or settings:
        assert isinstance(engine, DagTester), "a process of the worker sees the worker's environment"
        env = {**(_environment(case) if operator == "bash" else {}), **(settings or {})}
        run = engine.run(compiled.dag_id, compiled.text, case.parameters, env, timeout)
    else:
        run = engine.run(compiled.dag_id, compiled.text, case.parameters)
    return outcome(case, compiled, run, engine.log[before:])


def compile_case(
    case: FlowCase, folder: Path, engine: Engine, *, dag_id: str | None = None, operator: str = "kubernetes"
) -> Compiled:
    """The DAG file of a case, with an image of its own on the engine; what the compiler refuses is an AssertionError."""
    name, root = dag_id or case.flow, case.root or case.path.parent
    open_to_it(folder)
    store = f"file:{open_to_it(folder / 'store')}"
    engine.put_image(f"{name}:test", _environment(case), root)
    target: dict[str, Value] = {"operator": operator}
    if operator == "bash":
        target["default_args"] = {"cwd": str(root)}
    options = Options(default_image=f"{name}:test", store=store, name=name, target=target)
    source, files = compiled(case, BACKEND, options)
    for task in plan(source).root.tasks():
        if image := own_image(task, options):
            engine.put_image(image, _environment(case), root)
    return Compiled(name, files[0].text, store)


def _environment(case: FlowCase) -> dict[str, str]:
    """What an image with the shim and the project's Python would bring."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": path, "PYTHONPATH": str(SHIM), **case.environment}


def outcome(case: FlowCase, compiled: Compiled, run: DagRun, log: str) -> Outcome:
    """What came of a run of a compiled case."""
    run_id = f"airflow-{compiled.dag_id}-{run.run_id}"
    ours = [each for each in run.tasks if not each.task.rpartition(".")[2].startswith("_") and each.state != "skipped"]
    return Outcome(
        case.flow, run_id, compiled.store, run.state == "success", log, sum(max(each.tries, 1) for each in ours)
    )
