"""What the output costs where it runs: reading the DAG file, starting a step."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import flows
from bench.measure import CommandFailedError, Cost, run, side_by_side
from bench.rows import METAFLOW_CREATE, Row
from bench.sides import Bench
from tests.engines.venvs import venv

FIFTY = 50
READ = """
import runpy, sys, time
runpy.run_path(sys.argv[1])
began = time.process_time()
runpy.run_path(sys.argv[1])
print(time.process_time() - began)
"""


def dag_import(bench: Bench, runs: int) -> Iterator[Row]:
    """CPU of reading a DAG file of 50 steps once more, in a process of Airflow 2.11.2 that has read it before."""
    path = bench.flow("Import", flows.realistic("Import", FIFTY))
    bench.with_metaflow(path, *METAFLOW_CREATE["airflow"])
    ours = bench.folder / "ours.py"
    ours.write_text(bench.with_flowc("airflow", "create", str(path)).output, encoding="utf-8")
    try:
        theirs = f"{_read(bench, bench.folder / 'dag.py', runs):.2f} ms"
    except CommandFailedError as error:
        theirs = f"does not load: {str(error).splitlines()[-1]}"
    yield Row(
        "DAG import on Airflow 2.11.2, a task", theirs, f"{_read(bench, ours, runs):.2f} ms", None, "≥ 7x (of 2.0 ms)"
    )


def _read(bench: Bench, file: Path, runs: int) -> float:
    """Milliseconds a task."""
    env = {**bench.env, "AIRFLOW_HOME": str(bench.folder / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    command = [str(venv("af2") / "bin" / "python"), "-W", "ignore", "-c", READ, str(file)]
    costs = [run(command, env=env, cwd=bench.folder) for _ in range(runs)]
    return statistics.median(float(cost.output.split()[-1]) for cost in costs) / FIFTY * 1000


def step(bench: Bench, runs: int) -> Iterator[Row]:
    """One step's process with everything in the image; of Metaflow, the step's own process alone, without the others of its container."""
    path = bench.flow("Stepped", flows.chain("Stepped", 4))
    store, named = bench.folder / "stepped", bench.folder / "run-id"
    bench.with_metaflow(path, "run", "--run-id-file", str(named))
    number = named.read_text(encoding="utf-8").strip()
    theirs = ("step", "s2", "--run-id", number, "--task-id", "9", "--input-paths", f"{number}/s1/2")
    env = {"FLOWC_FLOW": f"{path.name}:Stepped", "FLOWC_STORE": f"file:{store}"}
    first = ("start", "--owner", "bench", "--parameters", "{}")
    _container(bench, env, first)
    _container(bench, env, ("s1", "--load", "start"))
    pair = side_by_side(
        partial(bench.with_metaflow, path, *theirs), partial(_container, bench, env, ("s2", "--load", "s1")), runs
    )
    cpu = [f"{cost.cpu * 1000:.0f} ms" for cost in pair]
    yield Row(
        "one step's process, all in the image", cpu[0], cpu[1], pair[0].cpu / pair[1].cpu, "≥ 30x with its others"
    )


def _container(bench: Bench, env: dict[str, str], words: tuple[str, ...]) -> Cost:
    name, *rest = words
    python = str(bench.flowc.parent / "python")
    command = [python, "-P", "-m", "flowc", "step", name, "--run", "bench", "--index", "-", "--retry", "0", *rest]
    return run(command, env={**bench.env, **env}, cwd=bench.folder / "flows" / "stepped")
