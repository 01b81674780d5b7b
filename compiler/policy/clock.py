"""How often a schedule starts runs."""

from __future__ import annotations

from itertools import pairwise

_HOUR, _DAY, _WEEK = 60, 24 * 60, 7
_ENDS_OF_MONTHS = frozenset((28, 29, 30, 31))


def minutes_apart(cron: str) -> int:
    """The least minutes between two starts of a plan's five fields; a day where no day has two and all are further apart.

    Days that only some clocks know (`L`, `15W`, `5#2`) count as the day of the month or week that they may be. Changes of the clock in
    spring and autumn are left out.
    """
    minute, hour, day, _, weekday = cron.split()
    starts = sorted(_HOUR * each + start for each in _all(hour, 0, 23) for start in _all(minute, 0, 59))
    apart = [later - earlier for earlier, later in pairwise(starts)]
    if _may_be_neighbours(day, weekday):
        apart.append(_DAY - starts[-1] + starts[0])
    return min(apart, default=_DAY)


def _may_be_neighbours(day: str, weekday: str) -> bool:
    """Whether runs may start on two days of which one follows the other."""
    if (day == "*") == (weekday == "*"):
        return True  # every day, or those of either field
    if weekday != "*":
        found = {int("".join(filter(str.isdigit, item.partition("#")[0]))) for item in _special(weekday)}
        found |= _all(",".join(_plain(weekday)), 0, 6)
        return any((each + 1) % _WEEK in found for each in found)
    found = _all(",".join(_plain(day)), 1, 31)
    is_end = bool(found & _ENDS_OF_MONTHS) or "L" in day
    return any(each + 1 in found for each in found) or (1 in found and is_end)


def _special(field: str) -> list[str]:
    return [item for item in field.split(",") if set("LW#") & set(item)]


def _plain(field: str) -> list[str]:
    return [item for item in field.split(",") if not set("LW#") & set(item)]


def _all(field: str, low: int, high: int) -> set[int]:
    """The numbers that the plain items of a field stand for."""
    found: set[int] = set()
    for item in filter(None, field.split(",")):
        span, slash, step = item.partition("/")
        first, dash, last = span.partition("-")
        begin = low if span == "*" else int(first)
        end = int(last) if dash else high if slash or span == "*" else begin
        found |= set(range(begin, end + 1, int(step or 1)))
    return found
