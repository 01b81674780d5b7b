"""A deployment brought about, taken away, stopped and let go again.

No request of AWS's changes several objects, and none is conditional. So `deploy` reads, changes what differs and reads again, until
all is as it should be: whoever of two has written last looks once more, finds what the other has left, and makes it his.

An execution keeps the definition that it was started with, also where it is redriven, which it can be for 14 days after its end; and a
revision that is deregistered starts no job any more. So a version goes once nothing that was started before its successor can go on,
and a revision with the last version that submits it. The newest versions stay in any case, for who wants to go back.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from compiler.backends.names import within
from compiler.backends.operating import RECORD_PREFIX, EngineError, NotThereError, RefusedError
from compiler.backends.stepfunctions.operate import live, marks
from compiler.backends.stepfunctions.operate.calls import AbsentError, Aws, BusyError, DeniedError, WrongError, seconds
from compiler.backends.stepfunctions.operate.comparing import (
    MACHINE,
    RULE,
    SCHEDULE,
    Compared,
    compared,
    rule_state,
    schedule_state,
)
from compiler.backends.stepfunctions.operate.wanted import Document, Wanted
from compiler.mistakes import CallError

_ROUNDS = 10
"""Each looks at everything: a third one is needed where somebody else deploys at the same time."""

_PAUSE, _LONGEST_PAUSE = 0.3, 2.0
"""Seconds, of which each waits some by chance."""
_DELETING = 60.0
"""Seconds that a machine which is being deleted may take."""


def deploy(aws: Aws, wanted: Wanted, tell: Callable[[str], None]) -> live.Machine:
    """Make AWS hold the release; nothing is written where it does. Raises RefusedError for an object that is not ours."""
    has_written, mistake = False, None
    for round_ in range(_ROUNDS):
        found = compared(aws, wanted)
        refuse_foreign(found)
        if found.is_done and found.machine:
            if has_written:
                forget(aws, found.machine)
            return found.machine
        if round_ > 1:
            tell(f"{wanted.name} is being changed by somebody else: once more")
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, _PAUSE * round_)))
        mistake = _applied(aws, found, tell, mistake)
        has_written = True
    raise mistake or EngineError(
        f"{wanted.name} is changed by somebody else all the time: deploy again when that has ended"
    )


def _applied(aws: Aws, found: Compared, tell: Callable[[str], None], before: CallError | None) -> CallError | None:
    """Write what differs. What somebody else's change may have hindered is told, and raised where it was no other before."""
    try:
        _apply(aws, found, tell)
    except BusyError as error:
        return error
    except AbsentError as error:
        if isinstance(before, AbsentError):
            raise RefusedError(str(error)) from None
        return error
    except WrongError as error:
        if error.word not in ("StateMachineAlreadyExists", "ResourceAlreadyExistsException"):
            raise
        return error
    return None


def refuse_foreign(found: Compared) -> None:
    """Raises RefusedError where the name of an object is taken by one that does not carry our mark."""
    for change in found.changes:
        if change.state == "foreign":
            raise RefusedError(
                f"there is a {change.kind} `{change.name}` that flowc has not made: delete it, or deploy under another `name`"
            )


def _apply(aws: Aws, found: Compared, tell: Callable[[str], None]) -> None:
    """Write what differs: what others refer to first."""
    wanted = found.wanted
    arns = {**found.arns, **{key: _register(aws, wanted, key) for key in found.missing}}
    _put_machine(aws, found, wanted.definition(arns), tell)
    is_on = not (found.machine and found.machine.is_suspended)
    _put_schedule(aws, found, is_on)
    _put_rule(aws, found, is_on)
    if not found.is_recorded or found.machine is None or _differs(found, MACHINE):
        _put_tags(aws, found, marks.digest([live.parsed(wanted.definition(arns)), wanted.role]))


def _register(aws: Aws, wanted: Wanted, key: str) -> str:
    document = wanted.jobs[key]
    tags = {**(document.get("tags") or {}), **marks.as_tags({marks.MACHINE: wanted.name})}
    return str(aws.ask("batch", "register_job_definition", **{**document, "tags": tags})["jobDefinitionArn"])


def _put_machine(aws: Aws, found: Compared, definition: str, tell: Callable[[str], None]) -> None:
    wanted = found.wanted
    words = {"definition": definition, "roleArn": wanted.role, "publish": True, "versionDescription": _version(wanted)}
    if found.machine is not None:
        if _differs(found, MACHINE):
            aws.ask("stepfunctions", "update_state_machine", stateMachineArn=found.machine.arn, **words)
        return
    tags = [{"key": key, "value": value} for key, value in wanted.tags.items()]
    until = time.monotonic() + _DELETING
    while True:
        try:
            aws.ask("stepfunctions", "create_state_machine", name=wanted.name, type="STANDARD", tags=tags, **words)
            return
        except BusyError:
            if time.monotonic() > until:
                raise
            tell(f"waiting until the earlier {wanted.name} is deleted")
            time.sleep(1)


def _version(wanted: Wanted) -> str:
    record = marks.record_in(wanted.tags)
    assert record is not None, "tags that `wanted` has made"
    return f"{record.digest[:16]} {record.revision}".strip()[:256]


def _put_tags(aws: Aws, found: Compared, state: str) -> None:
    tags = {**found.wanted.tags, marks.STATE: state}
    spelled = [{"key": key, "value": value} for key, value in tags.items()]
    aws.ask("stepfunctions", "tag_resource", resourceArn=found.wanted.arn, tags=spelled)
    old = found.machine.tags if found.machine else {}
    gone = [key for key in old if key.startswith(RECORD_PREFIX) and key not in {*tags, marks.SUSPENDED}]
    if gone:
        aws.ask("stepfunctions", "untag_resource", resourceArn=found.wanted.arn, tagKeys=gone)


def _differs(found: Compared, kind: str) -> bool:
    change = found.of(kind)
    return change is not None and change.state not in ("unchanged", "foreign")


def _put_schedule(aws: Aws, found: Compared, is_on: bool) -> None:
    wanted = found.wanted
    if not _differs(found, SCHEDULE):
        return
    if wanted.schedule is None:
        _delete_schedule(aws, wanted.name)
        return
    words = {
        **wanted.schedule,
        "Description": marks.sentence(wanted.name, schedule_state(wanted.schedule)),
        "State": "ENABLED" if is_on else "DISABLED",
    }
    aws.ask("scheduler", "update_schedule" if found.schedule else "create_schedule", **words)


def _put_rule(aws: Aws, found: Compared, is_on: bool) -> None:
    wanted = found.wanted
    if found.old_rule and found.machine:
        _delete_rule(aws, wanted.name, found.machine.bus)
    change = found.of(RULE)
    if change is None or wanted.rule is None:
        if found.rule and live.owner(found.rule) == wanted.name:
            _delete_rule(aws, wanted.name, wanted.bus)
        return
    if change.state == "unchanged":
        return
    bus, name = live.on_bus(wanted.bus), wanted.rule["Name"]
    aws.ask(
        "events",
        "put_rule",
        Name=name,
        EventPattern=json.dumps(wanted.rule["EventPattern"]),
        State="ENABLED" if is_on else "DISABLED",
        Description=marks.sentence(wanted.name, rule_state(wanted.rule)),
        **bus,
    )
    _put_targets(aws, found, name, bus)


def _put_targets(aws: Aws, found: Compared, name: str, bus: dict[str, str]) -> None:
    assert found.wanted.rule is not None, "a rule that is put"
    targets = found.wanted.rule["Targets"]
    told = aws.ask("events", "put_targets", Rule=name, Targets=targets, **bus)
    for failed in told.get("FailedEntries") or ():
        raise EngineError(
            f"EventBridge does not take the target of {name}: {aws.said(str(failed.get('ErrorMessage')))}"
        )
    ids = {each["Id"] for each in targets}
    others = [each["Id"] for each in (found.rule or {}).get("Targets", ()) if each["Id"] not in ids]
    if others:
        aws.ask("events", "remove_targets", Rule=name, Ids=others, **bus)


def delete(aws: Aws, name: str) -> None:
    """Remove what carries our mark: what starts runs first, the job definitions last, and not those that a run still needs."""
    machine = live.machine(aws, name)
    if machine is not None and not machine.is_ours:
        raise NotThereError(f"`{name}` is no deployment of flowc's: its state machine does not carry flowc's mark")
    found = _delete_triggers(aws, name, machine.bus if machine else "")
    if machine is not None:
        needs_definitions = has_runs(aws, machine)
        aws.ask("stepfunctions", "delete_state_machine", stateMachineArn=machine.arn)
        if needs_definitions:
            return
    if not forget_all(aws, name) and not found and machine is None:
        raise NotThereError(
            f"there is no deployment `{name}` in {aws.region}: `flowc step-functions list` shows which there are"
        )


def _delete_triggers(aws: Aws, name: str, bus: str) -> bool:
    found = False
    if live.owner(live.schedule(aws, name)) == name:
        _delete_schedule(aws, name)
        found = True
    for each in dict.fromkeys((bus, "")):
        if live.owner(live.rule(aws, name, each)) == name:
            _delete_rule(aws, name, each)
            found = True
    return found


def _delete_schedule(aws: Aws, name: str) -> None:
    with suppress(AbsentError):  # an earlier request was answered after all
        aws.ask("scheduler", "delete_schedule", Name=within(name, live.NAME_OF_TRIGGER))


def _delete_rule(aws: Aws, name: str, bus: str) -> None:
    words, short = live.on_bus(bus), within(name, live.NAME_OF_TRIGGER)
    with suppress(AbsentError):
        ids = [each["Id"] for each in aws.pages("events", "list_targets_by_rule", "Targets", Rule=short, **words)]
        if ids:
            aws.ask("events", "remove_targets", Rule=short, Ids=ids, **words)
        aws.ask("events", "delete_rule", Name=short, **words)


def suspend(aws: Aws, machine: live.Machine) -> None:
    """Let neither schedule nor event start it; a deployment that comes meanwhile leaves it so."""
    aws.ask("stepfunctions", "tag_resource", resourceArn=machine.arn, tags=[{"key": marks.SUSPENDED, "value": "yes"}])
    _switch(aws, machine, is_on=False)


def resume(aws: Aws, machine: live.Machine) -> None:
    """Take `suspend` back."""
    aws.ask("stepfunctions", "untag_resource", resourceArn=machine.arn, tagKeys=[marks.SUSPENDED])
    _switch(aws, machine, is_on=True)


_OF_SCHEDULE = (
    "Name",
    "GroupName",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "Description",
    "KmsKeyArn",
    "Target",
    "FlexibleTimeWindow",
    "ActionAfterCompletion",
)
"""What UpdateSchedule must be told again, or it forgets."""


def _switch(aws: Aws, machine: live.Machine, *, is_on: bool) -> None:
    schedule: Document | None = live.schedule(aws, machine.name)
    state = "ENABLED" if is_on else "DISABLED"
    if schedule and live.owner(schedule) == machine.name and schedule.get("State") != state:
        kept = {key: schedule[key] for key in _OF_SCHEDULE if schedule.get(key) is not None}
        aws.ask("scheduler", "update_schedule", **{**kept, "State": state})
    rule = live.rule(aws, machine.name, machine.bus)
    if rule and live.owner(rule) == machine.name and rule.get("State") != state:
        words = live.on_bus(machine.bus)
        name = within(machine.name, live.NAME_OF_TRIGGER)
        aws.ask("events", "enable_rule" if is_on else "disable_rule", Name=name, **words)


KEPT_VERSIONS = 10
REDRIVABLE = 14 * 86_400.0
"""Seconds after its end for which an execution can be redriven."""

_PAGES = 20
"""Of a thousand executions; a machine that has more of them in these days keeps its versions until it has fewer."""


def forget(aws: Aws, machine: live.Machine) -> None:
    """Remove what nothing needs any more. What the caller may not do is left to the next who may."""
    try:
        left, gone = _sorted_versions(aws, machine)
        used = live.named_definitions([machine.definition, *left])
        for name, revisions in live.named_definitions(gone).items():
            unused = revisions - used.get(name, set())
            found = live.revisions(aws, name) if unused else []
            _deregister(aws, [each for each in found if each["revision"] in unused and live.is_for(each, machine.name)])
    except (DeniedError, AbsentError):
        return


def has_runs(aws: Aws, machine: live.Machine) -> bool:
    """Whether an execution of the machine is going on."""
    try:
        return any(True for _ in _executions(aws, machine.arn, "RUNNING", pages=1))
    except AbsentError:
        return False


def forget_all(aws: Aws, name: str) -> bool:
    """Deregister all job definitions of a deployment that is gone; whether there were any."""
    ours = [
        each
        for each in aws.pages("batch", "describe_job_definitions", "jobDefinitions", most=1000, status="ACTIVE")
        if live.is_for(each, name)
    ]
    _deregister(aws, ours)
    return bool(ours)


def _deregister(aws: Aws, definitions: Iterable[Document]) -> None:
    for each in definitions:
        try:
            aws.ask("batch", "deregister_job_definition", jobDefinition=each["jobDefinitionArn"])
        except (AbsentError, WrongError):
            continue  # somebody else was faster


def _sorted_versions(aws: Aws, machine: live.Machine) -> tuple[list[str], list[str]]:
    """The definitions of the versions that stay, and of those that have been deleted now."""
    versions = list(
        aws.pages("stepfunctions", "list_state_machine_versions", "stateMachineVersions", stateMachineArn=machine.arn)
    )
    versions.sort(key=lambda each: -_number(each["stateMachineVersionArn"]))
    oldest = _oldest_need(aws, machine.arn) if len(versions) > KEPT_VERSIONS else None
    left: list[str] = []
    gone: list[str] = []
    if oldest is None:
        return left, gone
    for at, version in enumerate(versions):
        arn = version["stateMachineVersionArn"]
        definition = str(aws.ask("stepfunctions", "describe_state_machine", stateMachineArn=arn)["definition"])
        may_go = at >= KEPT_VERSIONS and seconds(versions[at - 1]["creationDate"]) < oldest
        (gone if may_go and _deleted(aws, arn) else left).append(definition)
    return left, gone


def _deleted(aws: Aws, arn: str) -> bool:
    try:
        aws.ask("stepfunctions", "delete_state_machine_version", stateMachineVersionArn=arn)
    except (BusyError, WrongError):
        return False  # an alias names it
    return True


def _number(arn: str) -> int:
    found = re.search(r":(\d+)$", arn)
    return int(found[1]) if found else 0


def _oldest_need(aws: Aws, arn: str) -> float | None:
    """When the oldest execution was started that may still go on; None where there are too many to look at."""
    now = time.time()
    oldest, count = now, 0
    for each in _executions(aws, arn, "", pages=_PAGES):
        count += 1
        ended = each.get("stopDate")
        if ended is None or seconds(ended) > now - REDRIVABLE:
            oldest = min(oldest, seconds(each["startDate"]))
    return None if count >= _PAGES * 1000 else oldest


def _executions(aws: Aws, arn: str, status: str, pages: int) -> Iterator[dict[str, Any]]:
    words = {"statusFilter": status} if status else {}
    yield from aws.pages(
        "stepfunctions", "list_executions", "executions", most=pages, stateMachineArn=arn, maxResults=1000, **words
    )
