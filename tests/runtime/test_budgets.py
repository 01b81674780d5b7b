"""What a task may cost, counted: requests, files, processes, modules."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stages.container import SHIM, contain, variables, write
from tests.stages.sources import FANNED, LINE, TASKS
from tests.stages.task import Stage
from tests.stages.watched_store import Watched


def test_a_linear_step_makes_three_requests_and_two_more_for_a_large_artifact(tmp_path: Path) -> None:
    stage = Stage(tmp_path, LINE.format(end="self.big = os.urandom(100_000)"))
    found = {}
    for step, load in (("start", ""), ("middle", "start"), ("end", "middle")):
        watched = Watched(stage.store)
        stage.done(step, load, store=watched)
        found[step] = watched.calls
    assert found["middle"] == ["get", "create", "create"] or found["middle"] == ["create", "get", "create"]
    assert sorted(found["start"]) == ["create", "create", "create", "put"]
    assert sorted(found["end"]) == ["create", "create", "get", "put", "put"]


def test_no_task_of_a_foreach_makes_more_than_five_requests_and_one_for_each_input(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path, FANNED.replace("self.next(self.end)", "self.n = [b.xs for b in inputs]; self.next(self.end)")
    )
    for step, load, index in TASKS:
        watched = Watched(stage.store)
        stage.done(step, load, index, store=watched)
        assert len(watched.calls) <= (6 if step == "start" else 5), (step, watched.calls)


def test_a_hundred_artifacts_cost_the_same_requests(tmp_path: Path) -> None:
    stage = Stage(tmp_path, LINE.format(end="[setattr(self, f'a{n}', n) for n in range(100)]"))
    stage.done("start")
    stage.done("middle", "start")
    watched = Watched(stage.store)
    assert stage.done("end", "middle", store=watched)["a99"] == 99
    assert len(watched.calls) == 4


def test_a_hundred_thousand_artifacts_cost_one_blob_a_step_and_few_bytes_each(tmp_path: Path) -> None:
    many = "self.xs = [1]; [setattr(self, f'a{n}', n) for n in range(100_000)]"
    stage = Stage(tmp_path, LINE.format(end="pass").replace("self.xs = list(range(100))", many))
    for step, load in (("start", ""), ("middle", "start")):
        watched = Watched(stage.store)
        left = stage.done(step, load, store=watched)
        assert len(watched.calls) == 6, watched.calls
    assert left["a99999"] == 99_999
    folder = tmp_path / "store" / "F" / "r"
    blobs = [file.stat().st_size for file in (folder / "_blobs").iterdir()]
    manifests = [file.stat().st_size for file in folder.rglob("manifest")]
    assert len(blobs) == len(manifests) == 2
    assert max(blobs) < 100_000 * 20
    assert max(manifests) < 100_000 * 40


def test_a_task_leaves_two_files(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FANNED)
    for task in TASKS:
        stage.done(*task)
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    tasks = [path for path in files if path.name.startswith(("attempt-", "manifest"))]
    rest = sorted(str(path.parent.relative_to(tmp_path / "store")) for path in files if path not in tasks)
    assert len(tasks) == 2 * len(TASKS)
    assert rest == ["F/_created", "F/_successful", "F/r", "F/r/_blobs", "F/r/_blobs"]


def test_a_step_is_one_process(tmp_path: Path) -> None:
    """An audit hook of the interpreter sees each way to start one."""
    write(tmp_path, LINE.format(end="pass"))
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import sys\n"
        "starts = ('os.fork', 'os.exec', 'os.posix_spawn', 'os.spawn', 'os.system', 'subprocess.Popen', 'socket.connect')\n"
        "def hook(event, args):\n    if event in starts:\n        raise SystemError(event)\n"
        "sys.addaudithook(hook)\n"
    )
    for step, load in (("start", ""), ("middle", "start"), ("end", "middle")):
        ended = contain(tmp_path, step, load, PYTHONPATH=f"{SHIM}{os.pathsep}{hook}")
        assert ended.returncode == 0, ended.stderr


def test_a_step_imports_little(tmp_path: Path) -> None:
    write(tmp_path, LINE.format(end="import sys, json; print(json.dumps(sorted(sys.modules)))"))
    for step, load in (("start", ""), ("middle", "start")):
        assert contain(tmp_path, step, load).returncode == 0
    loaded = set(json.loads(contain(tmp_path, "end", "middle").stdout))
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        env=variables(tmp_path),
    )
    ours = {name for name in loaded - set(bare.stdout.split()) if name != "the_flow"}
    heavy = {
        "argparse", "asyncio", "ast", "base64", "boto3", "click", "compiler", "concurrent", "csv", "dataclasses", "decimal", "email",
        "fcntl", "hashlib", "http",
        "inspect", "ipaddress", "logging", "mmap", "multiprocessing", "numpy", "random", "select", "shutil", "socket", "ssl",
        "subprocess", "tarfile",
        "tempfile", "typing", "urllib.request", "uuid", "zlib", "flowc.store.s3", "flowc.client",
        "flowc.container.archive", "flowc.language.static_transition", "flowc.language.multicore",
    }  # fmt: skip
    assert not ours & heavy
    assert len(ours) < 70, sorted(ours)


FILES = sorted((SHIM / "flowc").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SHIM)))
def test_every_file_is_python_3_9(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 9))


def test_the_shim_needs_nothing_but_the_standard_library() -> None:
    known = {*sys.stdlib_module_names, "flowc"}
    optional = {"cloudpickle", "compression", "obstore", "metaflow", "zstandard"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert {name.partition(".")[0] for name in names} <= known | optional, path
