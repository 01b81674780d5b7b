"""What the output costs where it runs: reading the DAG file, starting a step."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import flows
from bench.floors import STEP
from bench.goals import at_most
from bench.measure import CommandFailedError, Cost, in_turn, run
from bench.rows import METAFLOW_CREATE, Row, cpu
from bench.sides import Bench
from tests.engines.venvs import venv
from tests.stages.image_layout import Layout, lay_out, sealed, stranger

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
    each = _read(bench, ours, runs)
    yield Row("DAG import on Airflow 2.11.2, a task", theirs, f"{each:.2f} ms", None, at_most(0.29, " ms", each))


def _read(bench: Bench, file: Path, runs: int) -> float:
    """Milliseconds a task."""
    env = {**bench.env, "AIRFLOW_HOME": str(bench.folder / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    command = [str(venv("af2") / "bin" / "python"), "-W", "ignore", "-c", READ, str(file)]
    costs = [run(command, env=env, cwd=bench.folder) for _ in range(runs)]
    return statistics.median(float(cost.output.split()[-1]) for cost in costs) / FIFTY * 1000


def step(bench: Bench, runs: int) -> Iterator[Row]:
    """One step's process with everything in the image; of Metaflow, the step's own process alone, without the others of its container."""
    path = bench.flow("Stepped", flows.chain("Stepped", 4))
    named = bench.folder / "run-id"
    bench.with_metaflow(path, "run", "--run-id-file", str(named))
    number = named.read_text(encoding="utf-8").strip()
    theirs = ("step", "s2", "--run-id", number, "--task-id", "9", "--input-paths", f"{number}/s1/2")
    image = _image(bench, path)
    (bench.folder / "stepped").mkdir()
    (bench.folder / "stepped").chmod(0o777)
    with sealed(image):
        _container(bench, image, ("start", "--owner", "bench", "--parameters", "{}"))
        _container(bench, image, ("s1", "--load", "start"))
        two = ("s2", "--load", "s1")
        source = {"PYTHONPYCACHEPREFIX": str(bench.folder / "no-bytecode")}
        commands = (
            partial(bench.with_metaflow, path, *theirs),
            partial(_container, bench, image, two),
            partial(_in_image, bench, image, ("-c", STEP)),
            partial(_container, bench, image, two, **source),
        )
        their, our, floor, compiled = in_turn(commands, runs)
    yield cpu(
        "one step's process, in a read-only image of `flowc image`",
        (their, our, floor),
        least=7,
        why="the flow's module and the store's are imported",
    )
    yield cpu("… in an image without bytecode", (their, compiled, floor))


def _image(bench: Bench, path: Path) -> Layout:
    context = bench.folder / "context"
    bench.with_flowc("image", str(path), "-o", str(context))
    return lay_out(context, bench.folder / "image")


def _container(bench: Bench, image: Layout, words: tuple[str, ...], **more: str) -> Cost:
    name, *rest = words
    command = ("-m", "flowc", "step", name, "--run", "bench", "--index", "-", "--retry", "0", *rest)
    return _in_image(bench, image, command, **more)


def _in_image(bench: Bench, image: Layout, words: tuple[str, ...], **more: str) -> Cost:
    """A process of the image's Python, by a user who may write nowhere in it."""
    named = {"FLOWC_FLOW": "stepped.py:Stepped", "FLOWC_STORE": f"file:{bench.folder}/stepped"}
    env = {**bench.env, **image.environment(**named, **more)}
    return run([str(image.python), *words], env=env, cwd=image.code, log=bench.folder, user=stranger())
