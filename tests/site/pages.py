"""The pages of the site as they are written, and their blocks of code.

A block of `console` shows commands behind `$` with what they print, one of `sh` commands alone; both are run, in one folder a page,
from the top. A block behind a paragraph like "`squares.py`:" is that file. A comment right before a block says what is special:

    <!-- not run: an AWS account -->      a reason why nobody can run it here; `test_pages` counts them
    <!-- exit code 1 -->                  what the last command of the block ends with, instead of 0
    <!-- with argo, git -->               once, anywhere: what the page's reader has, see `stages`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.site.build import ROOT

SHELL = ("console", "sh")
_COMMENT = re.compile(r"<!-- (.*?) -->")
_FILE = re.compile(r"(?:In )?`([\w./-]+)`[^`]*:")
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: its language, its text, the file that it is, its line, and the comments before it."""

    language: str
    text: str
    file: str
    line: int
    said: tuple[str, ...]

    @property
    def not_run(self) -> str:
        """Why it is not run; empty where it is."""
        return next((each.removeprefix("not run: ") for each in self.said if each.startswith("not run: ")), "")

    @property
    def code(self) -> int:
        """What its last command ends with."""
        return next((int(each.split()[-1]) for each in self.said if each.startswith("exit code ")), 0)

    def commands(self) -> list[tuple[str, str | None]]:
        """Its commands, each with what it is shown to print; None where nothing is shown."""
        if self.language == "sh":
            lines = self.text.replace("\\\n", " ").splitlines()
            return [(line, None) for line in lines if line.strip() and not line.startswith("#")]
        found = [(command, shown) for command, shown in _COMMAND.findall(self.text)]
        assert "".join(f"$ {command}\n{shown}" for command, shown in found) == self.text, self
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where it lies in the repository, and its blocks."""

    name: str
    blocks: tuple[Block, ...]
    stages: tuple[str, ...]

    @property
    def is_run(self) -> bool:
        """Whether anything of it is run."""
        return any(each.language in SHELL and not each.not_run for each in self.blocks)


def pages() -> tuple[Page, ...]:
    """README, all pages below docs, and those of the runtime and the examples."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    paths += [ROOT / "runtime_shim/README.md", *sorted((ROOT / "examples").rglob("*.md"))]
    return tuple(map(read, paths))


def read(path: Path) -> Page:
    """A page."""
    text = path.read_text(encoding="utf-8")
    stages = [each.removeprefix("with ") for each in _COMMENT.findall(text) if each.startswith("with ")]
    words = tuple(word for each in stages for word in each.split(", "))
    return Page(path.relative_to(ROOT).as_posix(), tuple(_blocks(MarkdownIt().parse(text))), words)


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    said: list[str] = []
    paragraph = ""
    for token in tokens:
        if token.type == "html_block":
            said += _COMMENT.findall(token.content)
        elif token.type == "inline":
            said, paragraph = [], token.content
        elif token.type in ("fence", "code_block"):
            named = _FILE.fullmatch(paragraph)
            line = (token.map or [0])[0] + 1
            yield Block(token.info.strip(), token.content, named[1] if named else "", line, tuple(said))
            said, paragraph = [], ""
