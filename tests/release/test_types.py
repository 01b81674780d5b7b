"""What type checkers say of authors' programs where flowc is installed from its wheel, as `flowc` and as `metaflow`."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.frontend.decorators.language import FLOW, STEP
from tests.release.build import ROOT
from tests.release.programs import PROGRAMS

pytestmark = pytest.mark.xdist_group("release")

_WRONG = re.compile(r"# wrong: ([\w-]+)(, not pyright)?$")
_FOUND = re.compile(r"(\w+)\.py:(\d+): error: .*\[([\w-]+)\]$")
_FILES = [f"{package}_{name}" for package in ("flowc", "metaflow") for name in PROGRAMS]
Verdicts = dict[str, set[tuple[int, str]]]
"""The line and the code of each error, by the program."""


def _public() -> list[str]:
    import flowc

    return sorted(dir(flowc))


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs, and with what docs/editors.md says of `metaflow`."""
    folder = tmp_path_factory.mktemp("programs")
    for package in ("flowc", "metaflow"):
        for name, text in PROGRAMS.items():
            (folder / f"{package}_{name}.py").write_text(text.format(package=package))
        lines = [f"from {package} import {', '.join(_public())}", *(f"reveal_type({name})" for name in _public())]
        (folder / f"{package}_names.py").write_text("\n".join(lines) + "\n")
    page = (ROOT / "docs" / "editors.md").read_text()
    for path, text in re.findall(r"`(typings/\S+)`:\n\n```python\n(.*?)```", page, re.DOTALL):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def _ended(folder: Path, *words: str | Path) -> str:
    command = [Path(sys.executable).with_name(str(words[0])), *words[1:]]
    environment = {**os.environ, "MYPYPATH": "typings"}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr  # there are wrong programs
    return ended.stdout


@pytest.fixture(scope="session")
def of_mypy(typed: Path, programs: Path) -> str:
    """All that `mypy --strict` says."""
    files = [path.name for path in sorted(programs.glob("*.py"))]
    return _ended(programs, "mypy", "--strict", "--no-incremental", "--python-executable", typed, *files)


@pytest.fixture(scope="session")
def of_pyright(typed: Path, programs: Path) -> dict[str, set[int]]:
    """The lines of the errors that pyright finds."""
    (programs / "pyrightconfig.json").write_text(json.dumps({"include": ["*.py"]}))
    found: dict[str, set[int]] = {}
    for one in json.loads(_ended(programs, "pyright", "--outputjson", "--pythonpath", typed))["generalDiagnostics"]:
        if one["severity"] == "error":
            found.setdefault(Path(one["file"]).stem, set()).add(one["range"]["start"]["line"] + 1)
    return found


def _wanted(name: str) -> list[tuple[int, str, bool]]:
    """The line and the code of each error that must be found, and whether pyright must, too."""
    lines = enumerate(PROGRAMS[name.partition("_")[2]].splitlines(), start=1)
    return [(number, mark[1], mark[2] is None) for number, line in lines if (mark := _WRONG.search(line))]


@pytest.mark.parametrize("name", _FILES)
def test_mypy_finds_what_is_wrong_and_nothing_else(of_mypy: str, name: str) -> None:
    # A decorator that is called wrongly is one of no type: that is said beside it.
    found = {
        (int(mark[2]), mark[3])
        for line in of_mypy.splitlines()
        if (mark := _FOUND.match(line)) and (mark[1], mark[3] != "untyped-decorator") == (name, True)
    }
    assert found == {(line, code) for line, code, _ in _wanted(name)}, of_mypy


@pytest.mark.parametrize("name", _FILES)
def test_pyright_finds_what_is_wrong_and_nothing_else(of_pyright: dict[str, set[int]], name: str) -> None:
    assert of_pyright.get(name, set()) == {line for line, _, also in _wanted(name) if also}


@pytest.mark.parametrize("package", ["flowc", "metaflow"])
def test_every_name_has_a_type(of_mypy: str, of_pyright: dict[str, set[int]], package: str) -> None:
    shown = re.findall(rf'^{package}_names\.py:\d+: note: Revealed type is "(.*)"$', of_mypy, re.MULTILINE)
    assert len(shown) == len(_public())
    assert "Any" not in shown
    assert f"{package}_names.py:1: error" not in of_mypy
    assert f"{package}_names" not in of_pyright


def _signatures() -> dict[str, list[list[str]]]:
    """The names of the arguments, in order, of each way to call what is of a class of `flowc.language.signatures`."""
    import flowc.language.signatures

    classes = [
        one for one in ast.parse(inspect.getsource(flowc.language.signatures)).body if isinstance(one, ast.ClassDef)
    ]
    return {
        one.name: [
            [each.arg for each in (*way.args.posonlyargs[1:], *way.args.kwonlyargs)]
            for way in one.body
            if isinstance(way, ast.FunctionDef)
        ]
        for one in classes
    }


@pytest.mark.parametrize(("name", "options"), [*STEP.items(), *FLOW.items()])
def test_options_of_a_decorator_are_those_that_the_compiler_knows(name: str, options: tuple[str, ...]) -> None:
    kind = "".join(word.capitalize() for word in name.split("_"))
    assert _signatures()[kind] == [["above"], [*options]]
