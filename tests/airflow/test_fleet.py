"""The example fleet on Airflow: its project's own test on both versions, and DAGs of data engineers that start flows and follow one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Manifest, read
from flowc.store import open_store

from tests.engines.airflow import LINES, environment, prepare
from tests.engines.airflow_scheduler import Scheduler
from tests.engines.rights import open_to_it
from tests.engines.venvs import venv

FLEET = Path(__file__).resolve().parents[2] / "examples" / "fleet"
SHIM = Path(__file__).resolve().parents[2] / "runtime_shim"
PYTEST = """
import sys
sys.path.append(sys.argv[1])
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[2:]]))
"""
"""pytest from where it is installed, behind all that Airflow's own environment has."""


@pytest.mark.parametrize("line", LINES)
def test_the_project_holds_what_its_own_test_asks(line: str, tmp_path: Path) -> None:
    project = tmp_path / "astro"
    shutil.copytree(FLEET / "astro", project)
    home = tmp_path / "home"
    prepare(line, home)
    beside = Path(pytest.__file__).parents[1]
    words = [str(venv(line) / "bin" / "python"), "-P", "-c", PYTEST, str(beside), str(project / "tests")]
    ended = subprocess.run(words, env=environment(line, home), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    dags = len([*project.glob("dags/**/*.py")])
    assert f"{1 + 2 * dags} passed" in ended.stdout
    broken = next(project.glob("dags/flows/*.py"))
    broken.write_text(re.sub(r"tags=.*", "tags=[],", broken.read_text()))
    again = subprocess.run(words, env=environment(line, home), capture_output=True, text=True, check=False)
    assert again.returncode == 1, "a test that cannot fail"


@pytest.fixture
def fleet() -> Iterator[Path]:
    """The fleet in a folder that every user may read, as an image has it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        shutil.copytree(FLEET, Path(folder, "fleet"))
        yield Path(folder, "fleet")


@pytest.mark.sampled("alone")
@pytest.mark.xdist_group("scheduler")
def test_dags_of_others_start_flows_and_follow_one(scheduler: Scheduler, fleet: Path, tmp_path: Path) -> None:
    store = f"file:{open_to_it(fleet.parent / 'store')}"
    words = [sys.executable, "-P", "-m", "compiler", "airflow", "create", "-o", "out/", "--store", store]
    subprocess.run([*words, "--image", "fleet:1"], cwd=fleet, check=True, capture_output=True)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    scheduler.put_image("fleet:1", {"PATH": path, "PYTHONPATH": str(SHIM)}, fleet)
    for name in ("Campaign", "Experiment", "Orders"):
        scheduler.deploy(name, (fleet / "out" / f"{name}.py").read_text())
    for name in ("day", "after_orders"):
        scheduler.deploy(name, (fleet / "astro" / "dags" / f"{name}.py").read_text())

    ended = scheduler.wait("day", scheduler.trigger("day"), 240)
    assert ended.state == "success", (ended.states(), scheduler.log[-3000:])
    asked = {"Campaign": ("--day", "2026-01-30", "--budget", "12"), "Experiment": ("--day", "2026-01-30")}
    for name, artifact in (("Campaign", "letters"), ("Experiment", "means")):
        there = _end(store, name, f"airflow-{name}-{_a_run(scheduler, name)}")[artifact]
        assert there
        assert there == _here(fleet, tmp_path, name, asked[name])[artifact]

    ended = scheduler.wait("Orders", scheduler.trigger("Orders"))
    assert ended.state == "success", ended.states()
    followed = scheduler.wait("after_orders", _a_run(scheduler, "after_orders"))
    assert followed.state == "success", followed.states()


def _a_run(scheduler: Scheduler, dag: str) -> str:
    """The id of a DAG's first run: the schedule of the DAG that starts it may have begun one, too."""
    until = time.monotonic() + 120
    while not (runs := scheduler.call("GET", f"dags/{dag}/dagRuns?order_by=id")["dag_runs"]):
        assert time.monotonic() < until, scheduler.log
        time.sleep(0.5)
    return str(runs[0]["dag_run_id"])


def _end(store: str, flow: str, run: str) -> Manifest:
    return read(open_store(store), RunAddress(flow, run).task("end"))


def _here(fleet: Path, folder: Path, flow: str, parameters: tuple[str, ...]) -> Manifest:
    """What the last task leaves in a local run."""
    store = f"file:{folder / 'store'}"
    words = [sys.executable, "-P", "-m", "compiler", "run", "--store", store, "--run-id", "here"]
    words += [f"teams/growth/{flow.lower()}.py", *parameters]
    subprocess.run(words, cwd=fleet, check=True, capture_output=True)
    return _end(store, flow, "here")
