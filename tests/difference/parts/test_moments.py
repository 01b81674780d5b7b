"""The next times of a schedule, on the clocks of its zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compiler.difference.parts.moments import next_times
from compiler.ir.flow import Span
from compiler.ir.plan import Schedule

HERE = Span("f.py", 1, 1, 1, 1)
FRIDAY = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)

TIMES = (
    (
        "0 6 * * 1-5",
        None,
        FRIDAY,
        ["Mon 2026-03-30 06:00 +0000", "Tue 2026-03-31 06:00 +0000", "Wed 2026-04-01 06:00 +0000"],
    ),
    (
        "0 12 * * *",
        None,
        FRIDAY,
        ["Sat 2026-03-28 12:00 +0000", "Sun 2026-03-29 12:00 +0000", "Mon 2026-03-30 12:00 +0000"],
    ),
    (
        "*/20 13 * * *",
        None,
        FRIDAY,
        ["Fri 2026-03-27 13:00 +0000", "Fri 2026-03-27 13:20 +0000", "Fri 2026-03-27 13:40 +0000"],
    ),
    (
        "5/25 13 * * *",
        None,
        FRIDAY,
        ["Fri 2026-03-27 13:05 +0000", "Fri 2026-03-27 13:30 +0000", "Fri 2026-03-27 13:55 +0000"],
    ),
    (
        "30 13 * * *",
        "Europe/Berlin",
        FRIDAY,
        ["Fri 2026-03-27 13:30 +0100", "Sat 2026-03-28 13:30 +0100", "Sun 2026-03-29 13:30 +0200"],
    ),
    (
        "30 2 * * *",
        "Europe/Berlin",
        FRIDAY,
        ["Sat 2026-03-28 02:30 +0100", "Mon 2026-03-30 02:30 +0200", "Tue 2026-03-31 02:30 +0200"],
    ),
    (
        "30 2 * * *",
        "Europe/Berlin",
        AUTUMN,
        ["Sun 2026-10-25 02:30 +0200", "Mon 2026-10-26 02:30 +0100", "Tue 2026-10-27 02:30 +0100"],
    ),
    (
        "0 0 1,15 * *",
        None,
        FRIDAY,
        ["Wed 2026-04-01 00:00 +0000", "Wed 2026-04-15 00:00 +0000", "Fri 2026-05-01 00:00 +0000"],
    ),
    (
        "0 0 30 * 1",
        None,
        FRIDAY,
        ["Mon 2026-03-30 00:00 +0000", "Mon 2026-04-06 00:00 +0000", "Mon 2026-04-13 00:00 +0000"],
    ),
    (
        "0 0 L * *",
        None,
        FRIDAY,
        ["Tue 2026-03-31 00:00 +0000", "Thu 2026-04-30 00:00 +0000", "Sun 2026-05-31 00:00 +0000"],
    ),
    (
        "0 0 15W * *",
        None,
        FRIDAY,
        ["Wed 2026-04-15 00:00 +0000", "Fri 2026-05-15 00:00 +0000", "Mon 2026-06-15 00:00 +0000"],
    ),
    (
        "0 0 1W * *",
        None,
        FRIDAY,
        ["Wed 2026-04-01 00:00 +0000", "Fri 2026-05-01 00:00 +0000", "Mon 2026-06-01 00:00 +0000"],
    ),
    (
        "0 0 31W * *",
        None,
        FRIDAY,
        ["Tue 2026-03-31 00:00 +0000", "Fri 2026-05-29 00:00 +0000", "Fri 2026-07-31 00:00 +0000"],
    ),
    (
        "0 0 * * L5",
        None,
        FRIDAY,
        ["Fri 2026-04-24 00:00 +0000", "Fri 2026-05-29 00:00 +0000", "Fri 2026-06-26 00:00 +0000"],
    ),
    (
        "0 0 * * 5#2",
        None,
        FRIDAY,
        ["Fri 2026-04-10 00:00 +0000", "Fri 2026-05-08 00:00 +0000", "Fri 2026-06-12 00:00 +0000"],
    ),
    (
        "0 0 * * 0",
        None,
        FRIDAY,
        ["Sun 2026-03-29 00:00 +0000", "Sun 2026-04-05 00:00 +0000", "Sun 2026-04-12 00:00 +0000"],
    ),
    (
        "0 0 29 2 *",
        None,
        FRIDAY,
        ["Tue 2028-02-29 00:00 +0000", "Sun 2032-02-29 00:00 +0000", "Fri 2036-02-29 00:00 +0000"],
    ),
    ("0 0 30 2 *", None, FRIDAY, []),
    ("0 0 * * *", "Nowhere/City", FRIDAY, []),
)


@pytest.mark.parametrize(("cron", "zone", "now", "times"), TIMES, ids=[f"{cron} {zone}" for cron, zone, _, _ in TIMES])
def test_the_next_three_times(cron: str, zone: str | None, now: datetime, times: list[str]) -> None:
    assert [f"{each:%a %Y-%m-%d %H:%M %z}" for each in next_times(Schedule(cron, zone, HERE), now)] == times
