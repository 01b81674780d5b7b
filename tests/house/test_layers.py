"""No import circle anywhere, and layers that do see an import upwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import networkx
import pytest

from tests.house.modules import PACKAGES, ROOT, imports, modules


def _circles(packages: dict[str, Path]) -> list[list[str]]:
    graph = networkx.DiGraph(imports(modules(packages)))
    return sorted(sorted(group) for group in networkx.strongly_connected_components(graph) if len(group) > 1)


def test_no_module_leads_back_to_itself() -> None:
    assert _circles(PACKAGES) == []


LATE = "def late():\n    from {to} import {name}\n    return {name}\n"
CIRCLES = {
    "at the top": ("below.one", "from pack.above.two import b\n"),
    "late": ("below.one", LATE.format(to="pack.above.two", name="b")),
    "late, the whole module": ("below.one", "def late():\n    import pack.above.two\n"),
    "late, by a package's name": ("below.one", LATE.format(to="pack.above", name="two")),
    "by dots": ("below.one", "from ..above import two\n"),
}
HARMLESS = {
    "for type checkers": (
        "below.one",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pack.above.two\n",
    ),
    "a text": ("below.one", "TEXT = 'from pack.above.two import b'\n"),
}


def _pack(folder: Path, module: str, text: str) -> dict[str, Path]:
    """Two rooms, the upper of which imports the lower; one module more ends in `text`."""
    files = {"above/two.py": "from pack.below.one import a\nb = a\n", "below/one.py": "a = 1\n"}
    for name, content in {"__init__.py": "", "above/__init__.py": "", "below/__init__.py": "", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    place = folder.joinpath(*module.split(".")).with_suffix(".py")
    place.write_text(place.read_text() + text)
    return {"pack": folder}


@pytest.mark.parametrize("name", CIRCLES)
def test_a_circle_is_found(name: str, tmp_path: Path) -> None:
    assert _circles(_pack(tmp_path, *CIRCLES[name])) == [["pack.above.two", "pack.below.one"]]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_circle_is_none(name: str, tmp_path: Path) -> None:
    assert _circles(_pack(tmp_path, *HARMLESS[name])) == []


UPWARDS = {
    "the compiler": ("compiler/diagnostics.py", "compiler.pipeline", "compiler: source -> Flow -> Plan -> files"),
    "the frontend": (
        "compiler/frontend/text/source.py",
        "compiler.frontend.steps.methods",
        "compiler.frontend: findings",
    ),
    "the runtime": ("runtime_shim/flowc/store/files.py", "flowc.client.flows", "flowc: a room imports only"),
    "one command of another": ("compiler/commands/list.py", "compiler.commands.ir", "commands do not know each other"),
    "one backend of another": ("compiler/backends/argo/names.py", "compiler.backends.airflow.dag", "backends do not"),
    "the runtime of the compiler": (
        "runtime_shim/flowc/artifacts/work.py",
        "compiler.ir.flow",
        "what runs in a container",
    ),
}
"""Where a late import is put in, of what, and the contract that it breaks."""


def _linted(folder: Path, added: Iterable[tuple[str, str]]) -> str:
    """What the linter says of the code with these imports put in; it must have refused them."""
    for each in ("compiler", "runtime_shim"):
        shutil.copytree(ROOT / each, folder / each, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for file, module in added:
        place = folder / file
        before = place.read_text() if place.exists() else '"""New."""\n'
        place.write_text(f"{before}\n\ndef late() -> None:\n    import {module}\n")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{folder / 'runtime_shim'}", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return " ".join(done.stdout.split())


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The contracts that are broken where all of UPWARDS are put in."""
    told = _linted(tmp_path_factory.mktemp("upwards"), [(file, module) for file, module, _ in UPWARDS.values()])
    return told.partition("Broken contracts")[2]


@pytest.mark.parametrize("name", UPWARDS)
def test_an_import_upwards_breaks_its_contract(name: str, broken: str) -> None:
    file, module, contract = UPWARDS[name]
    importer = ".".join(Path(file.removeprefix("runtime_shim/")).with_suffix("").parts)
    assert contract in broken
    assert f"{importer} -> {module}" in broken


def test_a_new_room_wants_its_place_among_the_layers(tmp_path: Path) -> None:
    assert "compiler.new_room" in _linted(tmp_path, [("compiler/new_room.py", "compiler.ir.flow")])
