"""What a terminal obeys or hides is spelled out, and nothing else is changed."""

from __future__ import annotations

import inspect
import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.legible import dedented, legible, legible_json, one_line

OBEYED = [chr(code) for code in (*range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0))]
HIDING = list(
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\U000e0041\udc80"
)


@pytest.mark.parametrize("char", [*OBEYED, *HIDING], ids=ascii)
def test_each_is_an_escape(char: str) -> None:
    said = legible(f"a{char}b")
    assert said.isascii()
    assert said.startswith("a\\")
    assert said.encode("ascii").decode("unicode_escape") == f"a{char}b"
    whole = json.dumps({char: char}, ensure_ascii=False)
    assert legible_json(whole).isprintable()
    assert json.loads(legible_json(whole)) == {char: char}


@pytest.mark.parametrize(
    "text", ["", "plain", "two\nlines\tand a tab", "größer, 東京, emoji 👩\u200d🔬", "n\u0303", "1\xa0000"]
)
def test_what_people_write_stays(text: str) -> None:
    assert legible(text) == text
    assert legible_json(text) == text


def test_a_name_stays_on_its_line() -> None:
    assert one_line("a\nb\tc\x1b") == "a\\nb\\tc\\x1b"


@given(st.text(st.characters(codec=None)))
def test_nothing_that_is_obeyed_is_left(text: str) -> None:
    assert not [char for char in one_line(text) if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    whole = json.dumps([text], ensure_ascii=False)
    assert json.loads(legible_json(whole)) == [text]


_SPACES = " \n\t" if sys.version_info >= (3, 13) else " \n\t\r\x0b\x0c\xa0\u2003"
"""From 3.13 on Python takes spaces alone for indentation."""


@given(st.text(alphabet=f"ab.{_SPACES}"))
def test_a_docstring_is_dedented_as_python_does_it(doc: str) -> None:
    assert dedented(doc) == inspect.cleandoc(doc)
