"""A record as tags, and a sentence as a description: what AWS takes, and what comes back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.backends.operating import Record, RefusedError
from compiler.backends.stepfunctions.operate import marks

TEXTS = st.text(max_size=120)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_record_comes_back_from_tags_that_aws_takes(flow: str, revision: str, by: str, store: str) -> None:
    """256 characters, of the kinds that a tag's value may have; tags of others beside them change nothing."""
    record = Record(flow or "f", "d" * 64, revision, by, "2026-01-02T03:04:05Z", "0.2", store)
    tags = marks.tags_of_record(record)
    for key, value in tags.items():
        assert re.fullmatch(r"[A-Za-z0-9_.:/=+@-]{1,128}", key)
        assert re.fullmatch(r"[A-Za-z0-9_.:/=+@ -]{0,256}", value)
    assert len(tags) < 45
    assert marks.record_in({**tags, "team": "=41 %", "flowc/suspended": "yes"}) == record


def test_what_tags_cannot_hold_is_refused() -> None:
    """A longer text than any path has."""
    with pytest.raises(RefusedError, match="cannot hold `flowc/flow`, of 2000 characters"):
        marks.tags_of_record(Record("f" * 2000, "d"))


def test_tags_of_others_are_no_record() -> None:
    """Nor are some of ours."""
    assert marks.record_in({"team": "a"}) is None
    assert marks.record_in({"flowc/flow": "f"}) is None


def test_a_description_tells_whose_it_is() -> None:
    """And what was deployed, in any order of keys; another's sentence does not."""
    told = marks.sentence("a-b", {"x": 1, "y": [2]})
    assert len(told) < 256
    assert marks.sentence_of(told) == ("a-b", marks.digest({"y": [2], "x": 1}))
    assert marks.sentence_of("Compiled by somebody") is None
