"""No task ends with values of two attempts of one earlier task, in whatever order containers start, load and end."""

from __future__ import annotations

import random

import pytest
from flowc.artifacts import mixing

from tests.failure.generations import Seen, explore, wander


@pytest.mark.parametrize(("again", "clears"), [(1, False), (0, True)])
def test_no_order_mixes_attempts(again: int, clears: bool) -> None:
    seen = explore(again, clears)
    assert seen.mixed == []
    assert seen.refused or clears
    assert seen.ended
    assert seen.states > 500


def test_longer_ways_at_random_mix_none_either() -> None:
    seen = Seen()
    for seed in range(400):
        wander(random.Random(seed), 4, True, seen)
    assert seen.mixed == []
    assert seen.refused > 20
    assert seen.ended > 50


def test_without_the_check_the_same_orders_mix_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixing, "check_inputs", lambda *_: None)
    assert explore(1, False).mixed
