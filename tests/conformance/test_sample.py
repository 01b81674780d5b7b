"""The seeds of the sample: the same for all who name the same commit, others for another, never the fixed ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.judge import judge_seeds
from tests.conformance.plan import SUITES
from tests.conformance.sample import BEYOND, RANGE, ROOT, NoSampleError, commit, first_seed, told
from tests.engines import local

COMMITS = [f"{number:040x}" for number in range(1, 2_000)]
PLANNED = """
from tests.conformance.plan import generated, has_gang, has_none, mutants, seeds
print(*generated(), *mutants(), *seeds("airflow", 5, has_none), *seeds("airflow", 2, has_gang))
"""


def planned(**environment: str) -> subprocess.CompletedProcess[str]:
    """The seeds that a process of its own takes."""
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    return subprocess.run(
        [sys.executable, "-c", PLANNED], cwd=ROOT, env=bare, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("sample", "first"),
    [("0" * 40, 450044422), ("aaa", 259637185), ("7", 811683230)],
)
def test_a_sample_keeps_its_seeds(sample: str, first: int) -> None:
    """A failure that one machine named is found again on another, and later."""
    assert first_seed(sample) == first


def test_commits_have_seeds_of_their_own() -> None:
    first = sorted(map(first_seed, COMMITS))
    assert len(set(first)) == len(COMMITS)
    assert first[0] < RANGE // 100
    assert first[-1] > RANGE - RANGE // 100


def test_no_sample_holds_a_fixed_seed() -> None:
    fixed = max(number for form, numbers in SUITES.items() if form != "sample" for number in numbers)
    assert fixed < BEYOND <= min(map(first_seed, COMMITS))


def test_all_workers_take_the_same_seeds_and_another_commit_others() -> None:
    one, also, other, short = (
        planned(PYTHONHASHSEED=chance, **form)
        for chance, form in (
            ("1", {"FLOWC_CONFORMANCE": "sample", "FLOWC_SAMPLE": COMMITS[0]}),
            ("2", {"FLOWC_CONFORMANCE": "sample", "FLOWC_SAMPLE": COMMITS[0]}),
            ("1", {"FLOWC_CONFORMANCE": "sample", "FLOWC_SAMPLE": COMMITS[1]}),
            ("1", {"FLOWC_SAMPLE": COMMITS[0], "FLOWC_SEED": "7"}),
        )
    )
    assert one.stdout == also.stdout != ""
    taken = [set(map(int, found.stdout.split())) for found in (one, other, short)]
    assert [len(seeds) > 10 for seeds in taken] == [True] * 3
    assert not taken[0] & taken[1]
    assert max(taken[2]) < BEYOND < min(taken[0] | taken[1])


def test_one_seed_is_taken_alone() -> None:
    found = planned(FLOWC_CONFORMANCE="sample", FLOWC_SEED="77777")
    assert set(found.stdout.split()) == {"77777"}


@pytest.mark.parametrize("named", [{}, {"FLOWC_SAMPLE": " "}])
def test_a_sample_without_a_name_is_no_run(named: dict[str, str]) -> None:
    found = planned(FLOWC_CONFORMANCE="sample", **named)
    assert found.returncode
    assert "FLOWC_SAMPLE is not set" in found.stderr


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({}, None),
        ({"FLOWC_SAMPLE": "1f"}, None),
        ({"FLOWC_CONFORMANCE": "long", "FLOWC_SAMPLE": "1f"}, None),
        ({"FLOWC_CONFORMANCE": "sample", "FLOWC_SAMPLE": "1f"}, "sample: 1f (again: make sample SAMPLE=1f)"),
        ({"FLOWC_CONFORMANCE": "sample", "FLOWC_SEED": "7"}, "sample: only seed 7 (again: make sample SEED=7)"),
    ],
)
def test_a_run_says_which_sample_it_is_of(environment: dict[str, str], line: str | None) -> None:
    assert told(environment) == line


def test_an_error_names_the_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "PATIENCE", 0.0)
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        judge_seeds([7], {}, tmp_path)
    assert caught.value.__notes__ == ["seed 7, alone: make sample SEED=7"]


def test_where_no_commit_is_the_sample_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(NoSampleError, match="make sample SAMPLE="):
        commit(tmp_path)


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_the_sample_is_the_commit_that_is_checked_out(tmp_path: Path) -> None:
    words = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    seen = []
    for message in ("one", "two"):
        subprocess.run([*words, "init", "--quiet", str(tmp_path)], check=True)
        subprocess.run([*words, "commit", "--quiet", "--allow-empty", "-m", message], cwd=tmp_path, check=True)
        seen.append(commit(tmp_path))
    assert len(set(seen)) == 2
    assert {len(each) for each in seen} == {40}
