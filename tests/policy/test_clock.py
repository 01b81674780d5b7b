"""How far two starts of a schedule are apart, at least: compared with all starts of two years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from compiler.policy.clock import minutes_apart

DAY = 24 * 60
PLAIN = {
    "* * * * *": 1,
    "*/5 * * * *": 5,
    "*/7 * * * *": 4,
    "0 * * * *": 60,
    "30 */6 * * *": 360,
    "0 0 * * *": DAY,
    "0,30 9-17 * * 1-5": 30,
    "59 23,0 * * *": 60,
    "50 23,0 * * 1": 23 * 60,
    "50 23,0 * * 1,2": 60,
    "50 23,0 * * 0,6": 60,
    "0 0,23 1 * *": 23 * 60,
    "0 0,23 1,31 * *": 60,
    "0 0,23 1,15 * *": 23 * 60,
    "0 0,23 15,16 * *": 60,
    "0 0,23 1 * 2": 60,
    "10/20 3 * * *": 20,
}
SPECIAL = {
    "0 0,23 L * *": 23 * 60,
    "0 0,23 L,1 * *": 60,
    "0 0,23 * * 5#2": 23 * 60,
    "0 0,23 * * L5": 23 * 60,
    "0 0,23 15W * *": 23 * 60,
}


@pytest.mark.parametrize("cron", [*PLAIN, *SPECIAL])
def test_the_least_distance_is_known(cron: str) -> None:
    assert minutes_apart(cron) == {**PLAIN, **SPECIAL}[cron]


def _holds(field: str, value: int, low: int, high: int) -> bool:
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, dash, last = span.partition("-")
        begin = low if span == "*" else int(first)
        end = int(last) if dash else high if step or span == "*" else begin
        if begin <= value <= end and (value - begin) % int(step or 1) == 0:
            return True
    return False


def _is_day(cron: str, moment: datetime) -> bool:
    _, _, day, _, weekday = cron.split()
    days = [_holds(day, moment.day, 1, 31), _holds(weekday, moment.isoweekday() % 7, 0, 6)]
    return any(days) if "*" not in (day, weekday) else all(days)


@pytest.mark.parametrize("cron", PLAIN)
def test_no_two_starts_of_two_years_are_nearer(cron: str) -> None:
    minute, hour, *_ = cron.split()
    clock = [(h, m) for h in range(24) if _holds(hour, h, 0, 23) for m in range(60) if _holds(minute, m, 0, 59)]
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=each) for each in range(730)]
    starts = [day.replace(hour=h, minute=m) for day in days if _is_day(cron, day) for h, m in clock]
    least = min((later - earlier for earlier, later in pairwise(starts)), default=timedelta(days=1))
    assert minutes_apart(cron) == min(DAY, int(least.total_seconds() // 60))
