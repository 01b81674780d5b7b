"""`@schedule`: one time, said once, that a clock somewhere knows."""

from __future__ import annotations

import re
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend.findings import fc5xx
from compiler.frontend.findings.suggest import did_you_mean
from compiler.ir.cron import five_fields
from compiler.ir.flow import Decorator
from compiler.reading import depends_on_more, looked_for

_FIVE, _SIX = 5, 6
_NAMES = ("minute", "hour", "day of the month", "month", "day of the week")


def check_schedule(decorator: Decorator, report: Report) -> None:
    """Report a cron expression or time zone that is none, and times that are missing or said twice."""
    said = [name for name in ("cron", "weekly", "hourly", "daily") if decorator.get(name)]
    if len(said) > 1:
        report.add(fc5xx.TWO_SCHEDULES, decorator.span_of(said[1]), first=said[0], second=said[1])
    elif not said and decorator.get("daily") is False:
        report.add(fc5xx.NO_SCHEDULE, decorator.span)
    cron, zone = decorator.get("cron"), decorator.get("timezone")
    if isinstance(cron, str) and cron and five_fields(cron) is None:
        report.add(fc5xx.BAD_CRON, decorator.span_of("cron"), text=cron, reason=_reason(cron))
    if isinstance(zone, str) and zone and not _is_zone(zone):
        report.add(fc5xx.BAD_ZONE, decorator.span_of("timezone"), zone=zone, hint=_zone_hint(zone))


def _reason(text: str) -> str:
    """Which field is wrong, found by putting each alone among stars."""
    fields = text.split()
    if len(fields) not in (_FIVE, _SIX):
        return f"it has {len(fields)} field{'' if len(fields) == 1 else 's'}"
    if len(fields) == _SIX:
        if "?" not in (fields[2], fields[4]):
            return "of six fields, the day of the month or the day of the week is `?`"
        if fields[5] not in ("*", "?"):
            return "a year cannot be scheduled; let the sixth field be `*`"
    for at, field in enumerate(fields[:_FIVE]):
        alone = ["*"] * _FIVE
        alone[at] = field
        if five_fields(" ".join(alone)) is None:
            return f"`{field}` is no {_NAMES[at]}"
    return "its fields do not fit together"


_ZONE = r"UTC|GMT|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z0-9_+-]+)+"


def _is_zone(zone: str) -> bool:
    # Imported where a zone is given: most flows have none, and it costs milliseconds.
    import zoneinfo  # noqa: PLC0415  # rarely needed

    for folder in zoneinfo.TZPATH:
        looked_for(Path(folder, zone))
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        depends_on_more()  # on all zones that there are
        return not _has_zones() and re.fullmatch(_ZONE, zone) is not None
    return True


def _has_zones() -> bool:
    """Whether this machine has a tz database; without one only the look of a name can be judged."""
    import zoneinfo  # noqa: PLC0415  # rarely needed

    try:
        zoneinfo.ZoneInfo("Europe/Berlin")
    except (zoneinfo.ZoneInfoNotFoundError, OSError):
        return False
    return True


def _zone_hint(zone: str) -> str:
    import zoneinfo  # noqa: PLC0415  # rarely needed

    return did_you_mean(zone, zoneinfo.available_timezones())
