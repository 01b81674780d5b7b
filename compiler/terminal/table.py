"""Rows in columns; on a terminal that is too narrow for them, what does not fit stands below."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from compiler.legible import legible
from compiler.slotted_class import replaced
from compiler.terminal.said import AsIs, Part, Styled, say, spelled
from compiler.terminal.status_line import terminal_size

Row = Sequence[Part]

_BETWEEN, _BELOW = "  ", "    "
"""Between two cells, and before those that stand below the first."""


def say_table(rows: Sequence[Row], columns: int | None = None) -> None:
    """Print rows, the first cells of each in so many columns, or all. Where a terminal is too narrow for one of them, the others of each
    row take several lines: beside its first cell, or below where that is wide."""
    for line in table_lines(rows, _width(), columns):
        say(*line)


def table_lines(rows: Sequence[Row], width: int | None, columns: int | None = None) -> Iterator[Row]:
    """The lines of rows at a width, None for any: a cell that is wider than a line is parted between its words."""
    widths = [max(map(_length, column)) for column in zip(*(row[:columns] for row in rows), strict=True)]
    lines = [_side_by_side(row, widths) for row in rows]
    if width is None or all(sum(map(_length, line)) <= width for line in lines):
        yield from lines
        return
    hanging = widths[0] + len(_BETWEEN) if widths[0] <= width // 3 else 0
    for first, *others in rows:
        below = list(_filled(others, width - (hanging or len(_BELOW))))
        if not hanging or not below:
            yield (first,)
        else:
            yield (first, " " * (hanging - _length(first)), *below.pop(0))
        yield from ((" " * (hanging or len(_BELOW)), *line) for line in below)


def _width() -> int | None:
    return terminal_size(sys.stdout).columns if sys.stdout.isatty() else None


def _length(part: Part) -> int:
    return len(part.text) if isinstance(part, AsIs) else len(legible(part if isinstance(part, str) else part.text))


def _side_by_side(row: Row, widths: Sequence[int]) -> Row:
    found: list[Part] = []
    for number, cell in enumerate(row):
        room = widths[number] if number < len(widths) else 0
        found += [cell, " " * max(room - _length(cell), 0) + _BETWEEN]
    return found[:-1]


def _filled(cells: Sequence[Part], room: int) -> Iterator[Row]:
    """As many cells on a line as have room there."""
    line: list[Part] = []
    for cell in (piece for each in cells for piece in _pieces(each, room)):
        if line and sum(map(_length, line)) + len(_BETWEEN) + _length(cell) > room:
            yield tuple(line)
            line = []
        line += [_BETWEEN, cell] if line else [cell]
    if line:
        yield tuple(line)


def _pieces(cell: Part, room: int) -> Iterator[Part]:
    """A cell, in parts that have room on a line where it has none."""
    text = spelled((cell,)) if isinstance(cell, str) else cell.text
    if len(text) <= room:
        yield cell
        return
    import textwrap  # noqa: PLC0415 - only a narrow terminal needs it

    for piece in textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False):
        yield replaced(cell, text=piece) if isinstance(cell, Styled) else piece
