"""Each fix cures its rule and nothing else; what it does not name stays; right flows stay as they are."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.frontend import parse
from tests.conformance.generator import generate
from tests.diagnostics import marked, page
from tests.diagnostics.tables import CASES as DIAGNOSED
from tests.mutation.drawing import drawn
from tests.report.cases import CASES, LEFT
from tests.report.mending import mended, text_of

ROOT = Path(__file__).parents[2]
WRONG = {name: marked.unmark(text).source for name, text in DIAGNOSED.items()}
RIGHT = sorted((*ROOT.glob("examples/**/*.py"), *ROOT.glob("tests/flows/*.py")))


@pytest.mark.parametrize("code", CASES)
def test_a_fix_writes_what_was_meant(code: str, tmp_path: Path) -> None:
    wrong, right = CASES[code]
    path = tmp_path / "flow_file.py"
    found = mended(path, wrong)
    assert text_of(path, found).decode() == right
    assert code in {each.rule.code for each in found.fixed}
    assert [each.message for each in found.left] == []


@pytest.mark.parametrize("name", LEFT)
def test_what_only_the_author_knows_is_left(name: str, tmp_path: Path) -> None:
    found = mended(tmp_path / "flow_file.py", LEFT[name])
    assert found.fixed == ()
    assert found.left.failed


def test_every_rule_that_has_a_fix_shows_it(tmp_path: Path) -> None:
    """And each fix takes only findings away: fixing again changes nothing, and no line changes that need not."""
    shown = set(CASES)
    for name, source in WRONG.items():
        path = tmp_path / "flow_file.py"
        found = mended(path, source)
        shown |= {each.rule.code for each in found.fixed}
        before = Report()
        path.write_text(source)
        parse(path, before)
        assert {each.rule.code for each in found.left} <= {each.rule.code for each in before} | {"FC407"}, name
        once = text_of(path, found)
        assert mended(path, once).fixed == (), name
    assert shown == {code for code, rule in page.rules().items() if rule.fix}


def test_right_flows_are_never_changed(tmp_path: Path) -> None:
    for path in RIGHT:
        report = Report()
        if parse(path, report, root=path.parent) and not report.failed:
            assert [found.rule.code for found in report if found.fix] == [], path
    for seed in range(30):
        assert mended(tmp_path / "flow_file.py", generate(seed).source).drafts == {}


def test_mutants_that_have_a_fix_come_back_to_a_right_flow(tmp_path: Path) -> None:
    """One thing was changed, so one fix is enough; and it changes few lines."""
    fixed = 0
    for seed in range(120):
        mutant = drawn(seed)
        path = tmp_path / "mutant_flow.py"
        found = mended(path, mutant.source)
        if not found.fixed:
            continue
        fixed += 1
        text = text_of(path, found).decode()
        left = {each.rule.code for each in found.left if each.rule.severity == "error"}
        assert left <= {"FC650"}, (seed, mutant.kind)  # the file of a Config is not drawn here
        assert mended(path, text).fixed == ()
        changed = [line for line in difflib.ndiff(mutant.source.split("\n"), text.split("\n")) if line[:1] in "+-"]
        assert 0 < len(changed) <= 4, (seed, changed)
    assert fixed > 5


BROKEN = next(source for name, source in WRONG.items() if name == "transition: an early transition that goes on")


@pytest.mark.every(3)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("ends", [True, False])
def test_line_ends_and_byte_order_marks_stay(mark: bytes, newline: str, ends: bool, tmp_path: Path) -> None:
    source = BROKEN if ends else BROKEN.rstrip("\n")
    data = mark + source.replace("\n", newline).encode()
    path = tmp_path / "flow_file.py"
    found = mended(path, data)
    assert len(found.fixed) == 1
    added = f"            return{newline}".encode()
    after = text_of(path, found)
    assert after.count(added) == 1
    assert after.replace(added, b"") == data


def test_encodings_tabs_form_feeds_and_odd_blanks_stay(tmp_path: Path) -> None:
    head = b"# -*- coding: latin-1 -*-\n# \xe9\x0c\n\x0c\n"
    data = head + BROKEN.replace("    ", "\t").encode() + b"\n\n#  end \t \n"
    path = tmp_path / "flow_file.py"
    found = mended(path, data)
    assert len(found.fixed) == 1
    assert text_of(path, found).replace(b"\t\t\treturn\n", b"") == data


def test_a_module_of_the_flow_is_fixed_where_the_mistake_is(tmp_path: Path) -> None:
    """Findings of a base in another file are fixed there; what lies outside of the project is not."""
    (tmp_path / "project").mkdir()
    base = "from metaflow import FlowSpec, step\nclass Base(FlowSpec):\n    @step\n    def start(self):\n        self.next('end')\n"
    flow = "from base import Base\nfrom metaflow import step\nclass F(Base):\n    @step\n    def end(self):\n        pass\n"
    (tmp_path / "project" / "base.py").write_text(base)
    path = tmp_path / "project" / "flow_file.py"
    found = mended(path, flow)
    assert {each.name: data for each, data in found.drafts.items()} == {
        "base.py": base.replace("'end'", "self.end").encode()
    }
    (tmp_path / "base.py").write_text(base)
    (tmp_path / "project" / "base.py").unlink()
    (tmp_path / "project" / "base.py").symlink_to(tmp_path / "base.py")
    outside = mended(path, flow)
    assert outside.drafts == {}
    assert outside.left.failed
