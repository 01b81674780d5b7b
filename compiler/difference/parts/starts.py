"""What starts a run of two flows, and what follows it: schedules, triggers, exit hooks, the deployment that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from compiler.difference.part_changes import (
    HookAdded,
    HookRemoved,
    ProjectChanged,
    ScheduleAdded,
    ScheduleChanged,
    ScheduleRemoved,
    StartChange,
    TriggerAdded,
    TriggerRemoved,
)
from compiler.difference.parts.moments import next_times
from compiler.ir.plan import EventTrigger, FlowTrigger, Hook, Plan, Project, Schedule, Trigger


def start_changes(old: Plan, new: Plan, now: datetime) -> Iterator[StartChange]:
    """The changes of what starts runs; `now` (aware) is from when the next times count."""
    if (found := _schedule(old.schedule, new.schedule, now)) is not None:
        yield found
    before, after = list(map(_trigger, old.triggers)), list(map(_trigger, new.triggers))
    yield from (TriggerAdded(each) for each in after if each not in before)
    yield from (TriggerRemoved(each) for each in before if each not in after)
    before, after = list(map(_hook, old.hooks)), list(map(_hook, new.hooks))
    yield from (HookAdded(each) for each in after if each not in before)
    yield from (HookRemoved(each) for each in before if each not in after)
    if old.project != new.project:
        yield ProjectChanged(_project(old.project), _project(new.project))


def _schedule(old: Schedule | None, new: Schedule | None, now: datetime) -> StartChange | None:
    if new is None:
        return None if old is None else ScheduleRemoved(old.cron, _zone(old))
    if old is None:
        return ScheduleAdded(new.cron, _zone(new), _times(new, now))
    before, after = f"{old.cron} in {_zone(old)}", f"{new.cron} in {_zone(new)}"
    return None if before == after else ScheduleChanged(before, after, _times(new, now))


def _zone(schedule: Schedule) -> str:
    return schedule.timezone or "UTC"


def _times(schedule: Schedule, now: datetime) -> tuple[str, ...]:
    """As `Mon 2026-03-30 02:30`, on the clocks of the schedule's zone."""
    return tuple(f"{each:%a %Y-%m-%d %H:%M}" for each in next_times(schedule, now)) or ("never",)


def _trigger(trigger: Trigger) -> str:
    match trigger:
        case EventTrigger(event=event, parameters=pairs):
            filled = ", ".join(f"{name} from {field}" for name, field in pairs)
            return f"on the event {event}" + (f", with {filled}" if filled else "")
        case FlowTrigger(deployment=deployment):
            return f"after {deployment}"


def _hook(hook: Hook) -> str:
    image = f" in {hook.image}" if hook.image else ""
    return f"{hook.function} on {hook.on}{image}"


def _project(project: Project | None) -> str:
    return f"{project.name}.{project.branch}" if project else "of no project"
