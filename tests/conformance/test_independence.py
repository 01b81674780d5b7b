"""The generator, its oracle and the engines share nothing with the compiler but the name of a type."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = {"compiler.ir.flow.Value"}


def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _imports(file: Path) -> set[str]:
    """The full names that a file imports anywhere, also within functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _reached(module: str) -> set[str]:
    """What a module of the tests imports, by itself or through others of the tests."""
    seen: set[Path] = set()
    reached: set[str] = set()
    stack = [module]
    while stack:
        name = stack.pop()
        file = _file(name) or _file(name.rpartition(".")[0])
        assert file is not None, name
        if file not in seen:
            seen.add(file)
            names = _imports(file)
            reached |= names
            stack += [each for each in names if each.startswith("tests.")]
    return reached


@pytest.mark.parametrize(
    "module",
    [
        "tests.conformance.generator",
        "tests.conformance.oracle",
        "tests.engines.airflow_scheduler",
        "tests.engines.airflow_worker",
        "tests.engines.argo",
        "tests.engines.argo_events",
        "tests.engines.eventbridge",
        "tests.engines.kpo_local",
        "tests.engines.moto_standin",
        "tests.engines.stepfunctions",
    ],
)
def test_nothing_is_shared_with_the_compiler(module: str) -> None:
    reached = _reached(module)
    assert len(reached) > 1
    assert {name for name in reached if name.partition(".")[0] in ("compiler", "flowc")} <= SHARED


def test_a_shared_rule_would_be_seen() -> None:
    """What compiles a case for an engine does ask the planner."""
    assert "compiler.ir.planner.plan" in _reached("tests.engines.argo_case")
