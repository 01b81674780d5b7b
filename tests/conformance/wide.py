"""`python -m tests.conformance.wide ENGINE [WIDTH]`: a foreach of so many children here and on an engine, and whether both leave the same.

The engines are `argo`, `step-functions` and `airflow 3.3.2`. Ten thousand children are ten thousand processes on each side: a quarter of an
hour and more on two cores, so the suite runs it with few.
"""

from __future__ import annotations

import functools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conformance.engines import AIRFLOW_3, Engine, container_engines
from tests.conformance.results import Result, against_local, read_result
from tests.engines import FlowCase
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import run_airflow
from tests.engines.local import run_local

WIDTH = 10_000
PATIENCE = 4 * 3600.0
"""Seconds that each side may take."""

SOURCE = """
from flowc import FlowSpec, Parameter, step


class Wide(FlowSpec):
    width = Parameter("width", type=int)

    @step
    def start(self):
        self.items = list(range(self.width))
        self.next(self.square, foreach="items")

    @step
    def square(self):
        self.squared = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.squared for each in inputs)
        self.order = [each.squared for each in inputs] == [item**2 for item in range(self.width)]
        self.next(self.end)

    @step
    def end(self):
        assert self.order
"""


def differences(engine: Engine, width: int, folder: Path, tell: Callable[[str], object]) -> list[str]:
    """How what an engine leaves of the wide flow differs from the local run."""
    path = folder / "wide.py"
    path.write_text(SOURCE, encoding="utf-8")
    case = FlowCase(path, "Wide", {"width": width})
    here = _timed("local", functools.partial(run_local, patience=PATIENCE), case, folder / "local", tell)
    if len(here.tasks) != width + 3 or not here.success:
        return [f"local: {len(here.tasks)} tasks, success {here.success}"]
    return list(against_local(here, _timed("engine", engine, case, folder / "engine", tell)))


def _timed(who: str, run: Engine, case: FlowCase, folder: Path, tell: Callable[[str], object]) -> Result:
    folder.mkdir()
    begun = time.monotonic()
    outcome = run(case, folder)
    took = time.monotonic() - begun
    result = read_result(outcome, case.path.parent)
    tell(f"{who}: {len(result.tasks):,} tasks in {took:,.0f} s, {'succeeded' if outcome.success else 'failed'}\n")
    return result


@contextmanager
def engine_named(name: str) -> Iterator[Engine]:
    """An engine by its name. Raises KeyError."""
    if name == AIRFLOW_3:
        with DagTester("af3") as tester:
            yield lambda case, folder: run_airflow(case, folder, tester, timeout=PATIENCE)
    else:
        with container_engines(PATIENCE) as engines:
            yield engines[name]


def main(name: str, width: int) -> int:
    """Run it, and print what differs; the exit code."""
    with tempfile.TemporaryDirectory(prefix="wide-") as folder, engine_named(name) as engine:
        found = differences(engine, width, Path(folder), _tell)
    _tell("\n".join(found) + "\n" if found else f"the same on {name}, {width:,} wide\n")
    return 1 if found else 0


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else WIDTH))
