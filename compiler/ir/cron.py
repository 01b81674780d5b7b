"""Cron in the one dialect of the plan: five fields (minute hour day-of-month month day-of-week), Sunday is 0 and never 7."""

from __future__ import annotations

import re

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_ITEM = r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?"
_FIVE, _SIX = 5, 6


def five_fields(text: str) -> str | None:
    """The same times in five fields, or None where the text is no cron or says what five fields cannot.

    Six fields are read as EventBridge's and Quartz's without seconds: minute hour day-of-month month day-of-week year, `?` for
    "any", days of the week from 1 = Sunday; the year must be `*`.
    """
    fields = text.upper().split()
    if len(fields) == _SIX:
        if fields[5] not in ("*", "?") or "?" not in (fields[2], fields[4]):
            return None
        fields = [*fields[:4], _from_sunday_1(fields[4])]
    if len(fields) != _FIVE:
        return None
    fields = ["*" if field == "?" else field for field in fields]
    plain = [_field(field, at) for at, field in enumerate(fields)]
    return None if None in plain else " ".join(str(field) for field in plain)


def _from_sunday_1(field: str) -> str:
    """Numbers of EventBridge's days of the week, 1 to 7 from Sunday, as 0 to 6."""
    return re.sub(r"(?<![/\w])\d+", lambda day: str(int(day[0]) - 1), field)


def _field(text: str, at: int) -> str | None:
    items = [_item(item, at) for item in text.split(",")]
    return None if None in items else ",".join(dict.fromkeys(str(item) for item in items))


def _item(text: str, at: int) -> str | None:
    match = re.fullmatch(_ITEM, text)
    if not match:
        return None
    first, last = (_value(word, at) for word in match.group(1, 2))
    low, high = _RANGES[at]
    numbers = [number for number in (first, last) if number is not None]
    step = match[3]
    fits = all(low <= number <= high for number in numbers) and (not step or 1 <= int(step) <= high)
    if not fits or (first is not None and last is not None and first > last):
        return None
    if _SEVEN in numbers and at == _WEEKDAY:
        return _without_seven(first or 0, int(step or 1))
    span = "*" if first is None else str(first) + ("" if last is None else f"-{last}")
    return f"{span}/{step}" if step else span


_WEEKDAY, _SEVEN = 4, 7


def _without_seven(first: int, step: int) -> str:
    """The days from `first` to a Sunday that was written as 7, which Argo's reader does not know."""
    return ",".join(str(day) for day in sorted({day % _SEVEN for day in range(first, _SEVEN + 1, step)}))


def _value(word: str | None, at: int) -> int | None:
    """The number of a word; one that no range holds where it is none of the field's names."""
    if word is None:
        return None
    names = {3: _MONTHS, 4: _DAYS}.get(at, ())
    if word in names:
        return names.index(word) + (1 if at == 3 else 0)  # noqa: PLR2004  # the month field counts from 1
    return int(word) if word.isdecimal() and word.isascii() else -1
