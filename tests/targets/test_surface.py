"""A target of another distribution uses the documented surface and no more, and says for which version of it it was written."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from compiler.backends import VERSION, targets
from compiler.backends.targets import load_backend
from compiler.mistakes import CallError
from tests.stages.brought import brought_target
from tests.targets.surface import TARGETS, forbidden, modules, package

MOST_LINES = 600
"""Of a whole target with its tables of gaps; what operates an engine counts apart, as a room of the compiler does."""

MOST_FILES, MOST_LINES_OF_ONE = 12, 500

each_target = pytest.mark.parametrize("target", TARGETS)


def test_there_are_targets() -> None:
    assert "shell" in TARGETS


@each_target
def test_a_target_imports_the_surface_and_no_more(target: str) -> None:
    found = {str(path.name): sorted(forbidden(path)) for path in modules(TARGETS[target])}
    assert found
    assert {path: names for path, names in found.items() if names} == {}


FORBIDDEN = (
    "import compiler",
    "import compiler.backends.command",
    "from compiler import pipeline",
    "from compiler.frontend.flows import read_flow",
    "from compiler.backends.argo import BACKEND",
    "from compiler.backends.command import _escaped",
    "from compiler.backends.command import json",
    "from compiler.ir.plan import ceil",
    "from compiler.ir.planner import plan",
    "def late():\n    from compiler.reading import read_file",
)


@pytest.mark.parametrize("text", FORBIDDEN)
def test_what_is_no_part_of_it_is_seen(text: str, tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text(text)
    assert len(list(forbidden(path))) == 1


@each_target
def test_a_target_can_be_read_at_once(target: str) -> None:
    found = [path for path in modules(TARGETS[target]) if "operate" not in path.parts]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in found) <= MOST_LINES


OPERATED = [target for target in TARGETS if (package(TARGETS[target]) / "operate").is_dir()]


def test_a_target_is_operated() -> None:
    assert "kfp" in OPERATED


@pytest.mark.parametrize("target", OPERATED)
def test_what_operates_an_engine_is_a_room(target: str) -> None:
    room = package(TARGETS[target]) / "operate"
    files = [path for path in room.glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= MOST_FILES
    assert [path.name for path in files if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES_OF_ONE] == []
    backend = load_backend(target)
    assert [name for name in ("connect", "connection_options", "run_prefix") if not hasattr(backend, name)] == []


@each_target
def test_a_target_is_found_by_its_name_and_was_written_for_this_surface(target: str) -> None:
    backend = load_backend(target)
    assert backend is not None
    assert backend.name == target
    assert getattr(backend, "surface", None) == VERSION


@pytest.mark.parametrize(
    ("surface", "cure"),
    [(VERSION + 1, "a newer flowc"), (VERSION - 1, "a newer `other-target`"), ("1", "a newer `other-target`")],
)
def test_a_target_for_another_surface_is_refused(
    surface: object, cure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought_target(tmp_path, "other-target", "elsewhere", f"class BACKEND:\n    surface = {surface!r}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "other_target", raising=False)
    said = f"the target `elsewhere` of `other-target` was written for version {surface!r}"
    with pytest.raises(CallError, match=re.escape(said)) as raised:
        load_backend("elsewhere")
    assert f"install {cure}" in str(raised.value)


def test_none_of_ours_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "VERSION", VERSION + 1)
    assert load_backend("argo") is not None
