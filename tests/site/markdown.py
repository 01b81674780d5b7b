"""Plain text as Markdown, for what is printed from code."""

from __future__ import annotations

import re
from collections.abc import Iterable


def prose(words: str) -> str:
    """Words in which nothing is markup but code between backticks."""
    parts = re.split(r"(`[^`\n]*`)", words.strip())
    return "".join(
        part if part.startswith("`") else re.sub(r"([<*\\]|\](?=[(\[])|\b_\B|\B_\b)", r"\\\1", part) for part in parts
    )


def cell(text: str) -> str:
    """A text as it stands in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown whose cells are Markdown."""
    first = list(head)
    lines = [first, ["---"] * len(first), *map(list, rows)]
    return "".join(f"| {' | '.join(map(cell, line))} |\n" for line in lines)
