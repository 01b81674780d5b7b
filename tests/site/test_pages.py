"""What the pages show is what happens: their commands are run, what they print is what is shown, and what cannot be run is counted."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.site.build import ROOT
from tests.site.pages import SHELL, Page, pages, read
from tests.site.session import difference, walk
from tests.site.stages import walked

PAGES = pages()
RUN = [page for page in PAGES if page.is_run]
NOT_RUN = {
    "README.md": 1,
    "docs/metaflow.md": 1,
    "docs/new-target.md": 1,
    "docs/operate-airflow.md": 1,
    "docs/operate-kfp.md": 1,
    "docs/operate-step-functions.md": 1,
    "docs/platform.md": 1,
    "docs/targets/README.md": 1,
    "docs/targets/kfp.md": 1,
    "docs/targets/maestro.md": 1,
    "docs/targets/valohai.md": 1,
    "docs/ui.md": 1,
    "examples/fleet/README.md": 4,
}
"""How many blocks of a page nobody can run here; each says why, above it."""

PRINTED = ("docs/commands.md", "docs/diagnostics.md")
"""Pages whose blocks are printed from code; calls in them are examples of the help, which `tests/commands/test_commands.py` reads."""


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_what_a_page_shows_is_what_happens(page: Page, tmp_path: Path) -> None:
    assert walked(page, tmp_path)


def test_what_is_not_run_says_why_and_is_counted() -> None:
    skipped = [(page.name, block.not_run) for page in PAGES for block in page.blocks if block.not_run]
    assert Counter(name for name, _ in skipped) == NOT_RUN
    assert [name for name, why in skipped if len(why.split()) < 3] == []


def test_a_block_that_shows_commands_says_so() -> None:
    """A command in a block of no language, or of another, would be run by nobody."""
    lost = [
        f"{page.name}:{block.line}"
        for page in PAGES
        for block in page.blocks
        if page.name not in PRINTED
        and block.language not in SHELL
        and (block.language in ("", "bash", "shell") or re.search(r"^\$ |^flowc ", block.text, re.MULTILINE))
        and not page.name.startswith("docs/decisions/")
    ]
    assert lost == []


def test_comments_before_blocks_are_understood() -> None:
    known = re.compile(r"not run: .+|exit code \d+|with [\w, ]+")
    strange = [
        f"{page.name}:{block.line} {said}"
        for page in PAGES
        for block in page.blocks
        for said in block.said
        if block.language in SHELL and not known.fullmatch(said)
    ]
    assert strange == []


def test_readme_is_read_in_three_minutes_and_has_one_picture() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert len(re.findall(r"[\w'-]+", prose)) < 700
    assert len(re.findall(r"!\[", prose)) == 1


SAME = {
    "runs and times": (
        "run local-20260101-120000-4ee5f2\n7 tasks, 0.1 s",
        "run local-20261130-093011-abcdef\n7 tasks, 12.34 s",
    ),
    "digests": ("x:0123456789ab", "x:a1b2c3d4e5f6"),
    "a gap": ("a\n…\nd", "a\nb\nc\nd"),
    "a gap at the end": ("a\n…", "a\nb\nc"),
    "within a line": ("File …/x.py, line 1", "File /tmp/1/x.py, line 1"),
}
OTHER = {
    "another word": ("a b", "a c"),
    "a line more": ("a", "a\nb"),
    "a line less": ("a\nb", "a"),
    "another order": ("a\nb", "b\na"),
    "a line before": ("b", "a\nb"),
    "a number": ("7 tasks", "8 tasks"),
    "a gap at another place": ("…\nb\na", "a\nx\nb"),
}


@pytest.mark.parametrize("name", SAME)
def test_what_changes_with_each_run_is_the_same(name: str) -> None:
    assert difference(*SAME[name], is_ordered=True) == ""


@pytest.mark.parametrize("name", OTHER)
def test_all_else_differs(name: str) -> None:
    assert difference(*OTHER[name], is_ordered=True)


def test_processes_side_by_side_print_in_any_order() -> None:
    assert difference("a\nb\nc", "c\na\nb", is_ordered=False) == ""
    assert difference("a\nb", "c\na\nb", is_ordered=False)


WRONG = {
    "another exit code": ("```sh\nfalse\n```\n", "ended with 1"),
    "the first of two": ("```sh\nfalse\ntrue\n```\n", "ended with 1"),
    "another output": ("```console\n$ echo a\nb\n```\n", "does not print `b`"),
    "an output that is not shown": ("```console\n$ echo a\n```\n", "also prints `a`"),
    "a file that another block wrote": (
        "`a.txt`:\n\n```text\nx\n```\n\n```console\n$ cat a.txt\ny\n```\n",
        "does not print `y`",
    ),
    "a failure that was expected": ("<!-- exit code 1 -->\n```sh\ntrue\n```\n", "ended with 0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_page_that_shows_what_does_not_happen_is_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, said = WRONG[name]
    path = tmp_path / "page.md"
    path.write_text(text)
    monkeypatch.setattr("tests.site.pages.ROOT", tmp_path)
    with pytest.raises(AssertionError, match=re.escape(said)):
        walk(read(path), tmp_path, {"PATH": "/usr/bin:/bin"})
