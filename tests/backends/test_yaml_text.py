"""The YAML writer: every reader finds what was written."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.backends.yaml_text import Comment, Inline, Tree, document, scalar
from tests.engines.argo_yaml import read_plain

TRICKY = st.sampled_from(list("yn01.-:{}#'\"\\\n \t%@`&*!|>?[],~eExX_/+=<\x85\u2028\ufeff\x7f\x01\r"))
TEXT = st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), TRICKY))
KEYS = TEXT
TREES = st.recursive(
    TEXT | st.booleans() | st.integers(-(10**9), 10**9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
def test_what_is_written_is_what_readers_find(tree: dict[str, Tree]) -> None:
    text = document(tree)
    assert yaml.safe_load(text) == tree
    assert read_plain(text) == tree


@given(st.dictionaries(KEYS, TEXT, min_size=1, max_size=4))
def test_a_mapping_on_one_line_is_found_too(tree: dict[str, str]) -> None:
    text = document({"a": Inline(tree)})
    assert len(text.splitlines()) >= 1
    assert read_plain(text) == {"a": tree}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("word", "word"),
        ("a.b/c-d_1", "a.b/c-d_1"),
        ("y", "'y'"),
        ("No", "'No'"),
        ("null", "'null'"),
        ("1e3", "'1e3'"),
        ("0o17", "'0o17'"),
        ("-", "'-'"),
        ("", "''"),
        ("it's", "'it''s'"),
        ("{{item}}", "'{{item}}'"),
        ("a\tb", '"a\\tb"'),
        ("\x01", '"\\u0001"'),
    ],
)
def test_a_string_is_plain_only_where_no_reader_sees_anything_else(value: str, written: str) -> None:
    assert scalar(value) == written


def test_comments_blocks_and_order_stay() -> None:
    tree: dict[str, Tree] = {Comment("why\nand: how"): "", "b": "two\nlines", "a": [1, {"c": True, "d": []}]}
    assert document(tree) == "# why�and: how\nb: |-\n  two\n  lines\na:\n- 1\n- c: true\n  d: []\n"
