"""Which run a word means."""

from __future__ import annotations

import pytest

from compiler.mistakes import CallError
from compiler.operate.places import Address, address_of
from tests.operate.engine import memory

__all__ = ["memory"]

WORDS = {
    "local-20260101-120000-abcdef": Address("local-20260101-120000-abcdef"),
    "F/nightly-1": Address("nightly-1", "F"),
    "F/local-1": Address("local-1", "F"),
    "F/local-1/fit": Address("local-1", "F", "fit"),
    "F/local-1/fit/2.0": Address("local-1", "F", "fit", "2.0"),
    "local-1/fit/2": Address("local-1", None, "fit", "2"),
    "argo-flows-train-x": Address("argo-flows-train-x"),
    "argo-flows-train-x/fit/": Address("argo-flows-train-x", None, "fit"),
}


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_taken_apart(word: str) -> None:
    assert address_of(word) == WORDS[word]
    assert address_of(WORDS[word].path) == WORDS[word]


@pytest.mark.parametrize(
    ("word", "code"), [("", 2), ("F//x", 2), ("F", 4), ("nightly", 4), ("F/r/s/1/2", 2), ("local-1/s/1/2", 2)]
)
def test_what_is_no_run_is_told(word: str, code: int) -> None:
    with pytest.raises(CallError) as told:
        address_of(word)
    assert told.value.code == code
