"""When a schedule starts runs next: the cron of the plan, in its time zone."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from compiler.ir.plan import Schedule

YEARS = 13
"""So far is looked ahead: three times 29 February are twelve years, and what no calendar has never comes."""

_SUNDAY_FIRST = 7


def next_times(schedule: Schedule, now: datetime, count: int = 3) -> tuple[datetime, ...]:
    """The next times after `now` (aware) in the schedule's zone; fewer where there are none, none where the zone is not known here.

    A time that the clock skips in spring is left out, one that it shows twice in autumn counts once.
    """
    zone = _zone(schedule.timezone)
    if zone is None:
        return ()
    found: list[datetime] = []
    for each in _times(schedule.cron.split(), now.astimezone(zone)):
        if len(found) == count:
            break
        found.append(each)
    return tuple(found)


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - few schedules have a zone

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _times(fields: list[str], now: datetime) -> Iterator[datetime]:
    minutes, hours, months = (_numbers(fields[at], low, high) for at, low, high in ((0, 0, 59), (1, 0, 23), (3, 1, 12)))
    day = now.date()
    for _ in range(366 * YEARS):
        if day.month in months and _is_day(fields[2], fields[4], day):
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=now.tzinfo)
                    if found > now and _is_there(found):
                        yield found
        day += timedelta(days=1)


def _is_there(moment: datetime) -> bool:
    """Whether the clocks of the zone ever show it."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)


def _numbers(field: str, low: int, high: int) -> frozenset[int]:
    """`*`, `5`, `1-5`, `*/15`, `3/10` and lists of them."""
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        begin = low if first == "*" else int(first)
        end = int(last) if last else high if first == "*" or step else begin
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def _is_day(monthdays: str, weekdays: str, day: date) -> bool:
    """Where both fields name days, any of them: as cron has it."""
    by_month = any(_is_monthday(item, day) for item in monthdays.split(","))
    by_week = any(_is_weekday(item, day) for item in weekdays.split(","))
    if monthdays == "*" or weekdays == "*":
        return by_month and by_week
    return by_month or by_week


def _is_monthday(item: str, day: date) -> bool:
    last = monthrange(day.year, day.month)[1]
    if item == "L":
        return day.day == last
    if item.endswith("W"):
        wanted = int(item[:-1])
        return wanted <= last and day == _nearest_weekday(day.replace(day=wanted), last)
    return day.day in _numbers(item, 1, 31)


def _nearest_weekday(day: date, last: int) -> date:
    """Monday to Friday nearest to a day, within its month."""
    saturday, sunday = 5, 6
    if day.weekday() == saturday:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.weekday() == sunday:
        return day + timedelta(days=1) if day.day < last else day - timedelta(days=2)
    return day


def _is_weekday(item: str, day: date) -> bool:
    number = (day.weekday() + 1) % _SUNDAY_FIRST
    if item.startswith("L"):
        return number == int(item[1:]) and day.day + _SUNDAY_FIRST > monthrange(day.year, day.month)[1]
    if "#" in item:
        weekday, nth = map(int, item.split("#"))
        return number == weekday and (day.day - 1) // _SUNDAY_FIRST + 1 == nth
    return number in _numbers(item, 0, 6)
