"""Whatever the file holds, `parse` answers with flows or findings."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.report.render import Format, render
from tests.diagnostics.fuzz import broken, sources

SOURCES = sources()
STYLES: tuple[Format, ...] = ("text", "json", "github")


def _check(folder: Path, data: bytes) -> None:
    path = folder / "flow_file.py"
    path.write_bytes(data)
    report = Report()
    flows = parse(path, report)
    text = data.decode("utf-8", "replace")
    for style in STYLES:
        render(report, {str(path): text}, style)
    assert flows or report.failed
    for found in report:
        assert found.span.line >= 1
        assert found.span.col >= 1
        assert (found.span.line, found.span.col) <= (found.span.end_line, found.span.end_col)


@pytest.mark.parametrize("seed", range(16))
def test_mutated_flows_are_answered(seed: int, tmp_path: Path) -> None:
    """Lines and words of real flows in any order."""
    chance = random.Random(seed)
    for _ in range(25):
        _check(tmp_path, broken(chance, SOURCES))


@settings(max_examples=200, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
def test_any_bytes_are_answered(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files that are no Python, no text, or nothing."""
    _check(tmp_path_factory.getbasetemp(), data)


HEAD = """from metaflow import *
@project(name={0})
class F({1}):
    x = Parameter('x', default={0})
    @resources(cpu={0})
    @step
    def start(self): {2}"""
DEEP = {
    "a sum": "1" + "+1" * 3_000,
    "brackets": "[" * 90 + "]" * 90,
    "minus signs": "-" * 2_000 + "1",
    "attributes": "a" + ".b" * 2_000,
    "calls": "f" + "()" * 2_000,
    "subscripts": "a" + "[0]" * 2_000,
    "a product that grows": "'a'" + " * 1000" * 10,
    "a power that grows": "9 ** 9 ** 9 ** 9",
    "a shift": "1 << 10 ** 9",
    "a format that grows": "f'{1:999999999}'",
    "a name of itself": "x",
    "no number": "1e999",
    "letters that no encoding has": "'\\ud800'",
    "conditions": "1 if 1 else " * 500 + "1",
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_and_growing_expressions_are_answered(name: str, tmp_path: Path) -> None:
    """As a value, a base and a statement."""
    text = DEEP[name]
    _check(tmp_path, HEAD.format(text, "FlowSpec", text).encode())
    _check(tmp_path, HEAD.format("1", text, "pass").encode())
    _check(tmp_path, HEAD.format("1", "FlowSpec", f"self.next(self.start, foreach={text})").encode())


def test_many_branches_of_one_if_are_answered(tmp_path: Path) -> None:
    """`elif` nests in the tree."""
    _check(tmp_path, ("if 1:\n    pass\n" + "elif 1:\n    pass\n" * 1_000).encode())
