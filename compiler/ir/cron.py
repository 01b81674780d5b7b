"""Cron in the one dialect of the plan: five fields (minute hour day-of-month month day-of-week), Sunday is 0 and never 7.

Days that only some clocks know are written as croniter writes them: `L` the last day of the month, `15W` the weekday nearest the
15th, `L5` the last Friday, `5#2` the second.
"""

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
    "any", days of the week from 1 = Sunday, of which `L` alone is the last; the year must be `*`.
    """
    fields = text.upper().split()
    if len(fields) == _SIX:
        if fields[5] not in ("*", "?") or "?" not in (fields[2], fields[4]):
            return None
        if re.search(r"L\w", fields[4]):
            return None  # croniter's way to write it, whose days count from 0
        fields = [*fields[:4], _from_sunday_1(fields[4])]
    if len(fields) != _FIVE:
        return None
    fields = ["*" if field == "?" else field for field in fields]
    plain = [_field(field, at) for at, field in enumerate(fields)]
    return None if None in plain else " ".join(str(field) for field in plain)


def _from_sunday_1(field: str) -> str:
    """Numbers of EventBridge's days of the week, 1 to 7 from Sunday, as 0 to 6."""
    return "6" if field == "L" else re.sub(r"(?<![/#\w])\d+", lambda day: str(int(day[0]) - 1), field)


def special_days(cron: str) -> tuple[str, ...]:
    """The days of a plan's cron that only some clocks know: `L`, `15W`, `L5`, `5#2`."""
    fields = cron.split()
    return tuple(
        item for field in (fields[_MONTHDAY], fields[_WEEKDAY]) for item in field.split(",") if _is_special(item)
    )


def _is_special(item: str) -> bool:
    return bool(re.search("[LW#]", item))


def _field(text: str, at: int) -> str | None:
    items = [_item(item, at) for item in text.split(",")]
    if None in items:
        return None
    plain = [item for item in items if not _is_special(str(item))]
    # no clock reads a nearest weekday beside other days, or the last or second Friday beside every one
    if any("W" in str(item) for item in items) and len(items) > 1:
        return None
    if at == _WEEKDAY and 0 < len(plain) < len(items):
        return None
    return ",".join(dict.fromkeys(str(item) for item in items))


_NEAREST = r"(\d{1,2})W"
_LAST = r"L(\w+)|(\w+)L"
_NTH = r"(\w+)#([1-5])"


def _special(text: str, at: int) -> str | None:
    """An item of a day field that is no plain one."""
    if at == _MONTHDAY:
        nearest = re.fullmatch(_NEAREST, text)
        is_day = nearest is not None and 1 <= int(nearest[1]) <= _RANGES[at][1]
        return "L" if text == "L" else f"{int(text[:-1])}W" if is_day else None
    nth, last = re.fullmatch(_NTH, text), re.fullmatch(_LAST, text)
    if at != _WEEKDAY or not (nth or last):
        return None
    day = _value(nth[1] if nth else last[1] or last[2] if last else None, at)
    if day is None or not 0 <= day <= _SEVEN:
        return None
    return f"{day % _SEVEN}#{nth[2]}" if nth else f"L{day % _SEVEN}"


def _item(text: str, at: int) -> str | None:
    special = _special(text, at)
    if special:
        return special
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


_MONTHDAY, _WEEKDAY, _SEVEN = 2, 4, 7


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
