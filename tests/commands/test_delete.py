"""`flowc delete`."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.store import open_store
from flowc.store.files import FileStore

from tests.stages.command_line import Flowc
from tests.stages.written_runs import begun, line

NOW = time.time()


@pytest.fixture
def store(folder: Path) -> FileStore:
    """With runs that succeeded, that failed, that have begun."""
    found = open_store(f"file:{folder / '.flowc'}")
    assert isinstance(found, FileStore)
    line(found, RunAddress("F", "good"), NOW - 60)
    begun(found, RunAddress("F", "failed"), NOW - 40, fails=True)
    begun(found, RunAddress("F", "open"), NOW - 20)
    return found


def _runs(flowc: Flowc) -> set[str]:
    return {each["run_id"] for each in json.loads(flowc("runs", "F", "--json").out)}


ALL = {"good", "failed", "open"}
CALLS = [
    (["F/good", "--yes"], 0, "deleted F/good  6 objects, ", ALL - {"good"}),
    (["F/good", "--dry-run"], 0, "would delete F/good  6 objects, ", ALL),
    (["F/good"], 2, "say --yes to delete", ALL),
    (
        ["F/failed", "--yes"],
        2,
        "F/failed has failed, and its engine may still try again: the last sign of life was ",
        ALL,
    ),
    (["F/open", "--yes"], 2, "F/open may be running: 1 of its tasks has begun and not ended, ", ALL),
    (["F/open", "F/failed", "--yes", "--force"], 0, "deleted F/open", {"good"}),
    (["F/open", "F/good", "--yes"], 2, "deleted F/good", ALL - {"good"}),
    (["F/none", "--yes"], 2, "no run F/none", ALL),
    (["F"], 2, "'F' is not FLOW/RUN", ALL),
    ([], 2, "Missing argument", ALL),
]


@pytest.mark.parametrize(("words", "code", "said", "left"), CALLS, ids=range(len(CALLS)))
def test_runs_that_have_ended_go_when_somebody_agrees(
    flowc: Flowc, store: FileStore, words: list[str], code: int, said: str, left: set[str]
) -> None:
    ended = flowc("delete", *words)
    assert (ended.code, _runs(flowc)) == (code, left)
    assert said in ended.out + ended.err
    folders = {path.name for path in Path(store.root, "F").iterdir() if path.name[0] != "_"}
    assert folders == left


def test_machines_are_told_what_went_and_what_stayed(flowc: Flowc, store: FileStore) -> None:
    ended = flowc("delete", "F/good", "F/open", "--yes", "--json")
    assert ended.code == 2
    found = json.loads(ended.out)
    assert found["dry_run"] is False
    assert [(each["flow"], each["run_id"]) for each in found["deleted"]] == [("F", "good")]
    assert found["deleted"][0]["bytes"] > 1000
    assert len(found["kept"]) == 1


def test_a_run_of_this_machine_that_goes_on_is_never_deleted(flowc: Flowc, store: FileStore) -> None:
    file = os.open(Path(store.root, "F", "good", ".running"), os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
    ended = flowc("delete", "F/good", "--yes", "--force")
    assert (ended.code, _runs(flowc)) == (2, ALL)
    assert "F/good is running on this machine: end it first" in ended.err
    os.close(file)
    assert flowc("delete", "F/good", "--yes").code == 0
    assert not Path(store.root, "F", "good").exists()


def test_what_a_killed_writer_left_goes_with_its_run(flowc: Flowc, store: FileStore) -> None:
    left = Path(store.root, "F", "good", "_blobs", ".abc.1f.0123456789ab")
    left.write_bytes(b"some")
    assert flowc("delete", "F/good", "--yes").code == 0
    assert not Path(store.root, "F", "good").exists()


def test_the_name_is_free_again(flowc: Flowc, folder: Path) -> None:
    run = ["run", "--run-id", "r", "flow.py", "--top", "1"]
    assert flowc(*run).code == 0
    assert flowc(*run).code == 2, "it is another's"
    assert flowc("delete", "SumFlow/r", "--yes").code == 0
    assert flowc(*run).code == 0
    assert flowc("inspect", "SumFlow/r").code == 0
