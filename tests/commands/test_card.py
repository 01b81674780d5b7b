"""`flowc card`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.command_line import FLOW, Flowc

CARDS = (
    FLOW.replace("import FlowSpec", "import card, FlowSpec")
    .replace('    @step\n    def square', '    @card(type="blank", id="a")\n    @card\n    @step\n    def square')
    .replace("    @step\n    def join", "    @card\n    @step\n    def join")
)  # fmt: skip


@pytest.fixture
def run(flowc: Flowc, folder: Path) -> str:
    """The pathspec of a run with cards."""
    (folder / "flow.py").write_text(CARDS)
    assert flowc("run", "--run-id", "r", "flow.py").code == 0
    return "SumFlow/r"


def test_cards_are_listed_printed_and_written(flowc: Flowc, run: str, folder: Path) -> None:
    listed = flowc("card", "list", run).out.splitlines()
    assert [line.split("  ")[:2] for line in listed][-2:] == [
        ["SumFlow/r/square/square-2", "default"],
        ["SumFlow/r/join/join", "default"],
    ]
    assert len(listed) == 7
    assert flowc("card", "list", f"{run}/square/1", "--id", "a").out.startswith(
        "SumFlow/r/square/square-1  blank  id=a  "
    )
    page = flowc("card", "get", f"{run}/join")
    assert page.code == 0
    assert "<!doctype html>" in page.out
    assert flowc("card", "get", f"{run}/square/0", "page.html", "--type", "blank").out == "wrote page.html\n"
    assert (folder / "page.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("where", "text", "code"),
    [
        ("SumFlow/r/square", "6 cards", 2),
        ("SumFlow/r/end", "0 cards", 2),
        ("SumFlow/r/nowhere", "no step `nowhere`", 4),
        ("SumFlow/x", "no run SumFlow/x", 4),
        ("SumFlow", "is not FLOW/RUN", 2),
    ],
)
def test_a_card_that_is_not_one_is_told(where: str, text: str, code: int, flowc: Flowc, run: str) -> None:
    ended = flowc("card", "get", where)
    assert (ended.code, ended.out) == (code, "")
    assert text in ended.err
