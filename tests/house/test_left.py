"""What the default suite leaves is skipped by it, and run by the sample."""

from __future__ import annotations

import os

import pytest

from tests.conformance.sample import form
from tests.stages.variants import LEFT, OLDER


def test_what_is_left_to_the_sample_is_skipped_whatever_else_it_is_marked(request: pytest.FixtureRequest) -> None:
    """A test that the sample runs more of may be left as a whole, too: its first mark says nothing of that."""
    short = form(os.environ) == "short"
    for item in request.session.items:
        alone = any(mark.args == ("alone",) for mark in item.iter_markers("sampled"))
        assert any(mark.kwargs.get("reason") == LEFT for mark in item.iter_markers("skip")) == (alone and short), (
            item.nodeid
        )
        if any(mark.args == (OLDER,) for mark in item.iter_markers("xdist_group")):
            assert alone, item.nodeid
