"""`flowc explain`: what a code means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.diagnostics import cures, marked, page, settings_cases
from tests.stages.command_line import Flowc

ROOT = Path(__file__).parents[2]


def test_the_packages_copy_is_fresh() -> None:
    """`compiler/rules.json` is what `python -m tests.diagnostics.cures` prints."""
    assert (ROOT / "compiler" / "rules.json").read_text(encoding="utf-8") == cures.entries()


@pytest.mark.parametrize("code", cures.CURES)
def test_a_cure_leaves_nothing_to_find(code: str, tmp_path: Path) -> None:
    """The case has the mistake, and the flow put right is a flow without findings, notes aside."""
    wrong = marked.unmark(cures.shown(code) or "")
    assert code in {place.code for place in wrong.expected}
    flows, report = marked.read(tmp_path, cures.right(code) or "")
    assert [(found.rule.code, found.message) for found in report] == []
    assert flows


@pytest.mark.parametrize("code", settings_cases.CURES)
def test_a_cure_of_settings_leaves_nothing_to_find(code: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text(cures.right(code) or "", encoding="utf-8")
    assert [found.message for found in settings_cases.found_in(tmp_path)] == []


def test_every_rule_of_a_flows_text_has_a_cure() -> None:
    """What has none is about the whole file, or belongs to a target, whose options may be the cure."""
    shown = {place.code for text in cures.CASES.values() for place in marked.unmark(text).expected}
    assert shown - set(cures.CURES) == set()


def test_a_rule_is_explained(flowc: Flowc) -> None:
    ended = flowc("explain", "fc202")
    assert ended.code == 0
    assert ended.out.startswith("error[FC202] foreach-without-join\n")
    for part in (
        "help:",
        'self.next(self.a, foreach="xs")',
        "^^^^ FC202",
        "The flow put right:",
        "def join(self, inputs):",
    ):
        assert part in ended.out
    assert flowc("explain", "foreach-without-join").out == ended.out


def test_a_rule_of_settings_is_explained_with_settings(flowc: Flowc) -> None:
    out = flowc("explain", "FC803").out
    assert "Settings that have it:" in out
    assert "The settings put right:" in out


def test_all_rules_are_listed(flowc: Flowc) -> None:
    listed = flowc("explain").out.splitlines()
    assert [line.split()[0] for line in listed] == list(page.rules())


def test_an_unknown_code_is_a_mistake_in_the_call(flowc: Flowc) -> None:
    ended = flowc("explain", "FC9999")
    assert (ended.code, ended.out) == (2, "")
    assert "there is no rule `FC9999`" in ended.err
    assert "did you mean `foreach-without-join`" in flowc("explain", "foreach-without-joint").err
