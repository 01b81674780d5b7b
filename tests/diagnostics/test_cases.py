"""Every rule finds its mistake, at its place, and nothing that only follows from another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.reading import SOURCE
from tests.diagnostics import file_cases, marked, page, policy_cases, rendered, settings_cases, target_cases
from tests.diagnostics.aiming import found_on
from tests.diagnostics.tables import CASES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_each_mistake_is_found_at_its_place(text: str, tmp_path: Path) -> None:
    """All findings of a wrong flow, their lines and columns, and no others."""
    case = marked.unmark(text)
    flows, report = marked.read(tmp_path, case.source, notes=case.notes)
    assert marked.findings(report, case.source.split("\n")) == case.expected
    assert bool(flows) != report.failed


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_windows_newlines_and_a_byte_order_mark_change_no_place(text: str, tmp_path: Path) -> None:
    """The same findings whatever editor saved the file."""
    case = marked.unmark(text)
    path = tmp_path / "flow_file.py"
    path.write_bytes(b"\xef\xbb\xbf" + case.source.replace("\n", "\r\n").encode())
    report = Report(notes=case.notes)
    parse(path, report)
    assert marked.findings(report, case.source.split("\n")) == case.expected


@pytest.mark.parametrize("code", file_cases.OTHERS)
def test_mistakes_of_the_whole_file_are_found(code: str, tmp_path: Path) -> None:
    """A file that cannot be read, decoded or parsed, or that is named badly."""
    flows, report = file_cases.read_other(code, tmp_path)
    assert flows == () or code in ("FC108", "FC582")
    assert [found.rule.code for found in report] == [code]


@pytest.mark.parametrize("name", file_cases.CASES)
def test_a_file_that_is_no_flow_has_one_finding_at_its_place(name: str, tmp_path: Path) -> None:
    """Whatever it is: one clear answer."""
    data, expected = file_cases.CASES[name]
    path = tmp_path / "flow_file.py"
    path.write_bytes(data)
    report = Report()
    assert parse(path, report) == ()
    lines = data[:SOURCE].decode("utf-8", "replace").split("\n")
    assert marked.findings(report, lines) == (expected,)


@pytest.mark.parametrize("name", target_cases.CASES)
def test_what_a_target_refuses_is_found_at_its_place(name: str, tmp_path: Path) -> None:
    """Through the whole way to its files."""
    case = target_cases.CASES[name]
    wrong = marked.unmark(case.text)
    assert marked.findings(found_on(case, tmp_path), wrong.source.split("\n")) == wrong.expected


@pytest.mark.parametrize("name", settings_cases.CASES)
def test_wrong_settings_are_found_at_their_keys(name: str, tmp_path: Path) -> None:
    """All mistakes of the file at once, each with its advice; a byte more or less for a line's end moves none."""
    case = settings_cases.CASES[name]
    text = settings_cases.written(case, tmp_path / "one")
    report = settings_cases.found_in(tmp_path / "one")
    assert marked.findings(report, text.split("\n")) == marked.unmark(case.text).expected
    told = " | ".join(f"{found.message} | {found.help}" for found in report)
    for words in case.said:
        assert words in told
    if (tmp_path / "one" / "pyproject.toml").is_file():
        (tmp_path / "one" / "pyproject.toml").write_bytes(text.replace("\n", "\r\n").encode())
        again = settings_cases.found_in(tmp_path / "one")
        assert marked.findings(again, text.split("\n")) == marked.unmark(case.text).expected


@pytest.mark.parametrize("name", policy_cases.CASES)
def test_what_a_policy_refuses_is_found_at_its_place(name: str, tmp_path: Path) -> None:
    """In the flow; with the policy's key as its second place. A mistake of the policy is found in its table."""
    case = policy_cases.CASES[name]
    wrong, report = marked.unmark(case.text), policy_cases.found_by(case, tmp_path)
    assert marked.findings(report, wrong.source.split("\n")) == wrong.expected
    file = "flow_file.py" if case.is_flow else "pyproject.toml"
    assert {Path(found.span.path).name for found in report} == {file}
    assert not case.is_flow or {Path(note.span.path).name for found in report for note in found.notes} == {
        "pyproject.toml"
    }


def test_every_rule_of_the_compiler_has_a_case() -> None:
    """No rule without a flow that breaks it, and no case for a rule that is gone."""
    aimed = (*target_cases.CASES.values(), *policy_cases.CASES.values(), *settings_cases.CASES.values())
    texts = [*CASES.values(), *(case.text for case in aimed)]
    shown = {place.code for text in texts for place in marked.unmark(text).expected}
    shown |= {place.code for _, place in file_cases.CASES.values()}
    elsewhere = {"FC711", "FC724", "FC725"}  # tests/policy: what is installed, and what no target of ours has
    assert shown | set(file_cases.OTHERS) | elsewhere == set(page.rules())


def test_each_rule_looks_as_a_person_approved() -> None:
    """`rendered.txt` is what `python -m tests.diagnostics.rendered` prints."""
    assert rendered.GOLDEN.read_text(encoding="utf-8") == rendered.rendered(), "run `make golden`"


_ODD = re.compile(r"\?[;.,:]|[;.,:]{2}(?!\.)|  |\b1 [a-z]+s (?!as\b)|`` | ``|\(\)\)|did you mean `(\w+)`.*\1")


def test_each_message_reads_as_a_sentence() -> None:
    """No doubled mark, no plural of one, no text in quotes twice, no name for itself, no backtick without its other half."""
    for line in rendered.GOLDEN.read_text(encoding="utf-8").splitlines():
        if line.startswith(("error[", "warning[", "note[")) or "= help: " in line:
            said = line.partition(": ")[2]
            assert said.count("`") % 2 == 0, line
            assert not _ODD.search(said.replace("...", "…")), line


def test_names_of_rules_are_unique() -> None:
    """A code has one rule, and a rule one name."""
    found = page.rules()
    assert len({rule.name for rule in found.values()}) == len(found)


def test_the_page_is_fresh() -> None:
    """docs/diagnostics.md is what `python -m tests.diagnostics.page` prints."""
    assert (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8") == page.page()
