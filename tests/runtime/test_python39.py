"""The shim on the oldest Python that it promises."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import read
from flowc.store.files import FileStore

from tests.house.modules import PACKAGES, modules
from tests.stages.container import contain, write
from tests.stages.sources import NESTED, SPLIT

_PYENV = sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python"))


def _python39() -> str | None:
    """A Python 3.9 on the path or of pyenv."""
    for found in (shutil.which("python3.9"), *map(str, _PYENV)):
        if found and subprocess.run([found, "-c", "import ctypes"], capture_output=True, check=False).returncode == 0:
            return found
    return None


PYTHON = _python39()
NEEDED = pytest.mark.skipif(PYTHON is None, reason="there is no Python 3.9 on this machine")


def _go(folder: Path, tasks: list[tuple[str, str, str]], **variables: str) -> None:
    for step, load, index in tasks:
        assert PYTHON is not None
        ended = contain(folder, step, load, index, python=PYTHON, **variables)
        assert ended.returncode == 0, ended.stderr


@NEEDED
def test_a_nested_foreach_on_python_3_9(tmp_path: Path) -> None:
    write(tmp_path, NESTED)
    tasks = [("start", "", "-")]
    for outer, width in (("0", 1), ("1", 2)):
        tasks.append(("outer", "foreach:start", outer))
        tasks += [("inner", "foreach:outer", f"{outer}.{inner}") for inner in range(width)]
        tasks.append(("close", "gather:outer/inner", outer))
    _go(tmp_path, [*tasks, ("join", "gather:start/close", "-"), ("end", "join", "-")])
    left = read(FileStore(f"file:{tmp_path}/store"), TaskAddress("F", "r", "join"))
    assert [[item for _, item, _ in got] for got in left["all"]] == [[0], [0, 1]]


@NEEDED
def test_a_split_with_a_merge_on_python_3_9(tmp_path: Path) -> None:
    write(tmp_path, SPLIT.format(join="self.merge_artifacts(inputs, exclude=['apart', 'changed'])"))
    _go(
        tmp_path,
        [("start", "", "-"), ("left", "start", "-"), ("right", "start", "-"), ("join", "merge:start/left;right", "-")],
    )
    left = read(FileStore(f"file:{tmp_path}/store"), TaskAddress("F", "r", "join"))
    assert left["both"] == "same"


@NEEDED
def test_a_failure_on_python_3_9(tmp_path: Path) -> None:
    write(tmp_path, NESTED.replace("self.xs =", "self.next(self.start); self.xs ="))
    ended = contain(tmp_path, "start", python=PYTHON or "")
    assert (ended.returncode, ended.stderr.splitlines()[-1].split(":")[0]) == (
        1,
        "flowc.exceptions.InvalidNextException",
    )


MANY = 80


@NEEDED
def test_every_module_imports_on_python_3_9(tmp_path: Path) -> None:
    names = [
        name
        for name, path in modules({"flowc": PACKAGES["flowc"]}).items()
        if path.name != "__main__.py" and "._compat" not in name
    ]
    assert len(names) > MANY
    code = "import importlib\n" + "\n".join(f"importlib.import_module({name!r})" for name in names)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2] / "runtime_shim")}
    ended = subprocess.run(
        [PYTHON or "", "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


WRAPPED = """
from flowc import FlowMutator, FlowSpec, StepMutator, step, user_step_decorator

@user_step_decorator
def counted(step_name, flow, inputs, attributes):
    yield
    flow.count = attributes["by"]

class Counts(FlowMutator):
    def mutate(self, mutable_flow):
        mutable_flow.start.add_decorator("counted:by=3")

@Counts
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@NEEDED
def test_mutators_and_user_step_decorators_on_python_3_9(tmp_path: Path) -> None:
    write(tmp_path, WRAPPED)
    _go(tmp_path, [("start", "", "-"), ("end", "start", "-")], FLOWC_MUTATED="1")
    assert read(FileStore(f"file:{tmp_path}/store"), TaskAddress("F", "r", "start"))["count"] == 3
