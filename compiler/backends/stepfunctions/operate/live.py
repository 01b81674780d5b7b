"""What AWS holds of a deployment, and whether that is what was asked for: AWS adds what it takes for granted to what it was given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from compiler.backends.names import within
from compiler.backends.operating import RECORD_PREFIX
from compiler.backends.stepfunctions.operate import marks
from compiler.backends.stepfunctions.operate.calls import AbsentError, Aws
from compiler.backends.stepfunctions.operate.wanted import Document
from compiler.slotted_class import record

NAME_OF_TRIGGER = 64
"""Characters of the name of a schedule and of a rule."""

_JOB_DEFINITION = re.compile(r"arn:[^\"'\s]+?:job-definition/([A-Za-z0-9_-]+):(\d+)")


@record
class Machine:
    """A state machine."""

    arn: str
    name: str
    definition: str
    role: str
    tags: Mapping[str, str]
    status: str
    kind: str

    @property
    def is_ours(self) -> bool:
        return marks.record_in(self.tags) is not None

    @property
    def is_suspended(self) -> bool:
        return marks.SUSPENDED in self.tags

    @property
    def digest(self) -> str:
        """Of what a deployment sets of it."""
        return marks.digest([parsed(self.definition), self.role])

    @property
    def bus(self) -> str:
        """The event bus that the last deployment has put its rule on; empty for the default one."""
        return marks.texts_of(self.tags).get(marks.BUS, "")


def machine(aws: Aws, name: str) -> Machine | None:
    """The machine of a name, whoever's it is."""
    return machine_at(aws, aws.arn("states", f"stateMachine:{name}"))


def machine_at(aws: Aws, arn: str) -> Machine | None:
    """The machine of an ARN."""
    try:
        found = aws.ask("stepfunctions", "describe_state_machine", stateMachineArn=arn)
        tags = aws.ask("stepfunctions", "list_tags_for_resource", resourceArn=arn)
    except AbsentError:
        return None
    return Machine(
        found["stateMachineArn"],
        found["name"],
        found["definition"],
        found["roleArn"],
        {each["key"]: each.get("value", "") for each in tags.get("tags") or ()},
        str(found.get("status", "ACTIVE")),
        str(found.get("type", "STANDARD")),
    )


def revisions(aws: Aws, name: str) -> list[Document]:
    """The active revisions of a job definition, the newest first."""
    found = list(
        aws.pages("batch", "describe_job_definitions", "jobDefinitions", jobDefinitionName=name, status="ACTIVE")
    )
    # Batch calls those of a name that is only alike by no wildcard, but costs nothing to look
    return sorted(
        (each for each in found if each["jobDefinitionName"] == name), key=lambda each: -int(each["revision"])
    )


def is_for(definition: Document, name: str) -> bool:
    """Whether a job definition is ours, for the machine of that name."""
    return marks.texts_of(definition.get("tags") or {}).get(marks.MACHINE) == name


def schedule(aws: Aws, name: str) -> Document | None:
    """The schedule that has the machine's name, whoever's it is."""
    try:
        return aws.ask("scheduler", "get_schedule", Name=within(name, NAME_OF_TRIGGER))
    except AbsentError:
        return None


def rule(aws: Aws, name: str, bus: str) -> dict[str, Any] | None:
    """The rule that has the machine's name, with its targets, whoever's it is."""
    words = on_bus(bus)
    try:
        found = aws.ask("events", "describe_rule", Name=within(name, NAME_OF_TRIGGER), **words)
        targets = list(
            aws.pages("events", "list_targets_by_rule", "Targets", Rule=within(name, NAME_OF_TRIGGER), **words)
        )
    except AbsentError:
        return None
    return {**found, "Targets": targets}


def on_bus(bus: str) -> dict[str, Any]:
    """How a request says which bus it means."""
    return {"EventBusName": bus} if bus else {}


def owner(found: Document | None) -> str:
    """The deployment that a schedule or a rule is for; empty where it is not ours."""
    told = marks.sentence_of(str((found or {}).get("Description", "")))
    return told[0] if told else ""


def is_as_deployed(found: Document, state: object) -> bool:
    """Whether a schedule or a rule is as its own description says that it was deployed."""
    told = marks.sentence_of(str(found.get("Description", "")))
    return told is not None and told[1] == marks.digest(state)


def parsed(definition: str) -> Any:
    """A machine's definition; the text itself where it is no JSON."""
    try:
        return json.loads(definition)
    except ValueError:
        return definition


def named_definitions(texts: Iterable[str]) -> dict[str, set[int]]:
    """The job definitions that machines submit, by name, with their revisions."""
    found: dict[str, set[int]] = {}
    for text in texts:
        for name, revision in _JOB_DEFINITION.findall(text):
            found.setdefault(name, set()).add(int(revision))
    return found


def queues(definition: str) -> set[str]:
    """The job queues that a machine submits to."""
    return set(re.findall(r'"JobQueue"\s*:\s*"([^"]+)"', definition))


_GRANTED: Mapping[str, object] = {
    "platformVersion": "LATEST",
    "assignPublicIp": "DISABLED",
    "attempts": 1,
    "rootDirectory": "/",
    "transitEncryptionPort": 0,
}
"""What AWS says where nobody has asked for it; empty values are the same as none."""

_OUTSIDE = frozenset(
    {"jobDefinitionArn", "revision", "status", "containerOrchestrationType", "tags", "schedulingPriority"}
)
"""What tells of a definition as AWS keeps it, and is no part of what it does."""


def same_definition(wanted: Document, found: Document) -> bool:
    """Whether a job definition is what was asked for; the tags of the author's are compared, ours are not."""
    tags = {key: value for key, value in (found.get("tags") or {}).items() if not key.startswith(RECORD_PREFIX)}
    return same(_inside(wanted), _inside(found)) and dict(wanted.get("tags") or {}) == tags


def _inside(definition: Document) -> Document:
    return {key: value for key, value in definition.items() if key not in _OUTSIDE}


def same(wanted: object, found: object, key: str = "") -> bool:
    """Whether AWS holds what was asked for, as it spells it: nothing is as good as what it takes for granted."""
    if isinstance(wanted, Mapping) or isinstance(found, Mapping):
        one, other = _mapping(wanted), _mapping(found)
        if one is None or other is None:
            return False
        return all(same(one.get(name), other.get(name), name) for name in {**one, **other})
    if isinstance(wanted, list | tuple) or isinstance(found, list | tuple):
        many, others = _ordered(wanted or ()), _ordered(found or ())
        return len(many) == len(others) and all(map(same, many, others))
    if _is_nothing(wanted):
        return _is_nothing(found) or _GRANTED.get(key) == found
    if key == "action":
        return str(wanted).upper() == str(found).upper()
    return str(wanted) == str(found)


def _is_nothing(value: object) -> bool:
    return value is None or value is False or value == ""


def _mapping(value: object) -> Mapping[str, object] | None:
    return value if isinstance(value, Mapping) else {} if not value else None


def _ordered(items: object) -> Sequence[object]:
    """Variables by name and requirements by kind, since their order means nothing."""
    found: list[object] = list(items) if isinstance(items, list | tuple) else [items]
    for key in ("name", "type"):
        if found and all(isinstance(each, Mapping) and key in each for each in found):
            return sorted(found, key=lambda each: str(each[key]))  # type: ignore[index]  # seen to be mappings
    return found
