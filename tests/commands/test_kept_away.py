"""What the system keeps from the caller is told in a line, and is no bug of ours."""

from __future__ import annotations

import os
import shutil
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
