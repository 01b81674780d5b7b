"""Whoever reads a module finds its tests."""

from __future__ import annotations

import ast

import pytest

from tests.house.modules import PACKAGES, ROOT, modules
from tests.house.where import TOGETHER, of, of_name

FOUND = {name for name, path in modules(PACKAGES).items() if path.name != "__init__.py"}


@pytest.mark.parametrize("module", sorted(FOUND))
def test_a_module_has_tests_by_its_name_or_a_line_that_says_where(module: str) -> None:
    found = of(module)
    assert found is not None
    assert (ROOT / found).is_file(), found


@pytest.mark.parametrize("module", TOGETHER)
def test_no_line_is_left_over(module: str) -> None:
    """A line is for modules that are there, and none for one whose file has its name."""
    assert module in modules(PACKAGES) or module == "flowc._compat"
    assert module not in FOUND or not (ROOT / of_name(module)).is_file()


TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if not {"golden", "flows"} & set(path.parts)]


def test_no_test_takes_anything_from_another_file_of_tests() -> None:
    """What tests share lies beside them, or in `tests/stages` where they are of several rooms."""
    taken = {
        str(path.relative_to(ROOT)): node.module
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2].startswith("test_")
    }
    assert taken == {}
