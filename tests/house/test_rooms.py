"""Rooms, files and functions that one can take in at a glance."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.modules import PACKAGES, ROOT, defined, modules

FOUND = modules(PACKAGES)
FOLDERS = sorted({path.parent for path in FOUND.values()})
ROOMS = [folder for folder in FOLDERS if folder != PACKAGES["flowc"] / "_compat"]
MOST_FILES = {"commands": 20, "airflow": 12}
"""A dozen files are a room; the commands are one a command."""

MOST_LINES, MOST_CODE_LINES = 500, 40


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("room", ROOMS, ids=_name)
def test_a_room_says_what_it_is_for_and_holds_a_dozen_files(room: Path) -> None:
    text = (room / "__init__.py").read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "its package says nothing"
    files = [path for path in room.glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= MOST_FILES.get(room.name, 12), sorted(path.name for path in files)


LAYERED = [
    room
    for room in ROOMS
    if room.parent in (PACKAGES["flowc"], PACKAGES["compiler"] / "frontend", PACKAGES["compiler"])
]


@pytest.mark.parametrize("room", [each for each in LAYERED if each.name != "metaflow"], ids=_name)
def test_a_room_says_what_it_may_import_and_where_to_start(room: Path) -> None:
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert re.search(r"[Mm]ay import", said)
    start = re.search(r"Start\s+reading\s+in\s+`(\w+)", said)
    assert start, said
    names = {path.stem for path in room.iterdir()}
    assert start[1] in names | set((room / "__init__.py").read_text(encoding="utf-8").split()), start[1]


WORDS = {"self", "next", "import", "from"}


@pytest.fixture(scope="module")
def known() -> set[str]:
    """The names of all modules and of all that they define."""
    return {name.rpartition(".")[2] for name in FOUND} | {each for names in defined(FOUND).values() for each in names}


@pytest.mark.parametrize("room", ROOMS, ids=_name)
def test_a_room_names_what_is_there(room: Path, known: set[str]) -> None:
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    named = {name.rpartition(".")[2] for name in re.findall(r"`([a-z_0-9.]+)`", said)}
    assert named - known - WORDS == set()


TESTS = sorted({path.parent for path in (ROOT / "tests").rglob("*.py") if not {"golden", "flows"} & set(path.parts)})


@pytest.mark.parametrize("folder", [*FOLDERS, *TESTS], ids=_name)
def test_no_file_is_longer_than_one_reads(folder: Path) -> None:
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in folder.glob("*.py")}
    assert {name: number for name, number in lines.items() if number > MOST_LINES} == {}


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_no_function_is_longer_than_a_screen(folder: Path) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    found = [(file, *each) for file, text in texts.items() for each in _functions(text)]
    assert [(file, name, lines) for file, name, lines in found if lines > MOST_CODE_LINES] == []


def _functions(text: str) -> Iterator[tuple[str, int]]:
    """Each function with its lines of code: neither blank nor comment nor docstring."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            part = lines[body[0].lineno - 1 : node.end_lineno]
            yield node.name, sum(1 for line in part if line.strip() and not line.lstrip().startswith("#"))


def test_a_long_function_is_seen() -> None:
    body = "\n".join(f"    x = {number}" for number in range(41))
    assert list(_functions(f"def f():\n    '''Says.'''\n    # why\n{body}\n")) == [("f", 41)]
