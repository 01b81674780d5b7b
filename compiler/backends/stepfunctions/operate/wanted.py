"""What a release asks of AWS: its files read back, with every `${Placeholder}` filled but those of the job definitions.

Which revision a job definition has is known only when AWS has been asked, so the machine keeps their placeholders until then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from typing import Any

from compiler.backends import OutputFile
from compiler.backends.operating import Connection, RefusedError, Release
from compiler.backends.stepfunctions.operate import batch_jobs, marks
from compiler.backends.stepfunctions.operate.calls import TABLE, Aws
from compiler.mistakes import CallError
from compiler.slotted_class import record

Document = Mapping[str, Any]

PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9]+)\}")
OPTION_OF = {
    "JobQueue": "job_queue",
    "JobRole": "job_role",
    "ExecutionRole": "execution_role",
    "SchedulerRole": "schedule_role",
    "EventsRole": "events_role",
}
"""Which option fills a placeholder; any other one stands in the table `placeholders`."""

_UNSAFE = re.compile(r"[\\'\"{}\x00-\x1f]")
"""What would end a text of JSON, or a literal of an intrinsic, around a placeholder."""


@record
class Wanted:
    """A release as AWS is to hold it. `jobs` by placeholder as RegisterJobDefinition takes them, without our tag; `rule` as
    `events.rule` made it, `schedule` as `schedule.document`, both without state and description."""

    name: str
    arn: str
    role: str
    machine: str
    jobs: Mapping[str, Document]
    tags: Mapping[str, str]
    schedule: Document | None
    rule: Document | None

    @property
    def bus(self) -> str:
        """The event bus of the rule; empty for the default one."""
        return str((self.rule or {}).get("EventBusName", ""))

    def definition(self, arns: Mapping[str, str]) -> str:
        """The machine with its job definitions, by placeholder."""
        return filled(self.machine, arns)


def wanted(release: Release, aws: Aws, connection: Connection) -> Wanted:
    """Raises RefusedError for a placeholder without a value, a missing role and a queue of another region, CallError for wrong options."""
    files = {file.name.removeprefix(f"{release.name}."): file for file in release.files}
    arn = aws.arn("states", f"stateMachine:{release.name}")
    jobs = _parsed(files, "jobs.json") or {}
    values = _Values(connection, {"StateMachine": arn})
    if trouble := batch_jobs.of_other_region(connection.text("job_queue", TABLE), aws.region):
        raise RefusedError(f"{trouble}: correct `region` or `job_queue` of {TABLE}")
    role = connection.text("role", TABLE) or values["StateMachineRole"]
    rule = _parsed(files, "events.json")
    tags = marks.tags_of_record(release.record)
    if rule and rule.get("EventBusName"):
        tags |= marks.as_tags({marks.BUS: str(rule["EventBusName"])})
    schedule = _parsed(files, "schedule.json")
    return Wanted(
        release.name,
        arn,
        role,
        filled(_file(files, "asl.json").text, values, keep=jobs),
        {key: filled_document(document, values) for key, document in jobs.items()},
        tags,
        filled_document(schedule, values) if schedule else None,
        filled_document(_without(rule, "Description", "State"), values) if rule else None,
    )


def filled(text: str, values: Mapping[str, str], keep: Container[str] = ()) -> str:
    """The text of a document with each `${Name}` replaced, but those in `keep`."""
    return PLACEHOLDER.sub(lambda found: found[0] if found[1] in keep else values[found[1]], text)


def filled_document(document: Document, values: Mapping[str, str]) -> Document:
    """The same for a document."""
    found: Document = json.loads(filled(json.dumps(document), values))
    return found


class _Values(dict[str, str]):
    """What each placeholder stands for. Raises RefusedError, which names the setting to write, for one that nothing tells."""

    def __init__(self, connection: Connection, known: Mapping[str, str]) -> None:
        super().__init__(known)
        self._connection = connection

    def __missing__(self, name: str) -> str:
        connection = self._connection
        table = connection.options.get("placeholders", {})
        if not isinstance(table, Mapping) or not all(isinstance(each, str) for each in table.values()):
            raise CallError(f"`placeholders` of {TABLE} takes a table of texts")
        option = OPTION_OF.get(name, "role" if name == "StateMachineRole" else "")
        found = str(table.get(name, "")) or (connection.text(option, TABLE) if option else "")
        if not found and name == "StoreBucket" and (connection.store or "").startswith("s3://"):
            found = (connection.store or "").removeprefix("s3://").partition("/")[0]
        if not found:
            raise RefusedError(_how_to_fill(name, option))
        if _UNSAFE.search(found):
            raise CallError(
                f"`{option or f'placeholders.{name}'}` of {TABLE} holds a quote, a brace, a backslash or a line's end: {found!r}"
            )
        self[name] = found
        return found


def _how_to_fill(name: str, option: str) -> str:
    if name == "StateMachineRole":
        rights = "`flowc step-functions create --policy` prints its rights"
        return f"a state machine needs a role: write its ARN as `role` of {TABLE}; {rights}"
    if name == "StoreBucket":
        return f'the store\'s bucket is not known: set `store = "s3://…"` of [tool.flowc], or `placeholders.StoreBucket` of {TABLE}'
    return f"nothing says what ${{{name}}} is: write `{option or f'placeholders.{name}'}` of {TABLE}"


def _file(files: Mapping[str, OutputFile], end: str) -> OutputFile:
    if end not in files:
        raise RefusedError(f"the release holds no file that ends in .{end}: it is not one of step-functions")
    return files[end]


def _parsed(files: Mapping[str, OutputFile], end: str) -> dict[str, Any] | None:
    if end not in files:
        return None
    found: dict[str, Any] = json.loads(files[end].text)
    return found


def _without(document: Document | None, *keys: str) -> Document:
    return {key: value for key, value in (document or {}).items() if key not in keys}
