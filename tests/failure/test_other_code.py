"""A deployment in the middle of a run: which tasks ran other code is seen by everybody, and a setting refuses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.client import namespace
from flowc.client.flows import Run
from flowc.store.files import FileStore

from compiler.backends import Options
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.ir.planner import plan
from tests.stages.container import contain, write
from tests.stages.plans import flow

SOURCE = """
import os
from flowc import FlowSpec, step
from parts.near import near
if os.environ.get("ALSO"):
    import also
class F(FlowSpec):
    @step
    def start(self):
        self.n = near()
        self.next(self.left, self.right)
    @step
    def left(self):
        from parts.late import late
        self.n += late()
        self.next(self.join)
    @step
    def right(self):
        self.next(self.join)
    @step
    def join(self, inputs):
        from parts.late import late
        self.n = [one.n for one in inputs]
        self.next(self.end)
    @step
    def end(self):
        pass
"""
ALL = {"the_flow.py", "parts/__init__.py", "parts/near.py"}
TASKS = {
    "start": "",
    "left": "start",
    "right": "start",
    "join": "merge:start/left;right",
    "end": "join",
}
REFUSE = {"FLOWC_SAME_CODE": "1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The code, and packages that lie in it as a virtual environment does."""
    for path in ("parts/__init__.py", "also.py", "site-packages/package.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("")
    _module(tmp_path, "near", 1)
    _module(tmp_path, "late", 1)
    write(tmp_path, SOURCE)
    return tmp_path


def _module(folder: Path, name: str, value: int) -> None:
    (folder / f"parts/{name}.py").write_text(f"def {name}():\n    return {value}\n")


def _code(folder: Path, step: str) -> dict[str, str]:
    return read(FileStore(f"file:{folder / 'store'}"), RunAddress("F", "r").task(step)).code


def _do(folder: Path, *steps: str, **variables: str) -> None:
    for step in steps:
        ended = contain(folder, step, TASKS[step], **variables)
        assert ended.returncode == 0, ended.stderr


def _inspected(folder: Path) -> dict[str, list[str]]:
    words = [sys.executable, "-P", "-m", "compiler", "inspect", "--json", "--store", f"file:{folder / 'store'}", "F/r"]
    told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return {task["step"]: task["ran_other_code"] for task in told["tasks"] if task["ran_other_code"]}


def test_each_task_has_the_files_that_it_ran(folder: Path) -> None:
    _do(folder, *TASKS, **REFUSE, PYTHONDONTWRITEBYTECODE="1")
    assert set(_code(folder, "start")) == ALL
    assert set(_code(folder, "left")) == ALL | {"parts/late.py"}
    assert _code(folder, "end").items() <= _code(folder, "join").items()
    assert not _inspected(folder)


@pytest.mark.parametrize(
    ("change", "at", "told", "refused"),
    [
        ("near", "left", {"left", "right", "join", "end"}, {"left"}),
        ("near", "right", {"right", "join", "end"}, {"right"}),
        ("near", "join", {"join", "end"}, {"join"}),
        ("near", "end", {"end"}, {"end"}),
        ("late", "join", {"join"}, set()),  # `right` loads it only while it runs, when nothing can be refused any more
        ("late", "left", set(), set()),
        ("late", "end", set(), set()),
    ],
)
def test_who_ran_other_code_is_told_and_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: str, at: str, told: set[str], refused: set[str]
) -> None:
    before = list(TASKS)[: list(TASKS).index(at)]
    _do(folder, *before)
    _module(folder, change, 2)
    ended = contain(folder, at, TASKS[at], **REFUSE)
    assert ended.returncode == (2 if refused else 0), ended.stderr
    if refused:
        (line,) = ended.stderr.splitlines()
        assert f"parts/{change}.py changed since, and the setting same_code refuses that" in line
    _do(folder, *(step for step in TASKS if step not in before))
    found = _inspected(folder)
    assert set(found) == told
    assert {file for files in found.values() for file in files} == ({f"parts/{change}.py"} if told else set())
    monkeypatch.setenv("FLOWC_STORE", f"file:{folder / 'store'}")
    namespace(None)
    run = Run("F/r")
    assert {pathspec.split("/")[2] for pathspec in run.other_code} == told
    assert run["start"].task.code_digests == _code(folder, "start")


def test_a_step_that_imports_more_runs_no_other_code(folder: Path) -> None:
    """An image of its own may have what other images have not."""
    _do(folder, "start", "left", **REFUSE)
    _do(folder, "right", **REFUSE, ALSO="1")
    _do(folder, "join", "end", **REFUSE)
    assert "also.py" in _code(folder, "right")
    assert not _inspected(folder)


def test_what_only_pretends_to_be_a_module_is_no_code(folder: Path) -> None:
    """A library may put anything among the modules: what has no attributes, and what loads itself when it is asked for one."""
    before = (
        "import sys, types\n"
        "class Pretends:\n    __slots__ = ()\n    __class__ = property(lambda self: types.ModuleType)\n"
        "class Lazy(types.ModuleType):\n    def __getattribute__(self, name):\n        raise RuntimeError(name)\n"
        "sys.modules['pretends'], sys.modules['lazy'], sys.modules['none'] = Pretends(), Lazy('lazy'), None\n"
    )
    write(folder, before + SOURCE)
    _do(folder, *TASKS, **REFUSE)
    assert set(_code(folder, "start")) == ALL


@pytest.mark.parametrize("variable", ["FLOWC_CONFIG", "FLOWC_WITH"])
def test_what_a_deployment_says_beside_the_code_is_code(folder: Path, variable: str) -> None:
    _do(folder, "start", **{variable: "{}"})
    assert contain(folder, "left", "start", **{variable: "{ }"}, **REFUSE).returncode == 2
    _do(folder, "left", **{variable: "{ }"})
    assert _inspected(folder) == {"left": [variable]}


@pytest.mark.parametrize("target", BUILT_IN)
def test_every_target_hands_the_setting_on(target: str) -> None:
    backend = load_backend(target)
    assert backend is not None
    planned = plan(flow(start="end", end=""))
    for same_code in (True, False):
        files = backend.emit(planned, Options("image", store="s3://bucket/x", same_code=same_code))
        assert any("FLOWC_SAME_CODE" in file.text for file in files) == same_code


def test_the_local_run_tells_and_refuses_as_containers_do(folder: Path) -> None:
    """A thread that the import starts gives each task an interpreter of its own, which reads the code anew."""
    write(
        folder,
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        + SOURCE.replace("self.n = near()", "self.n = near(); open('parts/near.py', 'a').write('# changed')"),
    )
    (folder / "pyproject.toml").write_text("")
    words = [sys.executable, "-P", "-m", "compiler", "run", "--store", f"file:{folder / 'store'}", "--run-id", "r"]
    for setting, code in (("[tool.flowc]\nsame_code = true", 2), ("", 0)):
        _module(folder, "near", 1)
        (folder / "pyproject.toml").write_text(setting)
        words[-1] = f"r{code}"
        ended = subprocess.run([*words, "the_flow.py"], cwd=folder, capture_output=True, text=True, check=False)
        assert ended.returncode == code, ended.stderr
        assert ("parts/near.py changed since" in ended.stdout + ended.stderr) == bool(code)
