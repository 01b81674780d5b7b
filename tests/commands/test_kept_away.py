"""What the system keeps from the caller is told in a line, and is no bug of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stages.command_line import Flowc

NOBODY = 65534


@pytest.fixture
def open_folder(folder: Path) -> Iterator[Path]:
    """A folder that everybody may enter, with a flow; what belongs to pytest nobody else may."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    shutil.copy(folder / "flow.py", made)
    yield made
    shutil.rmtree(made)


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may read everything: become somebody who may not."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_that_may_not_be_read(flowc: Flowc, open_folder: Path) -> None:
    flow = open_folder / "flow.py"
    assert flowc("check", flow).code == 0  # and nothing is left to import
    flow.chmod(0)
    with _as_nobody():
        ended = flowc("check", flow)
    assert ended.code == 1
    assert f"error[FC101]: `{flow}` cannot be read: Permission denied\n" in ended.err + ended.out


def test_a_file_in_a_folder_that_may_not_be_entered(flowc: Flowc, open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir()
    shutil.move(open_folder / "flow.py", closed)
    assert flowc("check", closed / "flow.py").code == 0
    closed.chmod(0)
    with _as_nobody():
        ended = flowc("check", closed / "flow.py")
    assert (ended.code, ended.err) == (2, f"error: {closed}/flow.py: Permission denied\n")


def test_a_name_that_is_too_long(flowc: Flowc, folder: Path) -> None:
    name = "a" * 300
    ended = flowc("check", f"{name}.py")
    assert (ended.code, ended.err) == (2, f"error: {name}.py: File name too long\n")
    assert not list(folder.glob("*.txt"))


@pytest.mark.parametrize("command", [("argo", "create", "-o", "out.yaml"), ("run",)])
def test_a_working_folder_that_is_gone(command: tuple[str, ...], flowc: Flowc, open_folder: Path) -> None:
    gone = open_folder / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    ended = flowc(*command, open_folder / "flow.py")
    assert (ended.code, ended.err) == (2, "error: the working folder is gone: go to another one\n")


TWO = """
import os
from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        {left}
        self.next(self.both)

    @step
    def right(self):
        {right}
        self.next(self.both)

    @step
    def both(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
AWAY = "os.rename(os.environ['HIDDEN'], os.environ['HIDDEN'] + '.away')"


@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        ("raise ValueError", "pass", 1),
        ("os._exit(75)", "pass", 1),
        ("os._exit(2)", "pass", 1),
        ("raise SystemExit(75)", "pass", 1),
        (f"{AWAY}; open(os.environ['HIDDEN'], 'w').close()", "pass", 2),
    ],
)
def test_a_run_that_only_its_store_has_failed_says_so_by_its_code(
    tmp_path: Path, left: str, right: str, code: int
) -> None:
    (tmp_path / "f.py").write_text(TWO.format(left=left, right=right))
    store = tmp_path / "store"
    ended = _run(tmp_path, "--store", f"file:{store}", HIDDEN=str(store / "F"))
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "failed in" in ended.stderr
    assert "bug" not in ended.stderr


def test_missing_credentials_are_no_failure_of_the_flow(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(TWO.format(left="pass", right="pass"))
    ended = _run(tmp_path, "--store", "s3://bucket/x", AWS_EC2_METADATA_DISABLED="true", AWS_REGION="us-east-1")
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "no AWS credentials" in ended.stdout + ended.stderr


def _run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-P", "-m", "compiler", "run", "--max-workers", "1", *words, "f.py"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": "tester", **more}
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100)
