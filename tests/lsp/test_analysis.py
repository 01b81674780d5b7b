"""Texts as they are typed: each is read, and what is found depends on the text alone, not on those before it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.commands.views.lsp import COMMAND as LSP
from compiler.lsp import answers
from compiler.lsp.analysis import Analyses, Analysis, analysed
from compiler.lsp.names import Names

EXAMPLES = Path(__file__).parents[2] / "examples"
FLOWS = ("branch.py", "film_titles.py", "nested_split.py", "parameters.py", "retry_and_catch.py", "two_foreaches.py")


def _typed(analyses: Analyses, path: Path, text: str) -> Analysis:
    """What is found of a text; every place that it names lies in the text, and everything is answered there."""
    found = analyses.of(path, text)
    assert found.problem == ""
    for each in found.findings:
        assert 1 <= each.span.line <= len(found.lines)
        assert each.span.col <= len(found.lines[each.span.line - 1]) + 1
    place = (len(found.lines), len(found.lines[-1]) + 1)
    answers.hover(found, *place)
    answers.definition(found, *place)
    list(answers.offers(found, *place))
    return found


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_is_typed_without_a_fault_and_without_an_alarm_that_stays(tmp_path: Path, name: str) -> None:
    """Letter by letter through some lines, and line by line through all: at the end nothing is left of what was found on the way."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    path, analyses = tmp_path / name, Analyses()
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        before = "".join(lines[:number])
        for length in range(0, len(line), 1 if number % 9 == 0 else len(line)):
            _typed(analyses, path, before + line[:length])
    assert [str(each.rule.code) for each in _typed(analyses, path, text).findings] == []


WORDS = st.sampled_from(["", "x", "\n", "(", "self.", "é𝄞\r\n"])
EDITS = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 60), WORDS), max_size=6)
"""Where, how many letters go, and what comes."""


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(FLOWS), EDITS)
def test_what_is_found_follows_from_the_text_alone(name: str, edits: list[tuple[int, int, str]]) -> None:
    text = whole = (EXAMPLES / name).read_text(encoding="utf-8")
    path, analyses = EXAMPLES / name, Analyses()
    for at, gone, put in edits:
        text = text[:at] + put + text[at + gone :]
        assert _typed(analyses, path, text).findings == analysed(path, text).findings
    assert _typed(analyses, path, whole).findings == ()


def test_a_text_that_python_cannot_read_keeps_the_names_of_the_last_that_it_could(tmp_path: Path) -> None:
    text = (EXAMPLES / "branch.py").read_text(encoding="utf-8")
    analyses, path = Analyses(), tmp_path / "branch.py"
    whole = analyses.of(path, text)
    broken = analyses.of(path, text + "\nclass (")
    assert broken.names is whole.names
    wrong = analyses.of(path, text.replace("@step", "@stap"))
    assert wrong.names is not None
    assert wrong.names.text != text


@pytest.mark.usefixtures("collector")
def test_a_server_of_days_collects_what_nobody_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compile does not; the process of a command begins as one."""
    seen: list[bool] = []
    stand_in = SimpleNamespace(start_io=lambda: seen.append(gc.isenabled()))
    monkeypatch.setattr("compiler.lsp.server.server", lambda version: stand_in)
    gc.disable()
    assert LSP.main([], standalone_mode=False) == 0
    assert seen == [True]
    analysed(EXAMPLES / "branch.py", (EXAMPLES / "branch.py").read_text(encoding="utf-8"))
    assert gc.isenabled()


@pytest.fixture
def collector() -> Iterator[None]:
    yield
    gc.enable()


def test_what_no_interpreter_can_nest_has_no_names() -> None:
    flow = analysed(EXAMPLES / "branch.py", (EXAMPLES / "branch.py").read_text(encoding="utf-8")).flows[0]
    assert Names("a = " + "(" * 90 + "-" * 3000 + "1" + ")" * 90).of(flow) == ()
