"""`@schedule` for EventBridge Scheduler: six cron fields, one of the two day fields a `?`, days of the week by name."""

from __future__ import annotations

from compiler.backends.names import within
from compiler.backends.stepfunctions.layout import Json
from compiler.ir.plan import Schedule

INPUT = '{"flowc-scheduled-at": "<aws.scheduler.scheduled-time>"}'
"""What the machine is started with: EventBridge puts the time for which it starts it."""

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIRST = (0, 0, 1, 1, 0)
_LAST = (59, 23, 31, 12, 7)


def expression(cron: str) -> str | None:
    """The `cron(…)` of EventBridge, whose `L`, `W` and `#` stand alone.

    None where both day fields say something: cron means either, EventBridge cannot say that.
    """
    fields = cron.split()
    minute, hour, day, month = (_field(field, at) for at, field in enumerate(fields[:4]))
    week = _week(fields[4])
    if day != "*" and week != "*":
        return None
    if week == "*":
        return f"cron({minute} {hour} {day} {month} ? *)"
    return f"cron({minute} {hour} ? {month} {week} *)"


def _field(field: str, at: int) -> str:
    """A field without steps as it is; `*/n` counts from the field's first value; any other step is written out."""
    first = _FIRST[at]
    if field.startswith("*/") and "," not in field:
        return f"{first}{field[1:]}"
    return ",".join(map(str, _numbers(field, at))) if "/" in field else field


def _week(field: str) -> str:
    """Days by name: their numbers count from 0 in cron and from 1 in EventBridge; `L5` is its `6L`, and `5#2` its `6#2`."""
    if "#" in field:
        day, _, number = field.partition("#")
        return f"{int(day) + 1}#{number}"
    if field.startswith("L"):
        return f"{int(field[1:]) + 1}L"
    days = sorted({number % 7 for number in _numbers(field, 4)})
    if len(days) == len(_DAYS):
        return "*"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:  # noqa: PLR2004  three and more in a row are a range
        return f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}"
    return ",".join(_DAYS[day] for day in days)


def _numbers(field: str, at: int) -> list[int]:
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        low, _, high = span.partition("-")
        start = _FIRST[at] if low == "*" else int(low)
        one = low != "*" and not high and not step
        end = int(high) if high else start if one else _LAST[at]
        found.update(range(start, end + 1, int(step or 1)))
    return sorted(found)


def document(schedule: Schedule, name: str) -> Json:
    """What EventBridge Scheduler's CreateSchedule takes."""
    cron = expression(schedule.cron)
    assert cron is not None, "a schedule that `check` let pass"
    return {
        "Name": within(name, 64),
        "ScheduleExpression": cron,
        "ScheduleExpressionTimezone": schedule.timezone or "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "${StateMachine}", "RoleArn": "${SchedulerRole}", "Input": INPUT},
    }
