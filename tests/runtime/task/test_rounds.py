"""Containers of a step that repeats, at once, late, or dying: what the newest leaves is one whole, and after an end one of its own."""

from __future__ import annotations

import random

import pytest
from flowc.task import recursion

from tests.runtime.task.rounds import COURSE
from tests.stages.ways import Seen


@pytest.mark.parametrize("retries", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_no_order_of_two_containers_leaves_a_mixture_or_takes_what_is_over_for_its_own(
    retries: tuple[int, int],
) -> None:
    seen = COURSE.explore(retries, deaths=1)
    assert seen.wrong == []
    assert seen.ends > 20
    assert seen.states > 500


def test_longer_ways_of_more_containers_at_random_do_neither() -> None:
    seen, rng = Seen(), random.Random(11)
    for _ in range(400):
        COURSE.wander(rng, [rng.choice((0, 1)) for _ in range(rng.choice((3, 4)))], 2, seen)
    assert seen.wrong == []
    assert seen.ends == 400


def test_iterations_whose_numbers_did_not_tell_their_container_would_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recursion, "_SPAN", 1)
    assert COURSE.explore((0, 1), deaths=0).wrong
