"""The template of the DAG file: which lines stand in the text, and what fills them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from compiler.backends.airflow.literals import Code
from compiler.backends.airflow.template import filled


@dataclass
class Item:
    """What a loop walks over."""

    name: Code
    is_last: bool = False


A, B = Item(Code("a")), Item(Code("b"), is_last=True)
CASES = {
    "plain lines": ("x = 1\n\ny\n", "x = 1\n\ny\n"),
    "a value": ("x = <<one>>, <<one>>\n", "x = 1, 1\n"),
    "a field of a value": ("<<first.name>>\n", "a\n"),
    "what only looks like one": ("a << b >> c, {{ x }} {% y %}\n%d\n", "a << b >> c, {{ x }} {% y %}\n%d\n"),
    "if it is there": ("% if yes\n1\n% end\n% if no\n2\n% end\n", "1\n"),
    "if it is not": ("% if not yes\n1\n% end\n% if not no\n2\n% end\n", "2\n"),
    "if one of them is": ("% if no or yes\n1\n% end\n% if no or no\n2\n% end\n% if no or not no\n3\n% end\n", "1\n3\n"),
    "else": ("% if no\n1\n% else\n2\n% end\n", "2\n"),
    "else if": ("% if no\n1\n% elif yes\n2\n% elif yes\n3\n% else\n4\n% end\n", "2\n"),
    "for each": ("% for each in items\n  <<each.name>>\n% end\n.\n", "  a\n  b\n.\n"),
    "for none": ("% for each in none\n1\n% end\n", ""),
    "one in another": (
        "% for each in items\n% if each.is_last\n<<each.name>>\n% else\n% for x in items\n.\n% end\n% end\n% end\n",
        ".\n.\nb\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_template_is_filled(case: str) -> None:
    template, expected = CASES[case]
    values = {"one": Code("1"), "first": A, "yes": True, "no": None, "items": [A, B], "none": []}
    assert filled(template, values) == expected


@pytest.mark.parametrize("value", ["import os", 1, None])
def test_nothing_but_source_text_fills_it(value: object) -> None:
    """An author's text that nobody has spelled as source is a bug, not output."""
    with pytest.raises(AssertionError, match="is no source text"):
        filled("<<one>>\n", {"one": value})


def test_a_name_that_nobody_gives_is_a_bug() -> None:
    with pytest.raises(KeyError):
        filled("% if two\n% end\n", {"one": Code("1")})


def test_what_fills_it_is_not_filled_again() -> None:
    assert filled("<<one>>\n", {"one": Code("<<two>>\n% if x")}) == "<<two>>\n% if x\n"
