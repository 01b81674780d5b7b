"""All wrong flows at once: hundreds of mistakes in one file are found as if each stood in a file of its own."""

from __future__ import annotations

import ast
import random
import re
from pathlib import Path

import pytest

from tests.diagnostics import marked
from tests.diagnostics.marked import Marked, Place
from tests.diagnostics.tables import CASES

ALONE = {"FC105", "FC110", "FC111", "FC122", "FC506", "FC572", "FC573"}
"""Mistakes that the file makes, not the flow: it has no flow, or does not import or define a name that another case has."""


def _flow_of(case: Marked) -> str | None:
    """The name of the one flow of a case, where the case is imports and that flow, which is named once."""
    try:
        body = ast.parse(case.source).body
    except SyntaxError:
        return None
    classes = [node.name for node in body if isinstance(node, ast.ClassDef)]
    if len(classes) != 1 or not all(
        isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef | ast.Expr) for node in body
    ):
        return None
    return classes[0] if len(re.findall(rf"\b{classes[0]}\b", case.source)) == 1 else None


def _numbered(case: Marked, flow: str, number: int) -> Marked:
    """The case with its flow's name made longer by a number, and the places on that line moved."""
    suffix = f"{number:03}"
    source = re.sub(rf"\bclass {flow}\b", f"class {flow}{suffix}", case.source)
    before = case.source[: case.source.index(f"class {flow}")]
    row, start = before.count("\n") + 1, len(before) - before.rfind("\n") - 1 + len("class ")

    def moved(col: int, line: int) -> int:
        return col + len(suffix) if line == row and col > start + 1 else col

    places = (
        Place(place.line, moved(place.col, place.line), moved(place.end_col, place.line), place.code)
        for place in case.expected
    )
    return Marked(source, tuple(places))


def _cases() -> list[Marked]:
    found = []
    for number, text in enumerate(CASES.values()):
        case = marked.unmark(text)
        flow = _flow_of(case)
        if flow and not case.notes and not ALONE & {place.code for place in case.expected}:
            found.append(_numbered(case, flow, number))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_all_mistakes_of_one_file_are_found_at_once(seed: int, tmp_path: Path) -> None:
    cases = _cases()
    random.Random(seed).shuffle(cases)
    lines: list[str] = []
    expected: list[Place] = []
    for case in cases:
        expected += [Place(place.line + len(lines), place.col, place.end_col, place.code) for place in case.expected]
        lines += case.source.split("\n")
    assert len(expected) >= 200
    _, report = marked.read(tmp_path, "\n".join(lines))
    assert marked.findings(report, lines) == tuple(sorted(expected))
