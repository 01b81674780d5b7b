"""What the soak looks for is found when it is there, and what it injects arrives."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.store import open_store

from compiler.call.verifying import verify
from tests.soak import damage
from tests.soak.bad_bucket import KINDS as TROUBLES
from tests.soak.bucket import Bucket
from tests.soak.flows import FLOW, draw
from tests.soak.judge import Kept, Left, faults, read_back, unexplained

A, B = Kept("1", ("x", "y"), {"a//0": "first"}), Kept("2", ("x", "y"), {"a//0": "first", "b//0": "second"})
WHOLE = Left({"a//0": A, "b//0": B})


@pytest.mark.parametrize(
    ("left", "is_whole", "verdict"),
    [
        (WHOLE, True, ""),
        (Left({"a//0": A}), False, ""),
        (Left({"a//0": A}), True, "lost"),
        (Left({"a//0": A, "b//0": replace(B, line="3")}), True, "differs"),
        (Left({"a//0": A, "b//0": replace(B, data=("x", "z"))}), False, "differs"),
        (Left({**WHOLE.tasks, "c//0": B}), True, "differs"),
        (Left({"a//0": replace(A, met={"a//0": "another"}), "b//0": B}), True, "mixed"),
        (Left(WHOLE.tasks, ["torn: r: a/- cannot be read"]), True, "torn"),
    ],
)
def test_each_fault_of_a_run_has_its_verdict(left: Left, is_whole: bool, verdict: str) -> None:
    found = list(faults(left, WHOLE, "r", is_whole=is_whole))
    assert [each.partition(":")[0] for each in found] == ([verdict] if verdict else [])


@pytest.mark.parametrize(
    ("code", "log", "verdict"),
    [
        (0, "r succeeded", ""),
        (70, "", "unexplained"),
        (-9, "", "unexplained"),
        (1, "x | Traceback (most recent call last):\n File soaked.py, line 3\nOSError", ""),
        (1, "x | Traceback (most recent call last):\n File store.py, line 3\nOSError", "unexplained"),
        (1, "Traceback (most recent call last):\n File runpy, in _run_code\nKeyboardInterrupt", ""),
        (1, "Traceback (most recent call last):\n File compiler/cli.py, in main\nKeyboardInterrupt", "unexplained"),
        (1, "Traceback (most recent call last):\nx failed and is tried again: the process was killed by SIGKILL", ""),
        (
            1,
            "Traceback (most recent call last):\nx failed and is tried again: the process was killed by SIGTERM",
            "unexplained",
        ),
        (
            1,
            "Traceback (most recent call last):\n  File store.py\nOSError: x\nthe process was killed by SIGKILL",
            "unexplained",
        ),
        (1, "This is a bug of flowc, not of your flow.", "unexplained"),
        (1, "RuntimeError: MIXED: two tries of a", "mixed"),
    ],
)
def test_each_text_and_code_that_says_nothing_is_seen(code: int, log: str, verdict: str) -> None:
    found = list(unexplained(code, log, "r", frozenset((0, 1, 2))))
    assert [each.partition(":")[0] for each in found] == ([verdict] if verdict else [])


def _ran(folder: Path, environment: dict[str, str] | None = None, store: str = "") -> tuple[int, str]:
    flow = draw(3, folder / "code")
    command = [sys.executable, "-P", "-m", "compiler", "run", "--store", store or f"file:{folder / 'store'}"]
    found = subprocess.run(
        [*command, "--run-id", "r", str(flow.path)],
        check=False,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **(environment or {})},
        capture_output=True,
        text=True,
    )
    return found.returncode, found.stdout + found.stderr


def test_whatever_is_damaged_in_a_run_s_store_is_found(tmp_path: Path) -> None:
    code, log = _ran(tmp_path)
    assert code == 0, log
    whole = read_back(open_store(f"file:{tmp_path / 'store'}"), "r")
    assert not [*faults(whole, whole, "r", is_whole=True)]
    missed = []
    for seed in range(40):
        copy = tmp_path / f"copy {seed}"
        shutil.copytree(tmp_path / "store", copy)
        what = damage.strike(copy / FLOW / "r", random.Random(seed))
        told = [*faults(read_back(open_store(f"file:{copy}"), "r"), whole, "r", is_whole=True)]
        if not told and not verify(open_store(f"file:{copy}"), RunAddress(FLOW, "r")).findings:
            missed.append(f"seed {seed}: {what}")
    assert not missed


def test_what_a_killed_writer_has_left_is_no_object_and_is_not_damaged(tmp_path: Path) -> None:
    hidden = tmp_path / "_blobs" / f".{'0' * 64}.1a.0123456789ab"
    hidden.parent.mkdir()
    hidden.write_bytes(b"half of it")
    assert all(damage.strike(tmp_path, random.Random(seed)) == "" for seed in range(8))
    assert hidden.read_bytes() == b"half of it"


def test_the_disk_s_faults_reach_the_store_and_are_counted(tmp_path: Path) -> None:
    unlucky = Path(__file__).parent / "unlucky"
    counted = tmp_path / "counted"
    told = {"PYTHONPATH": str(unlucky), "SOAK_DISK": f"{counted};full=0.2;broken=0.2;refused=0.2;killed=0"}
    code, _ = _ran(tmp_path, told)
    assert code in (1, 2)
    assert Counter(counted.read_text().split()).keys() <= {"full", "broken", "refused"}


def test_the_bucket_s_faults_reach_the_store_and_are_counted(tmp_path: Path) -> None:
    bucket = Bucket(1)
    try:
        store = bucket.make()
        bucket.luck(store, 0.5)
        _ran(tmp_path, dict(bucket.environment), store)
        found = bucket.luck(store, 0)
    finally:
        bucket.close()
    assert found.keys() <= {f"bucket: {kind}" for kind in TROUBLES}
    assert len(found) > 3
