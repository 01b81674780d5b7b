"""`python -m flowc hook`: which function is called, with what, and how its end is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stages.container import contain, variables, write

FLOW = """
from flowc import FlowSpec, exit_hook, step
import beside

def with_run(run):
    print("with", run.pathspec if run else run)

def with_any(**facts):
    print("any", sorted(facts))

def with_nothing():
    print("nothing")

def leaves():
    raise SystemExit(3)

@exit_hook(on_success=[with_run, beside.other])
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def hook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call the shim with these words after `hook`."""
    command = [sys.executable, "-m", "flowc", "hook", *words]
    return subprocess.run(command, cwd=folder, env=variables(folder), capture_output=True, text=True, check=False)


def called(folder: Path, name: str, status: str = "success") -> subprocess.CompletedProcess[str]:
    """Call one hook of the run `r`."""
    write(folder, FLOW)
    (folder / "beside.py").write_text("def other():\n    print('other')\n\ndef path():\n    print('path')\n")
    return hook(folder, name, "--run", "r", "--status", status)


def told(folder: Path, key: str) -> dict[str, object]:
    """What lies in the store of a hook."""
    found: dict[str, object] = json.loads((folder / "store" / "F" / "r" / "_hooks" / key).read_text())
    return found


@pytest.mark.parametrize(
    ("name", "line"),
    {
        "with_any": "any ['run']",
        "with_nothing": "nothing",
        "beside.other": "other",
        "other": "other",
        "beside.path": "path",
        "with_run": "with None",
    }.items(),
)
def test_the_function_that_a_name_means_is_called(name: str, line: str, tmp_path: Path) -> None:
    """In the module, dotted in it, among what the decorator was given, or an import path; without a record there is no run."""
    ran = called(tmp_path, name)
    assert (ran.returncode, ran.stdout.strip()) == (0, line), ran.stderr
    assert told(tmp_path, f"success~{name}")["failed"] is None


def test_the_run_is_handed_over_whoever_started_it(tmp_path: Path) -> None:
    """The namespace of the process does not hide the run that has just ended."""
    write(tmp_path, FLOW)
    (tmp_path / "beside.py").write_text("def other(): pass\n")
    assert contain(tmp_path, "start", USER="ada").returncode == 0
    assert called(tmp_path, "with_run").stdout.strip() == "with F/r"


def test_a_hook_that_fails_says_so_and_is_remembered(tmp_path: Path) -> None:
    """Exit code 1, the author's frames, and a record; also where it leaves the process."""
    ran = called(tmp_path, "leaves", "error")
    assert ran.returncode == 1
    assert "in leaves" in ran.stderr
    assert "/flowc/" not in ran.stderr
    assert "SystemExit: 3" in str(told(tmp_path, "error~leaves")["failed"])


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("with_run",),
        ("with_run", "--run", "r"),
        ("with_run", "--run", "r", "--state", "success"),
        ("with_run", "--run", "r", "--status", "Succeeded"),
    ],
)
def test_a_wrong_call_is_a_mistake(words: tuple[str, ...], tmp_path: Path) -> None:
    """Exit code 2 and a line that says how to call it."""
    write(tmp_path, FLOW)
    (tmp_path / "beside.py").write_text("def other(): pass\n")
    ran = hook(tmp_path, *words)
    assert ran.returncode == 2
    assert ran.stderr.startswith("flowc: ")
