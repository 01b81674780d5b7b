"""The help of a command at the width of its terminal: lines end between words, and options and examples stand in columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import click

Rows = Sequence[tuple[str, str]]

_TERMS, _NARROW_TERMS, _NARROW = 30, 20, 72
"""How wide the column of options may be, and below which width it is narrower."""
_SAYINGS = 28
"""How much room what an example does has at least, where its column may begin further left."""
_HARD_SPACE = "\xa0"
_VALUED = re.compile(r"(?<= )(--?[\w-]+) (?!-)")
_GAP = re.compile(r" {2,}")


class HelpText(click.HelpFormatter):
    """Help as a person reads it: no line is wider than the terminal, unless one word is."""

    def write_text(self, text: str) -> None:
        """Write paragraphs; one that begins with a line of `\\b` holds examples, each a line: a call, two spaces or more, what it does."""
        for number, paragraph in enumerate(_paragraphs(text)):
            if number:
                self.write_paragraph()
            if paragraph[0].strip() == "\b":
                self._write_examples(paragraph[1:])
            else:
                for line in self._wrapped(" ".join(map(str.strip, paragraph)), self.current_indent):
                    self._write_line(self.current_indent, line)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int | None = None, col_spacing: int = 2) -> None:
        """Write terms and what is said of each, in two columns; a term that is wider than its column has a line of its own."""
        rows = [*rows]
        self.write_rows(rows, self.column([rows], col_max), col_spacing)

    def write_groups(self, groups: Mapping[str, Rows]) -> None:
        """Write tables under their titles, all in the same columns; those that are empty are left out."""
        column = self.column(groups.values())
        for title, rows in groups.items():
            if rows:
                with self.section(title):
                    self.write_rows(rows, column)

    def column(self, tables: Iterable[Rows], most: int | None = None) -> int:
        """How wide the column of terms is that all these tables share: as the widest that has a place in it."""
        most = most or (_NARROW_TERMS if self.width < _NARROW else _TERMS)
        widths = [len(term) for rows in tables for term, _ in rows]
        return max((width for width in widths if width <= most), default=0)

    def write_rows(self, rows: Rows, column: int, spacing: int = 2) -> None:
        """Write terms in a column of that width, and what is said of each beside it."""
        beside = self.current_indent + column + spacing
        for term, saying in rows:
            lines = self._wrapped(saying, beside)
            if lines and len(term) <= column:
                self._write_line(self.current_indent, f"{term:<{column + spacing}}{lines.pop(0)}")
            else:
                self._write_line(self.current_indent, term)
            for line in lines:
                self._write_line(beside, line)

    def _write_examples(self, lines: Iterable[str]) -> None:
        examples = [_example(line) for line in lines]
        said = [len(call) for call, saying in examples if saying]
        indent = self.current_indent + 2
        with self.indentation():
            self.current_indent = indent
            column = min(max(said, default=0), self.width - indent - _SAYINGS)
            self.write_rows([(self._continued(call, indent), saying) for call, saying in examples], column, 3)

    def _continued(self, call: str, indent: int) -> str:
        """A call that is wider than the terminal, over several lines, as a shell reads it: an option stays beside its value."""
        if indent + len(call) <= self.width:
            return call
        words = _VALUED.sub(rf"\1{_HARD_SPACE}", call)
        lines = self._wrapped(words, indent + 4 + len(" \\"))
        return f" \\\n{'':{indent + 4}}".join(lines).replace(_HARD_SPACE, " ")

    def _wrapped(self, text: str, indent: int) -> list[str]:
        import textwrap  # noqa: PLC0415 - only a help that is printed needs it

        room = max(self.width - indent, 10)
        return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)

    def _write_line(self, indent: int, text: str) -> None:
        self.write(f"{'':{indent}}{text}\n")


def _paragraphs(text: str) -> list[list[str]]:
    """The lines of each paragraph; empty lines part them."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip(" "):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [each for each in found if each]


def _example(line: str) -> tuple[str, str]:
    call, *saying = _GAP.split(line.strip(), maxsplit=1)
    return call, "".join(saying)
