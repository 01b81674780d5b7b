"""Where packages lie: what the check finds, the local run, `--import` and the container find too."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.backends import Options
from compiler.backends.command import environment
from compiler.diagnostics import Report
from compiler.ir.planner import plan
from compiler.pipeline import Reading, read_flow
from compiler.workspace.layout import declared_folders
from compiler.workspace.package import code_root, package
from compiler.workspace.settings import read_settings
from tests.stages.command_line import Flowc

SHIM = Path(__file__).resolve().parents[2] / "runtime_shim"

DECLARED: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing": ("", ()),
    "setuptools, all packages": ("[tool.setuptools.package-dir]\n'' = 'lib'", ("lib",)),
    "setuptools, one package": ("[tool.setuptools.package-dir]\nwares = 'code/wares'", ("code",)),
    "setuptools, found": ("[tool.setuptools.packages.find]\nwhere = ['lib', '.']", ("lib",)),
    "poetry": ("[[tool.poetry.packages]]\ninclude = 'wares'\nfrom = 'lib'", ("lib",)),
    "hatch, packages": ("[tool.hatch.build.targets.wheel]\npackages = ['lib/wares']", ("lib",)),
    "hatch, sources": ("[tool.hatch.build]\nsources = ['lib']\ndev-mode-dirs = ['.', 'dev']", ("dev", "lib")),
    "pdm": ("[tool.pdm.build]\npackage-dir = 'lib'", ("lib",)),
    "maturin": ("[tool.maturin]\npython-source = 'bindings'", ("bindings",)),
    "uv": ("[tool.uv.build-backend]\nmodule-root = 'lib'", ("lib",)),
    "a workspace": ("[tool.uv.workspace]\nmembers = ['members/*', '../else']", ("members/a/src", "members/b")),
    "what is none": ("[tool]\nsetuptools = 3\npoetry = {packages = [1, {from = 2}]}\nhatch = {build = 'x'}", ()),
}


@pytest.mark.parametrize("name", DECLARED)
def test_what_a_build_tool_is_told(tmp_path: Path, name: str) -> None:
    text, folders = DECLARED[name]
    (tmp_path / "members" / "a" / "src").mkdir(parents=True)
    (tmp_path / "members" / "b").mkdir()
    (tmp_path / "pyproject.toml").write_text(text)
    assert tuple(each.relative_to(tmp_path).as_posix() for each in read_settings(tmp_path).declared) == folders
    assert declared_folders({}, tmp_path) == ()


_FLOW = """from metaflow import FlowSpec, retry, step
{head}

class F(FlowSpec):
    @retry(times={value})
    @step
    def start(self):
        self.found = {value}
        self.next(self.end)

    @step
    def end(self):
        print(self.found)
"""

LAYOUTS: dict[str, tuple[str, str, str, Mapping[str, str]]] = {
    "src, the flow beside it": ("flows/x.py", "from common import N", "N", {"src/common/__init__.py": "N = 2"}),
    "src, the flow in a package": (
        "src/app/flows/x.py",
        "from ..sizes import N\nfrom app.sizes import N as M\nimport app.flows",
        "M",
        {"src/app/__init__.py": "", "src/app/flows/__init__.py": "", "src/app/sizes.py": "N = 2"},
    ),
    "a package that is not at the root": (
        "team/app/x.py",
        "from app.sizes import N",
        "N",
        {"team/app/__init__.py": "", "team/app/sizes.py": "N = 2"},
    ),
    "the root": ("flows/deep/x.py", "from common import N", "N", {"common.py": "N = 2"}),
    "beside the flow goes first": (
        "flows/x.py",
        "from common import N",
        "N",
        {"common.py": "N = 1", "flows/common.py": "N = 2"},
    ),
    "the root goes before src": (
        "flows/x.py",
        "from common import N",
        "N",
        {"src/common.py": "N = 1", "common.py": "N = 2"},
    ),
    "python": ("flows/x.py", "import common.sizes as s", "s.N", {"python/common/sizes.py": "N = 2"}),
    "what a build tool is told": (
        "flows/x.py",
        "from common import N",
        "N",
        {"lib/common.py": "N = 2", "pyproject.toml": "[tool.setuptools.packages.find]\nwhere = ['lib']"},
    ),
    "a member of a workspace": (
        "members/jobs/x.py",
        "from common import N",
        "N",
        {"members/c/src/common.py": "N = 2", "pyproject.toml": "[tool.uv.workspace]\nmembers = ['members/*']"},
    ),
    "what the settings name": (
        "flows/x.py",
        "from common import N",
        "N",
        {"code here/{{x}}/common.py": "N = 2", "pyproject.toml": "[tool.flowc]\npath = ['code here/{{x}}']"},
    ),
    "a flow that is a link": (
        "flows/x.py",
        "from beside import N",
        "N",
        {"flows/x.py": "->../real/x.py", "real/x.py": "", "real/beside.py": "N = 2", "flows/beside.py": "N = 1"},
    ),
    "src that is a link": ("flows/x.py", "from common import N", "N", {"code/common.py": "N = 2", "src": "->code"}),
}


def _laid(root: Path, name: str) -> Path:
    flow, head, value, files = LAYOUTS[name]
    for each, text in {"pyproject.toml": "", ".git/HEAD": "", **files}.items():
        path = root / each
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("->"):
            path.symlink_to(text[2:])
        else:
            path.write_text(text)
    (root / flow).parent.mkdir(parents=True, exist_ok=True)
    (root / flow).write_text(_FLOW.format(head=head, value=value))
    return root / flow


@pytest.mark.language("real.layouts")
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_check_the_run_and_import_find_the_same(flowc: Flowc, tmp_path: Path, name: str) -> None:
    flow = _laid(tmp_path / "root", name)
    assert flowc("check", "--target", "all", flow).code == 0
    assert flowc("check", "--import", flow).code == 0
    ran = flowc("run", "--store", f"file:{tmp_path}/store", flow)
    assert (ran.code, ran.out.splitlines()[-1].endswith("| 2")) == (0, True), ran.err


@pytest.mark.language("real.layouts")
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_container_finds_what_the_check_has_found(tmp_path: Path, name: str) -> None:
    """Only the archive, the variables that all targets set and the runtime are there."""
    flow, report = _laid(tmp_path / "root", name), Report()
    settings = read_settings(flow)
    root = code_root(flow, settings)
    found = read_flow(flow, report, root=root, reading=Reading(folders=settings.import_folders()))
    assert found is not None, list(report)
    assert dict(found.steps["start"].decorators[0].arguments) == {"times": 2}
    code = tmp_path / "code"
    (tmp_path / "code.tar.gz").write_bytes(package(root).data)
    with tarfile.open(tmp_path / "code.tar.gz") as archive:
        archive.extractall(code, filter="data")
    options = Options(default_image="f:1", store=f"file:{tmp_path}/store")
    variables = environment(plan(found), options, "stdout:")
    words = ["step", "start", "--run", "r", "--index", "-", "--retry", "0", "--owner", "o", "--parameters", "{}"]
    ended = subprocess.run(
        [sys.executable, "-m", "flowc", *words],
        cwd=code,
        env={"PATH": os.defpath, "PYTHONPATH": str(SHIM), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_a_folder_of_the_settings_that_is_not_there_is_a_mistake(flowc: Flowc, tmp_path: Path) -> None:
    flow = _laid(tmp_path, "the root")
    (tmp_path / "pyproject.toml").write_text("[tool.flowc]\npath = ['libs']\n")
    ended = flowc("check", flow)
    assert (ended.code, ended.out.count("names `libs`: there is no such folder")) == (1, 1)
