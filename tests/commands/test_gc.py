"""`flowc gc`; which runs go is in tests/retention."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import click
import pytest
from flowc.artifacts.address import RunAddress
from flowc.store import open_store

from compiler.commands.gc import _Span
from tests.stages.command_line import Flowc
from tests.stages.written_runs import begun, line

DAY = 86_400.0
NOW = time.time()


@pytest.fixture
def store(folder: Path) -> Path:
    """Three runs of SumFlow that have succeeded, and one of another flow."""
    found = open_store(f"file:{folder / '.flowc'}")
    for number in range(3):
        line(found, RunAddress("SumFlow", f"r{number}"), NOW - 60 + number)
    line(found, RunAddress("Other", "r"), NOW - 60)
    begun(found, RunAddress("SumFlow", "open"), NOW - 60)
    return folder / ".flowc"


def _runs(flowc: Flowc, flow: str) -> list[str]:
    return [each["run_id"] for each in json.loads(flowc("runs", flow, "--json").out)]


@pytest.mark.parametrize("named", ["SumFlow", "flow.py"])
def test_old_runs_of_a_flow_go_and_the_newest_stays(flowc: Flowc, store: Path, named: str) -> None:
    would = flowc("gc", named, "--older-than", "0s", "--dry-run")
    assert would.code == 0
    assert "would delete SumFlow/r0  6 objects" in would.out
    assert "would free " in would.out
    assert "kept SumFlow/open may be running" in would.out
    asked = flowc("gc", named, "--older-than", "0s")
    assert asked.code == 2
    assert "say --yes" in asked.err
    assert "would delete SumFlow/r0" in asked.err
    assert set(_runs(flowc, "SumFlow")) == {"r2", "r1", "r0", "open"}
    ended = flowc("gc", named, "--older-than", "0s", "--yes")
    assert ended.code == 0
    assert ended.out.splitlines()[-1].startswith("freed ")
    assert (_runs(flowc, "SumFlow"), _runs(flowc, "Other")) == (["r2", "open"], ["r"])


def test_all_flows_are_meant_where_none_is_named(flowc: Flowc, store: Path) -> None:
    found = json.loads(flowc("gc", "--older-than", "0s", "--keep-last", "0", "--yes", "--json").out)
    assert sorted(f"{each['flow']}/{each['run_id']}" for each in found["deleted"]) == [
        *("Other/r", "SumFlow/r0", "SumFlow/r1", "SumFlow/r2"),
    ]
    assert [each["run_id"] for each in found["kept"]] == ["open"]
    assert _runs(flowc, "SumFlow") == ["open"]


def test_nothing_to_delete_asks_nobody(flowc: Flowc, store: Path) -> None:
    ended = flowc("gc", "--older-than", "30d")
    assert (ended.code, ended.out) == (0, "")
    assert "would free 0 B: 0 runs" in ended.err


def test_what_a_writer_left_goes_after_a_day(flowc: Flowc, store: Path) -> None:
    for name, age in (("old", DAY + 60), ("new", 60)):
        path = store / "SumFlow" / "r2" / "_blobs" / f".{name}.1f.0123456789ab"
        path.write_bytes(b"some")
        os.utime(path, (NOW - age, NOW - age))
    assert "1 unfinished write" in flowc("gc", "--older-than", "30d", "--yes").out
    left = [path.name for path in (store / "SumFlow" / "r2" / "_blobs").iterdir() if path.name[0] == "."]
    assert left == [".new.1f.0123456789ab"]


def test_a_folder_that_was_removed_by_hand_breaks_nothing(flowc: Flowc, store: Path, folder: Path) -> None:
    shutil.rmtree(store / "SumFlow" / "r2")
    shutil.rmtree(store / "SumFlow" / "open")
    assert _runs(flowc, "SumFlow") == ["r1", "r0"]
    assert _runs(flowc, "SumFlow") == [
        each["run_id"] for each in json.loads(flowc("runs", "SumFlow", "--limit", "2", "--json").out)
    ]
    assert "no run SumFlow/r2" in flowc("inspect", "SumFlow/r2").err
    resumed = flowc("run", "flow.py", "--resume", "r2")
    assert resumed.code == 2
    assert "no run SumFlow/r2" in resumed.err
    assert flowc("gc", "--older-than", "30d", "--yes").code == 0
    assert not [path for path in (store / "SumFlow" / "_created").iterdir() if path.name.endswith(("r2", "open"))]


@pytest.mark.parametrize(
    ("text", "found"),
    [("90s", 90.0), ("30m", 1800.0), ("12h", DAY / 2), ("30d", 30 * DAY), ("2w", 14 * DAY), ("0s", 0.0)],
)
def test_an_age_is_a_number_and_its_unit(text: str, found: float) -> None:
    assert _Span().convert(text, None, None) == found
    assert _Span().convert(found, None, None) == found


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5d", "30 d", "1y", "9999999d", "\u0661d"])
def test_all_else_is_no_age(text: str) -> None:
    with pytest.raises(click.BadParameter, match="12h, 30d or 2w"):
        _Span().convert(text, None, None)
