"""What AWS refuses in a state machine and moto lets pass: `lint`; `asl_validator` is the second opinion where there is npm."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines.npm import installed

ASL_VALIDATOR = "asl-validator@4.0.0"
LONGEST_NAME, LARGEST, DEEPEST = 80, 1 << 20, 10
PATH = re.compile(r"\$(\$)?([.\[].*)?|States\.[A-Z]\w+\(.*\)|\$")
NO_END = {"Choice", "Fail", "Succeed"}
ONLY_DISTRIBUTED = {
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Label",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure and where it is, as a path of keys."""

    where: str
    what: str


def lint(definition: str) -> tuple[Finding, ...]:
    """Everything wrong with a definition whose placeholders have their values. Raises ValueError where it is no JSON."""
    machine = json.loads(definition)
    levels = tuple(_levels(machine, "", distributed=False))
    return (
        *_size(definition),
        *_names(levels),
        *(found for level in levels for found in _level(level)),
        *(found for level in levels for found in _states(level)),
    )


def lint_jobs(job_definitions: str) -> tuple[Finding, ...]:
    """What is wrong with job definitions: names, timeouts, environment, unresolved `Ref::`, retries that would multiply."""
    found: list[Finding] = []
    for key, document in json.loads(job_definitions).items():
        container = document["containerProperties"]
        names = [pair["name"] for pair in container.get("environment", ())]
        wrong = {
            "jobDefinitionName": not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", document["jobDefinitionName"]),
            "environment twice": len(names) != len(set(names)),
            "environment AWS_BATCH": any(name.startswith("AWS_BATCH") for name in names),
            "timeout below 60": document.get("timeout", {}).get("attemptDurationSeconds", 60) < 60,
            "Ref:: in the command": "Ref::" in json.dumps(container.get("command", [])),
            "retries without conditions": "retryStrategy" in document
            and "evaluateOnExit" not in document["retryStrategy"],
        }
        found += [Finding(key, what) for what, is_wrong in wrong.items() if is_wrong]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Level:
    """`States` of the machine, a branch or a processor."""

    where: str
    start: object
    states: Mapping[str, Any]
    distributed: bool
    """Whether it runs, at any depth, in a child of a distributed Map."""


def _levels(machine: Mapping[str, Any], where: str, *, distributed: bool) -> Iterator[Level]:
    yield Level(where, machine.get("StartAt"), machine.get("States", {}), distributed)
    for name, state in machine.get("States", {}).items():
        for at, branch in enumerate(state.get("Branches", ())):
            yield from _levels(branch, f"{where}/{name}/{at}", distributed=distributed)
        processor = state.get("ItemProcessor")
        if processor:
            child = distributed or _is_distributed(state)
            yield from _levels(processor, f"{where}/{name}/each", distributed=child)


def _is_distributed(state: Mapping[str, Any]) -> bool:
    return bool(state["ItemProcessor"].get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED")


def _size(definition: str) -> Iterator[Finding]:
    if len(definition.encode()) > LARGEST:
        yield Finding("", f"more than {LARGEST} bytes")


def _names(levels: tuple[Level, ...]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for level in levels:
        for name in level.states:
            if not 1 <= len(name) <= LONGEST_NAME:
                yield Finding(level.where, f"a name of {len(name)} characters")
            if name in seen:
                yield Finding(level.where, f"`{name}` is also in {seen[name] or '/'}")
            seen.setdefault(name, level.where)


def _level(level: Level) -> Iterator[Finding]:
    """Every transition stays in its level, every state is reached, every state goes on or ends."""
    targets = {level.start}
    for name, state in level.states.items():
        onward = list(_targets(state))
        for target in onward:
            if target not in level.states:
                yield Finding(f"{level.where}/{name}", f"goes on to `{target}`, which is not in its level")
        targets.update(onward)
        if state["Type"] not in NO_END and ("Next" in state) == ("End" in state):
            yield Finding(f"{level.where}/{name}", "needs one of Next and End")
    if level.start not in level.states:
        yield Finding(level.where, f"starts at `{level.start}`, which is not in it")
    for name in level.states.keys() - targets:
        yield Finding(level.where, f"`{name}` is never reached")


def _targets(state: Mapping[str, Any]) -> Iterator[object]:
    if "Next" in state:
        yield state["Next"]
    if "Default" in state:
        yield state["Default"]
    for rule in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield rule["Next"]


def _states(level: Level) -> Iterator[Finding]:
    for name, state in level.states.items():
        where = f"{level.where}/{name}"
        own = {key: value for key, value in state.items() if key not in ("ItemProcessor", "Branches")}
        yield from _templates(own, where)
        yield from _map(state, where)
        yield from _retries(state, where)
        yield from _job(state, where)
        if level.distributed:
            yield from _of_child(own, where)


def _map(state: Mapping[str, Any], where: str) -> Iterator[Finding]:
    if state["Type"] != "Map":
        return
    if not _is_distributed(state):
        for key in ONLY_DISTRIBUTED & state.keys():
            yield Finding(where, f"{key} needs Mode DISTRIBUTED")
    elif state["ItemProcessor"]["ProcessorConfig"].get("ExecutionType") not in ("STANDARD", "EXPRESS"):
        yield Finding(where, "a distributed Map needs an ExecutionType")


def _retries(state: Mapping[str, Any], where: str) -> Iterator[Finding]:
    for retrier in state.get("Retry", ()):
        if not 1 <= retrier.get("IntervalSeconds", 1) <= 99_999_999:
            yield Finding(where, "IntervalSeconds is below 1")
        if retrier.get("BackoffRate", 2) < 1:
            yield Finding(where, "BackoffRate is below 1")
    for rule in (*state.get("Retry", ()), *state.get("Catch", ())):
        errors = rule["ErrorEquals"]
        if "States.TaskFailed" in errors and "States.Timeout" not in errors:
            yield Finding(where, "States.TaskFailed does not match States.Timeout: name both")


def _job(state: Mapping[str, Any], where: str) -> Iterator[Finding]:
    if "batch:submitJob" not in state.get("Resource", ""):
        return
    parameters = state["Parameters"]
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", parameters.get("JobName", "a")):
        yield Finding(where, f"`{parameters['JobName']}` is no name of a job")
    if parameters.get("Timeout", {}).get("AttemptDurationSeconds", 60) < 60:
        yield Finding(where, "Batch takes no timeout below 60 s")
    if "Ref::" in json.dumps(parameters.get("ContainerOverrides", {})):
        yield Finding(where, "`Ref::` is a parameter of Batch")
    if "TimeoutSeconds" in state:
        yield Finding(where, "TimeoutSeconds counts the time in the queue")


def _templates(value: object, where: str) -> Iterator[Finding]:
    """Keys that end in `.$` hold paths or intrinsics, other keys never look like one."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from _templates(item, f"{where}[{at}]")
    if not isinstance(value, Mapping):
        return
    for key, item in value.items():
        if key.endswith(".$"):
            yield from _computed(value, key, item, where)
        elif isinstance(item, str) and re.match(r"\$\$?[.\[]", item) and not _is_path_field(key):
            yield Finding(f"{where}.{key}", "looks like a path, and its key does not end in `.$`")
        yield from _templates(item, f"{where}.{key}")


def _is_path_field(key: str) -> bool:
    return key.endswith("Path") or key == "Variable"


def _computed(value: Mapping[str, Any], key: str, item: object, where: str) -> Iterator[Finding]:
    if key.removesuffix(".$") in value:
        yield Finding(f"{where}.{key}", "stands beside the same key without `.$`")
    if not isinstance(item, str) or not PATH.fullmatch(item):
        yield Finding(f"{where}.{key}", "is no path and no intrinsic")
        return
    yield from (Finding(f"{where}.{key}", what) for what in _intrinsic(item))


def _intrinsic(text: str) -> Iterator[str]:
    """Depth, balance and escapes of an intrinsic; literals are skipped."""
    depth = deepest = 0
    bare = re.sub(r"'((?:[^'\\]|\\.)*)'", lambda literal: "'" + "".join(_bad_braces(literal[1])) + "'", text)
    if "UNESCAPED" in bare:
        yield "a brace or backslash in a literal needs a backslash"
    for char in bare:
        depth += (char == "(") - (char == ")")
        deepest = max(deepest, depth)
    if depth or bare.count("'") % 2:
        yield "does not close what it opens"
    if deepest > DEEPEST:
        yield f"nests more than {DEEPEST} intrinsics"


def _bad_braces(literal: str) -> Iterator[str]:
    rest = re.sub(r"\\[\\'{}]|\{\}", "", literal)
    if re.search(r"[{}\\]", rest):
        yield "UNESCAPED"


def _of_child(own: Mapping[str, Any], where: str) -> Iterator[Finding]:
    """In a distributed child `$$.Execution` is the child's and there is no `$$.Map`, but in a Map's own ItemSelector."""
    text = json.dumps({key: value for key, value in own.items() if key != "ItemSelector"})
    selector = json.dumps(own.get("ItemSelector", {}))
    for name in ("$$.Execution", "$$.StateMachine"):
        if name in text or name in selector:
            yield Finding(where, f"{name} is the child's in a distributed Map")
    if "$$.Map" in text:
        yield Finding(where, "$$.Map is not there in a distributed Map's child")


def asl_validator(definition: str, folder: Path) -> str:
    """What npm's asl-validator says, empty where it finds nothing; the folder is for the definition.

    Skips the test where it cannot be had.
    """
    file = folder / "machine.asl.json"
    file.write_text(definition)
    words = [str(installed("asl-validator", ASL_VALIDATOR) / ".bin" / "asl-validator"), "--json-path", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
