"""Nothing of a run changes by a replay: whatever the step writes, and whenever the replay is interrupted or killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from tests.replay.calls import FLOWC, Ran, contents, environment, run

WRITING = """
import subprocess, sys, time
from pathlib import Path
from flowc import FlowSpec, S3, Run, current, step


class WritingFlow(FlowSpec):
    @step
    def start(self):
        self.big = "x" * 200_000
        with S3(run=self) as s3:
            s3.put("from/start", "early")
        self.next(self.middle)

    @step
    def middle(self):
        with S3(run=self) as s3:
            s3.put("from/middle", "late")
            s3.put("from/start", "changed")
            self.keys = sorted(each.key for each in s3.list_recursive(["from"]))
            self.text = s3.get("from/start").text
        run = Run(f"WritingFlow/{current.run_id}", _namespace_check=False)
        run.add_tag("seen")
        current.run.add_tag("current")
        self.tags = sorted(each for each in run.user_tags)
        self.before = run["start"].task.data.big == self.big
        self.own = current.run
        code = "from flowc import Run; Run(sys.argv[1], _namespace_check=False).add_tag('child')"
        subprocess.run([sys.executable, "-c", "import sys; " + code, current.run.pathspec], check=True)
        self.next(self.slow)

    @step
    def slow(self):
        self.own.add_tag("kept")
        if Path("wait").exists():
            Path("waits").touch()
            time.sleep(60)
        self.big = self.big.replace("x", "y")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run whose steps write beside their artifacts."""
    return run(tmp_path_factory.mktemp("writing"), WRITING)


def test_what_a_step_writes_beside_its_artifacts_reaches_no_run(ran: Ran) -> None:
    assert ran.replay("start", "--json").document["result"] == "equal"
    said = ran.replay("middle", "--json", "--values").document
    # The tags are those that the run has by now; all else is as it was.
    assert said["differences"] == ["artifact tags"]
    (tags,) = [each for each in said["artifacts"] if each["name"] == "tags"]
    assert (tags["before"]["value"], tags["now"]["value"]) == ("['seen']", "['child', 'current', 'kept', 'seen']")
    assert ran.replay("slow", "--json").document["result"] == "equal"


def test_what_is_kept_is_a_store(ran: Ran) -> None:
    said = ran.replay("slow", "--keep", ran.folder / "kept")
    assert said.code == 0
    assert f"kept in file:{ran.folder / 'kept'}" in said.out
    left = read(open_store(f"file:{ran.folder / 'kept'}"), RunAddress(ran.flow, ran.run).task("slow"))
    assert left["big"] == "y" * 200_000
    assert left["text"] == "changed"
    assert not [path.name for path in (ran.folder / "kept").iterdir() if path.name.startswith(".")]


MOMENTS = (0.0, 0.15, 0.3, 0.5, 0.7, 0.9, 1.2)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_replay_that_is_killed_at_any_moment_has_changed_nothing(moment: float, ran: Ran) -> None:
    before = contents(ran.store)
    process = _begun(ran)
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert contents(ran.store) == before
    assert ran_again(ran)


def ran_again(ran: Ran) -> bool:
    """Whether the next one does its work; what a killed one left lies in the temporary folder, and is not in its way."""
    for left in (ran.folder / "tmp").glob("flowc-replay-*"):
        left.rename(left.with_name(f"left-{time.monotonic_ns()}"))
    return ran.replay("slow", "--json").code == 0


SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_leaves_neither_a_folder_nor_a_process(number: signal.Signals, ran: Ran) -> None:
    before = contents(ran.store)
    (ran.folder / "waits").unlink(missing_ok=True)
    (ran.folder / "wait").touch()
    try:
        process = _begun(ran)
        while not (ran.folder / "waits").exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
    finally:
        (ran.folder / "wait").unlink()
    assert process.returncode == SIGNALS[number]
    assert "interrupted: nothing of the run has changed" in told
    assert not list((ran.folder / "tmp").glob("flowc-replay-*"))
    assert contents(ran.store) == before
    assert _with(ran.folder / "tmp") == []


def _begun(ran: Ran) -> subprocess.Popen[str]:
    words = [*FLOWC, "replay", f"{ran.flow}/{ran.run}/slow", "--store", ran.store]
    return subprocess.Popen(
        words, cwd=ran.folder, env=environment(ran.folder), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _with(folder: Path) -> list[str]:
    """The processes that have this folder for their temporary files."""
    wanted = f"TMPDIR={folder}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found
