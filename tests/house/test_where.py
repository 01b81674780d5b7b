"""Whoever reads a module finds its tests."""

from __future__ import annotations

import ast

from tests.house.modules import PACKAGES, ROOT, modules
from tests.house.where import TOGETHER, of, of_name

FOUND = {name for name, path in modules(PACKAGES).items() if path.name != "__init__.py"}


def test_a_module_has_tests_by_its_name_or_a_line_that_says_where() -> None:
    places = {module: of(module) for module in FOUND}
    assert {module: place for module, place in places.items() if place is None or not (ROOT / place).is_file()} == {}


def test_no_line_is_left_over() -> None:
    """A line is for modules that are there, and none for one whose file has its name."""
    there = modules(PACKAGES)
    assert [module for module in TOGETHER if module not in there and module != "flowc._compat"] == []
    assert [module for module in TOGETHER if module in FOUND and (ROOT / of_name(module)).is_file()] == []


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
