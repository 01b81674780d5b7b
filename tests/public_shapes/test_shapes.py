"""No flow of public shape is refused but for what the table says, and that is refused."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN
from tests.public_shapes.refusals import ALL, REFUSED, WORDS
from tests.stages.command_line import Flowc

FLOWS = Path(__file__).with_name("flows")
_FOUND = re.compile(r"^(?:error|warning)\[(FC\d{3})\]", re.MULTILINE)
_UNNAMED = {"FC872"}
"""Nothing beside these flows says what their image installs."""
_LIMIT = 60
"""Fewer files would not be a sample."""


def _starts(path: Path) -> bool:
    """Whether a file ends as flows do: modules beside them do not."""
    return "__main__" in path.read_text(encoding="utf-8")


FILES = [path.relative_to(FLOWS).as_posix() for path in sorted(FLOWS.rglob("*.py")) if _starts(path)]


@pytest.mark.parametrize("name", FILES)
def test_each_target_compiles_it_or_says_what_the_table_says(flowc: Flowc, tmp_path: Path, name: str) -> None:
    """With warnings: nothing is said of what is right."""
    for target in ALL:
        ended = flowc(target, "create", FLOWS / name, "-o", f"{tmp_path}/{target}/", *WORDS.get(name, ()))
        expected = REFUSED.get((name, target), {})
        assert set(_FOUND.findall(ended.err + ended.out)) - _UNNAMED == set(expected), ended.err + ended.out
        assert (ended.code, any((tmp_path / target).glob("*"))) == ((1, False) if expected else (0, True)), ended.err


@pytest.mark.parametrize("name", FILES)
def test_the_check_of_all_targets_says_the_same(flowc: Flowc, name: str) -> None:
    words = [word for word in WORDS.get(name, ()) if word == "--import"]
    ended = flowc("check", "--target", "all", FLOWS / name, *words)
    expected = {code for target in ALL for code in REFUSED.get((name, target), {})}
    by_call = {code for word, code in (("--namespace", "FC620"), ("--branch", "FC675")) if word in WORDS.get(name, ())}
    assert set(_FOUND.findall(ended.out)) - by_call - _UNNAMED == expected, ended.out


def test_the_table_names_flows_and_targets_that_there_are() -> None:
    assert {name for name, _ in REFUSED} | set(WORDS) <= set(FILES)
    assert set(ALL) == set(BUILT_IN)
    assert len(FILES) >= _LIMIT


def test_most_of_them_need_packages_that_nobody_has_installed() -> None:
    """They are compiled by their text: what they import is not there."""
    imported = {
        (node.module or "").partition(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0]
        for name in FILES
        for node in ast.walk(ast.parse((FLOWS / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {"sklearn", "torch", "xgboost", "transformers", "tensorflow", "mlflow", "psycopg2"} <= imported
