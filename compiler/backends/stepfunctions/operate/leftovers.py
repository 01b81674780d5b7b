"""What deployments leave behind: earlier versions of a machine, and the revisions of job definitions that these submit.

An execution keeps the definition that it was started with, also where it is redriven, which it can be for 14 days after its end; and a
revision that is deregistered starts no job any more. So a version goes once nothing that was started before its successor can go on,
and a revision once no version that is left submits it. The newest versions stay in any case, for who wants to go back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from compiler.backends.operating import EngineError
from compiler.backends.stepfunctions.operate import live
from compiler.backends.stepfunctions.operate.calls import AbsentError, Aws, BusyError, DeniedError, WrongError
from compiler.backends.stepfunctions.operate.wanted import Document

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


def seconds(when: object) -> float:
    """A time of AWS's, as boto3 gives it or in milliseconds, in seconds since 1970."""
    if isinstance(when, datetime):
        return when.timestamp()
    if isinstance(when, int | float):
        return when / 1000
    raise EngineError("AWS has told a time that is none: is that AWS at `endpoint`?")
