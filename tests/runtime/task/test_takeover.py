"""A run that its engine begins in the middle: what the run before it has done is taken over, or there is one word why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import attempts, read, read_run
from flowc.store import open_store

from tests.stages.container import contain, variables, write

_FLOW = """
import os
from flowc import FlowSpec, Parameter, S3, step

class F(FlowSpec):
    p = Parameter("p", default="given by none")

    @step
    def start(self):
        with S3(run=self) as s3:
            s3.put("kept", "there")
        self.xs = [1, 2, 3]
        self.big = "x" * 100_000
        self.next(self.body, foreach="xs")

    @step
    def body(self):
        assert self.input != 2 or "GOES" in os.environ
        self.y = self.input * 10
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.ys = [i.y for i in inputs]
        self.merge_artifacts(inputs, include=["big"])
        self.next(self.end)

    @step
    def end(self):
        with S3(run=self) as s3:
            self.kept = s3.get("kept").text
"""


def _failed_run(folder: Path) -> None:
    """A run `r` whose second child has failed."""
    write(folder, _FLOW)
    assert contain(folder, "start", parameters='{"p": "é"}').returncode == 0
    codes = [contain(folder, "body", "foreach:start", f"{child}").returncode for child in range(3)]
    assert codes == [0, 1, 0]


def _again(
    folder: Path, step: str, load: str, index: str = "-", origin: str = "r", run: str = "r-x2"
) -> subprocess.CompletedProcess[str]:
    words = [
        sys.executable,
        "-m",
        "flowc",
        "step",
        step,
        "--run",
        run,
        "--index",
        index,
        "--retry",
        "0",
        "--load",
        load,
    ]
    environment = variables(folder, GOES="1", FLOWC_ORIGIN=origin)
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_what_the_earlier_run_has_done_is_taken_over(tmp_path: Path) -> None:
    """By whichever task comes first; also from a run that has taken over itself, and both stay whole."""
    _failed_run(tmp_path)
    for origin, run in (("r", "r-x2"), ("r-x2", "r-x3")):
        assert _again(tmp_path, "body", "foreach:start", "1", origin, run).returncode == 0
        ended = _again(tmp_path, "gather", "gather:start/body", "-", origin, run)
        assert ended.returncode == 0, ended.stderr
        ended = _again(tmp_path, "end", "gather", "-", origin, run)
        assert ended.returncode == 0, ended.stderr
        store, address = open_store(f"file:{tmp_path / 'store'}"), RunAddress("F", run)
        end = read(store, address.task("end"))
        assert (end["ys"], end["p"], end["kept"], len(end["big"])) == ([10, 20, 30], "é", "there", 100_000)
        assert read_run(store, address).origin == origin
        assert [len(attempts(store, address.task("body", f"{child}"))) for child in range(3)] == [0, 1, 0]


def test_several_tasks_take_over_at_once(tmp_path: Path) -> None:
    """Each finds all of it, whoever is first, and none takes back what another has done."""
    _failed_run(tmp_path)
    words = [sys.executable, "-m", "flowc", "step", "body", "--run", "two", "--retry", "0", "--load", "foreach:start"]
    environment = variables(tmp_path, GOES="1", FLOWC_ORIGIN="r")
    begun = [subprocess.Popen([*words, "--index", f"{child}"], cwd=tmp_path, env=environment) for child in range(3)]
    assert [process.wait() for process in begun] == [0, 0, 0]
    store, address = open_store(f"file:{tmp_path / 'store'}"), RunAddress("F", "two")
    assert [read(store, address.task("body", f"{child}")).attempt for child in range(3)] == [1, 1, 1]


def test_a_run_of_which_nothing_is_there_is_told_once(tmp_path: Path) -> None:
    _failed_run(tmp_path)
    ended = _again(tmp_path, "body", "foreach:start", "1", "r-lost")
    assert ended.returncode == 2
    assert "r-x2 goes on from r-lost, and the store" in ended.stderr


def test_an_origin_without_a_name_is_none(tmp_path: Path) -> None:
    """That is what an expression leaves where the workflow has no such label."""
    _failed_run(tmp_path)
    ended = _again(tmp_path, "body", "foreach:start", "1", "argo-default-")
    assert ended.returncode == 2
    assert "are not in the store" in ended.stderr


def test_a_run_that_has_begun_by_itself_takes_nothing(tmp_path: Path) -> None:
    """An engine names the origin also where every step is done anew."""
    _failed_run(tmp_path)
    words = [
        sys.executable,
        "-m",
        "flowc",
        "step",
        "start",
        "--run",
        "new",
        "--index",
        "-",
        "--retry",
        "0",
        "--owner",
        "me",
        "--parameters",
        "{}",
    ]
    environment = variables(tmp_path, FLOWC_ORIGIN="r")
    assert subprocess.run(words, cwd=tmp_path, env=environment, check=False).returncode == 0
    assert _again(tmp_path, "body", "foreach:start", "0", "r", "new").returncode == 0
    store, address = open_store(f"file:{tmp_path / 'store'}"), RunAddress("F", "new")
    assert read_run(store, address).origin == ""
    assert store.size(address.task("body", "2").manifest) is None
