"""Containers of the same tasks, at once, late, or dying: in whatever order they move, what the newest leaves is one whole."""

from __future__ import annotations

import random

import pytest
from flowc.task.call import Container

from tests.runtime.grouping.orders import COURSE
from tests.stages.ways import Seen


@pytest.mark.parametrize("retries", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_no_order_of_two_containers_leaves_a_mixture(retries: tuple[int, int]) -> None:
    seen = COURSE.explore(retries, deaths=1)
    assert seen.wrong == []
    assert seen.ends > 20
    assert seen.states > 500


def test_longer_ways_of_more_containers_at_random_leave_none_either() -> None:
    seen, rng = Seen(), random.Random(7)
    for _ in range(400):
        COURSE.wander(rng, [rng.choice((0, 1)) for _ in range(rng.choice((3, 4)))], 2, seen)
    assert seen.wrong == []
    assert seen.ends == 400


def test_containers_that_do_not_look_for_a_later_one_would_leave_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Container, "is_overtaken", lambda *_: False)
    assert COURSE.explore((0, 1), deaths=0).wrong
