"""What a deployment would change: each object of it as AWS has it, as it would be, and whether somebody has changed it by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.backends.names import within
from compiler.backends.operating import Change, ChangeKind
from compiler.backends.stepfunctions.layout import layout
from compiler.backends.stepfunctions.operate import live, marks
from compiler.backends.stepfunctions.operate.calls import Aws
from compiler.backends.stepfunctions.operate.wanted import Document, Wanted
from compiler.slotted_class import record

JOB, MACHINE, SCHEDULE, RULE = "job definition", "state machine", "schedule", "rule"
"""How a `Change` calls what it is of."""

_KEPT_BY_SCHEDULER = ("Name", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow")
_KEPT_OF_TARGET = ("Arn", "RoleArn", "Input", "InputTransformer", "Id")


@record
class Compared:
    """A release beside what AWS holds. `arns` are the job definitions that stay, by placeholder; `missing` the placeholders without
    one. `old_rule` is a rule of ours on a bus that the release does not use."""

    wanted: Wanted
    machine: live.Machine | None
    arns: Mapping[str, str]
    missing: tuple[str, ...]
    schedule: Document | None
    rule: Document | None
    old_rule: Document | None
    changes: tuple[Change, ...]

    @property
    def is_done(self) -> bool:
        """Whether AWS holds the release, its record too."""
        return all(change.state == "unchanged" for change in self.changes) and self.is_recorded

    @property
    def is_recorded(self) -> bool:
        """Whether the machine's tags tell of these files. When and by whom they were deployed first stays as it was."""
        if self.machine is None or self.machine.tags.get(marks.STATE) != self.machine.digest:
            return False
        told, meant = marks.record_in(self.machine.tags), marks.record_in(self.wanted.tags)
        assert meant is not None, "tags that `wanted` has made"
        same = told is not None and (told.flow, told.digest) == (meant.flow, meant.digest)
        return same and self.machine.bus == self.wanted.bus

    def of(self, kind: str) -> Change | None:
        """The change of the one object of a kind."""
        return next((change for change in self.changes if change.kind == kind), None)


def compared(aws: Aws, wanted: Wanted) -> Compared:
    """Read what AWS holds and compare."""
    machine = live.machine(aws, wanted.name)
    if machine is not None and machine.status == "DELETING":
        machine = None
    arns: dict[str, str] = {}
    changes: list[Change] = []
    for key, document in wanted.jobs.items():
        arn, change = _job(aws, wanted.name, document)
        changes.append(change)
        if arn:
            arns[key] = arn
    missing = tuple(key for key in wanted.jobs if key not in arns)
    changes.append(_machine(wanted, machine, arns))
    schedule, rule = live.schedule(aws, wanted.name), live.rule(aws, wanted.name, wanted.bus)
    bus = machine.bus if machine and machine.is_ours else wanted.bus
    old_rule = live.rule(aws, wanted.name, bus) if bus != wanted.bus else None
    name = within(wanted.name, live.NAME_OF_TRIGGER)
    is_on = not (machine and machine.is_suspended)
    changes += _trigger(
        SCHEDULE, name, wanted.name, schedule_state(wanted.schedule), schedule_state(schedule), schedule, is_on
    )
    changes += _trigger(RULE, name, wanted.name, rule_state(wanted.rule), rule_state(rule), rule, is_on)
    if live.owner(old_rule) == wanted.name:
        changes.append(Change(RULE, f"{name} on {bus}", "gone", old=_text(rule_state(old_rule))))
    else:
        old_rule = None
    return Compared(wanted, machine, arns, missing, schedule, rule, old_rule, tuple(changes))


def _job(aws: Aws, name: str, document: Document) -> tuple[str, Change]:
    """The revision that is as the release wants it, the newest such one, and what would become of the definition."""
    label = str(document["jobDefinitionName"])
    found = live.revisions(aws, label)
    ours = [each for each in found if live.is_for(each, name)]
    new = _text(document)
    if found and not ours:
        return "", Change(JOB, label, "foreign", old=_revision(found[0]), new=new)
    fitting = next((each for each in ours if live.same_definition(document, each)), None)
    if fitting:
        return str(fitting["jobDefinitionArn"]), Change(JOB, label, "unchanged", old=new, new=new)
    if not ours:
        return "", Change(JOB, label, "new", new=new)
    return "", Change(JOB, label, "changed", old=_revision(ours[0]), new=new, by_hand=found[0] is not ours[0])


def _revision(definition: Document) -> str:
    outside = {"jobDefinitionArn", "revision", "status", "containerOrchestrationType"}
    return _text({key: value for key, value in definition.items() if key not in outside})


def _machine(wanted: Wanted, machine: live.Machine | None, arns: Mapping[str, str]) -> Change:
    upcoming = {key: f"{document['jobDefinitionName']}:new" for key, document in wanted.jobs.items()}
    new = _machine_text(wanted.definition({**upcoming, **arns}), wanted.role)
    if machine is None:
        return Change(MACHINE, wanted.name, "new", new=new)
    old = _machine_text(machine.definition, machine.role)
    if not machine.is_ours:
        return Change(MACHINE, wanted.name, "foreign", old=old, new=new)
    is_by_hand = marks.STATE in machine.tags and machine.tags[marks.STATE] != machine.digest
    return Change(MACHINE, wanted.name, "unchanged" if old == new else "changed", old, new, is_by_hand and old != new)


def _machine_text(definition: str, role: str) -> str:
    """As people compare it: laid out, whoever has spaced it."""
    return layout({"roleArn": role, "definition": live.parsed(definition)})


def schedule_state(document: Document | None) -> dict[str, Any] | None:
    """What a release says of a schedule, of what AWS tells."""
    if document is None:
        return None
    target = {key: document["Target"][key] for key in _KEPT_OF_TARGET if key in document["Target"]}
    return {**{key: document[key] for key in _KEPT_BY_SCHEDULER if key in document}, "Target": target}


def rule_state(document: Document | None) -> dict[str, Any] | None:
    """What a release says of a rule, of what AWS tells."""
    if document is None:
        return None
    pattern = document.get("EventPattern") or {}
    targets = [{key: each[key] for key in _KEPT_OF_TARGET if key in each} for each in document.get("Targets", ())]
    return {
        "Name": document["Name"],
        "EventPattern": json.loads(pattern) if isinstance(pattern, str) else pattern,
        "Targets": sorted(targets, key=lambda each: str(each.get("Id"))),
    }


def _trigger(
    kind: str, name: str, owner: str, new: object, old: object, found: Document | None, is_on: bool
) -> Iterator[Change]:
    """What becomes of a schedule or a rule; nothing where there is none and none is wanted."""
    if found is not None and live.owner(found) != owner:
        if new is not None:
            yield Change(kind, name, "foreign", old=_text(old), new=_text(new))
        return
    state = "ENABLED" if is_on else "DISABLED"
    is_by_hand = found is not None and not (live.is_as_deployed(found, old) and found.get("State") == state)
    if new is None and found is not None:
        yield Change(kind, name, "gone", old=_text(old), by_hand=is_by_hand)
    elif new is not None:
        is_same = found is not None and live.same(new, old) and found.get("State") == state
        change: ChangeKind = "new" if found is None else "unchanged" if is_same else "changed"
        before = _text({"State": found.get("State"), **_known(old)}) if found else ""
        yield Change(kind, name, change, before, _text({"State": state, **_known(new)}), is_by_hand and not is_same)


def _known(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return "" if value is None else layout(json.loads(json.dumps(value, default=str)))
