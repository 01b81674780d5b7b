"""Rows in columns, and what becomes of them on a narrow terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from compiler.terminal.said import AsIs, Part, Styled, spelled
from compiler.terminal.table import table_lines

ROWS: list[tuple[Part, ...]] = [
    (Styled("Short", bold=True), "a.py", "argo,airflow"),
    (Styled("LongerName", bold=True), "there/b.py", "all of them, and more"),
]


def _lines(width: int | None, columns: int | None = None) -> list[str]:
    plain = [[Styled(each.text) if isinstance(each, Styled) else each for each in row] for row in ROWS]
    return [spelled(line).replace("\x1b[0m", "").rstrip() for line in table_lines(plain, width, columns)]


def test_columns_stand_below_each_other_where_there_is_room() -> None:
    wide = ["Short       a.py        argo,airflow", "LongerName  there/b.py  all of them, and more"]
    assert _lines(None) == _lines(45) == wide
    assert _lines(None, 1) == ["Short       a.py  argo,airflow", "LongerName  there/b.py  all of them, and more"]


def test_cells_stand_beside_the_first_where_it_is_small_and_else_below() -> None:
    assert _lines(36) == [
        "Short       a.py  argo,airflow",
        "LongerName  there/b.py",
        "            all of them, and more",
    ]
    assert _lines(20) == [
        "Short",
        "    a.py",
        "    argo,airflow",
        "LongerName",
        "    there/b.py",
        "    all of them, and",
        "    more",
    ]


WORDS = st.lists(st.text("abc-é", min_size=1, max_size=9), min_size=1, max_size=9).map(" ".join)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5), st.integers(20, 120))
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = [spelled(line) for line in table_lines(rows, width)]
    firsts = {row[0] for row in rows}
    assert [line for line in lines if len(line.rstrip()) > width and line.rstrip() not in firsts] == []
    assert " ".join(lines).split() == " ".join(each for row in rows for each in row).split()


def test_what_a_terminal_obeys_is_spelled_out_and_counted_so() -> None:
    found = [spelled(line) for line in table_lines([("a\x1b[2J", "b"), ("c", AsIs("d"))], None)]
    assert found == ["a\\x1b[2J  b", "c         d"]
