"""Each row of the table of threats names a test that is there."""

from __future__ import annotations

import re

import pytest

from tests.house.modules import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = [
    line
    for line in PAGE.partition("## From file to container")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| ")
][2:]


def test_there_is_a_table() -> None:
    assert len(ROWS) > 15


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_what_holds_a_threat_is_tested(row: str) -> None:
    *facts, tests = (cell.strip() for cell in row.strip("|").split("|"))
    assert len(facts) == 3
    assert all(facts)
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", tests)
    assert named
    for path, function in named:
        assert (ROOT / path).is_file(), path
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8") if function else True, function
