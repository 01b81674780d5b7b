"""Times and sizes as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(seconds: float | None) -> str | None:
    """A time in UTC to the second, as ISO 8601; None where there is none."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_moment(seconds: float | None) -> str | None:
    """A time in the zone of who reads it, to the second; None where there is none."""
    return None if seconds is None else datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def took(started: float | None, finished: float | None, now: float | None) -> str:
    """How long something took or, where it has not ended, takes until `now`: `4.2 s`, `12 min 5 s`, `3 h 10 min`; empty where unknown."""
    end = now if finished is None else finished
    if started is None or end is None:
        return ""
    seconds = max(end - started, 0.0)
    if seconds < 60:  # noqa: PLR2004 - what a minute is
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def duration(started: float | None, finished: float | None) -> str:
    """How long something took; empty where it has not ended."""
    return "" if started is None or finished is None else f"{finished - started:.2f} s"


def ago(moment_before: float, now: float) -> str:
    """How long ago something was, in one unit."""
    seconds = max(now - moment_before, 0)
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def size(count: int) -> str:
    """A number of bytes with its unit."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:  # noqa: PLR2004 - what a KiB is
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"
