"""A workflow definition as Netflix Maestro takes it: every field of its models, none beside them, and what its validators ask.

What stands here was read in Maestro's sources (github.com/Netflix/maestro, abdbdad): the models of `maestro-common`'s
`models/definition`, `models/parameter` and `models/trigger`, which Jackson reads strictly, and the package `validations`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "STRING": str,
    "LONG": int,
    "DOUBLE": (int, float),
    "BOOLEAN": bool,
    "STRING_MAP": dict,
    "STRING_ARRAY": list,
    "LONG_ARRAY": list,
    "DOUBLE_ARRAY": list,
    "BOOLEAN_ARRAY": list,
    "MAP": dict,
}
MODES = frozenset({"CONSTANT", "IMMUTABLE", "MUTABLE", "MUTABLE_ON_START", "MUTABLE_ON_START_RESTART"})
RULES = frozenset({"SEQUENTIAL", "STRICT_SEQUENTIAL", "FIRST_ONLY", "LAST_ONLY", "PARALLEL", "SERIAL_LATEST_ONLY"})
FAILURE_MODES = frozenset({"FAIL_IMMEDIATELY", "FAIL_AFTER_RUNNING", "IGNORE_FAILURE"})
CRITICALITIES = frozenset({"CRITICAL", "HIGH", "MEDIUM", "LOW"})
STEP_LIST_SIZE_LIMIT, FOREACH_CONCURRENCY_MAX_LIMIT, FIELD_SIZE_LIMIT = 300, 500, 16_384
ID_LENGTH_LIMIT, NAME_LENGTH_LIMIT, MAX_RETRY_LIMIT, DAY = 128, 256, 99, 24 * 3600
REQUEST_LIMIT = 256 * 1024
RESERVED = frozenset({
    "maestro", "Maestro", "MAESTRO", "scheduler", "Scheduler", "SCHEDULER", "util", "Util", "UTIL", "params", "Params", "PARAMS",
    "AUTH_BLOB", "AUTH_DATA", "AUTH_ACTING_ON_BEHALF_OF_BLOB", "AUTH_TRIGGERING_ON_BEHALF_OF_BLOB", "AUTHORIZED_MANAGERS",
})  # fmt: skip

_ID = r"[_a-zA-Z0-9][.\-_a-zA-Z0-9]*"
_REFERENCE = r"[_a-zA-Z][.\-_a-zA-Z0-9]*"
_NAME = r"[\w .,:@&='(){}$+\[\]\-/\\]+"
_STEP = frozenset({
    "id", "name", "description", "transition", "failure_mode", "tags", "timeout", "signal_dependencies", "signal_outputs", "params",
})  # fmt: skip
_TYPED = _STEP | {"type", "sub_type", "sub_type_version", "retry_policy"}
_FOREACH = _STEP | {"concurrency", "strict_ordering", "steps"}
KUBERNETES = frozenset({
    "app_name", "args", "command", "cpu", "disk", "gpu", "memory", "image", "entrypoint", "env", "job_deduplication_key", "owner_email",
    "pre_stop",
})  # fmt: skip
"""The fields of `KubernetesCommand`: there is none for secrets, volumes, accounts or nodes."""


class InvalidDefinition(Exception):
    """What Maestro answers with a 400."""


def read_definition(text: str) -> Json:
    """The definition, where Maestro takes it. Raises InvalidDefinition."""
    request: Json = json.loads(text)
    _fields(request, {"properties", "workflow", "is_active", "git_info"}, "request")
    size = len(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode())
    _need(size <= REQUEST_LIMIT, f"a request of {size} bytes")
    if "properties" in request:
        _properties(request["properties"])
    _workflow(request["workflow"])
    return request


def _need(holds: object, what: str) -> None:
    if not holds:
        raise InvalidDefinition(what)


def _fields(value: object, known: set[str] | frozenset[str], what: str) -> None:
    _need(isinstance(value, dict), f"{what} is no object")
    assert isinstance(value, dict)
    _need(set(value) <= known, f"unknown fields of {what}: {sorted(set(value) - known)}")
    _need(all(item is not None for item in value.values()), f"null in {what}")


def _properties(properties: Json) -> None:
    known = {
        "owner", "access_control", "run_strategy", "step_concurrency", "alerting", "alerting_disabled", "signal_trigger_disabled",
        "time_trigger_disabled", "description", "tags",
    }  # fmt: skip
    _fields(properties, known, "properties")
    _need(isinstance(properties.get("owner", ""), str), "owner")
    strategy = properties.get("run_strategy", {"rule": "SEQUENTIAL"})
    _fields(strategy, {"rule", "workflow_concurrency"}, "run_strategy")
    _need(strategy["rule"] in RULES, "run_strategy")


def _workflow(workflow: Json) -> None:
    known = {
        "id", "name", "description", "tags", "timeout", "time_triggers", "signal_triggers", "criticality", "instance_step_concurrency",
        "params", "steps",
    }  # fmt: skip
    _fields(workflow, known, "workflow")
    _id(workflow["id"], _ID)
    _need(not workflow["id"].lower().endswith("_maestro"), "an id that ends with _maestro")
    _described(workflow)
    _timeout(workflow)
    _need(workflow.get("criticality", "LOW") in CRITICALITIES, "criticality")
    _need(1 <= workflow.get("instance_step_concurrency", 1) < 1000, "instance_step_concurrency")
    for trigger in workflow.get("time_triggers", []):
        _fields(trigger, {"type", "cron", "timezone", "fuzzy_max_delay"}, "time trigger")
        _need(trigger["type"] == "CRON" and len(trigger["cron"].split()) == 5 and trigger["timezone"], "time trigger")
    _params(workflow.get("params", {}), "workflow")
    steps = workflow["steps"]
    ids = list(_ids(steps))
    _need(steps, "no steps")
    _need(len(ids) <= STEP_LIST_SIZE_LIMIT, f"{len(ids)} steps")
    _need(len(ids) == len(set(ids)), "an id twice")
    _steps(steps, frozenset())


def _ids(steps: list[Json]) -> Iterator[str]:
    for wrapped in steps:
        for step in wrapped.values():
            yield step["id"]
            yield from _ids(step.get("steps", []))


def _steps(steps: list[Json], loops: frozenset[str]) -> None:
    _need(steps, "a loop without steps")
    known = {next(iter(wrapped.values()))["id"] for wrapped in steps}
    for wrapped in steps:
        _need(len(wrapped) == 1 and set(wrapped) <= {"step", "foreach"}, f"a step of the kinds {sorted(wrapped)}")
        for kind, step in wrapped.items():
            (_typed if kind == "step" else _foreach)(step, loops)
            transition = step.get("transition", {})
            _fields(transition, {"predecessors", "successors"}, "transition")
            successors = transition.get("successors", {})
            _need(set(successors) <= known, f"{step['id']} leads to a step that is not beside it: {sorted(successors)}")
            _need(all(isinstance(condition, str) for condition in successors.values()), "a condition that is no text")


def _common(step: Json) -> None:
    _id(step["id"], _REFERENCE)
    _need("__" not in step["id"], f"`__` in {step['id']}")
    _described(step)
    _timeout(step)
    _need(step.get("failure_mode", "FAIL_AFTER_RUNNING") in FAILURE_MODES, "failure_mode")
    _params(step.get("params", {}), step["id"])


def _typed(step: Json, _: frozenset[str]) -> None:
    _fields(step, _TYPED, "step")
    _common(step)
    _need(step["type"] == "kubernetes", f"a step of type {step['type']}")
    command = step["params"]["kubernetes"]
    _need(command["type"] == "MAP", "kubernetes is no MAP")
    _fields(command["value"], KUBERNETES, "KubernetesCommand")
    _need("image" in command["value"], "no image")
    policy = step.get("retry_policy", {})
    _fields(policy, {"error_retry_limit", "platform_retry_limit", "timeout_retry_limit", "backoff"}, "retry_policy")
    limits = [value for key, value in policy.items() if key != "backoff"]
    _need(all(isinstance(limit, int) and 0 <= limit <= MAX_RETRY_LIMIT for limit in limits), f"retries {limits}")
    backoff = policy.get("backoff", {"type": "FIXED_BACKOFF"})
    kinds = {f"{kind}_retry_backoff_in_secs" for kind in ("error", "platform", "timeout")}
    _fields(backoff, {"type", *kinds}, "backoff")
    _need(backoff["type"] == "FIXED_BACKOFF", "backoff")
    _need(all(1 <= value <= DAY for key, value in backoff.items() if key != "type"), f"backoff {backoff}")


def _foreach(step: Json, loops: frozenset[str]) -> None:
    _fields(step, _FOREACH, "foreach")
    _common(step)
    _need(step.get("concurrency", 1) <= FOREACH_CONCURRENCY_MAX_LIMIT, f"concurrency {step.get('concurrency')}")
    looped = step["params"]["loop_params"]
    _need(looped["type"] == "MAP" and looped["value"], "loop_params")
    names = frozenset(looped["value"])
    _need(not names & loops, f"a loop parameter twice: {sorted(names & loops)}")
    _steps(step["steps"], loops | names)


def _params(params: Json, what: str) -> None:
    _need(not RESERVED & set(params), f"reserved parameters of {what}: {sorted(RESERVED & set(params))}")
    for name, param in params.items():
        check_param(name, param)


def check_param(name: str, param: Json) -> None:
    """One definition of a parameter: its name, its type, and a value or an expression, but not both."""
    _id(name, _REFERENCE)
    _need("__" not in name, f"`__` in {name}")
    # others would be kept as metadata, and `source` refused
    _fields(param, {"value", "expression", "type", "validator", "tags", "mode"}, name)
    _need(param["type"] in TYPES, f"type {param['type']}")
    _need(("value" in param) != ("expression" in param), f"{name} has a value and an expression, or neither")
    _need(param.get("mode", "MUTABLE") in MODES, f"mode {param.get('mode')}")
    if "value" in param:
        value, kind = param["value"], param["type"]
        is_flag = isinstance(value, bool)
        _need(isinstance(value, TYPES[kind]) and (kind == "BOOLEAN") == is_flag, f"{name} is no {kind}")
        if kind == "MAP":
            for key, inner in value.items():
                check_param(key, inner)
        if kind == "STRING_MAP":
            _need(all(isinstance(item, str) for item in value.values()), f"{name} holds more than text")
        if kind == "STRING_ARRAY":
            _need(all(isinstance(item, str) for item in value), f"{name} holds more than text")


def _id(name: str, pattern: str) -> None:
    _need(re.fullmatch(pattern, name, re.ASCII), f"the id {name!r}")
    _need(len(name) <= ID_LENGTH_LIMIT, f"an id of {len(name)} characters")
    _need(not name.lower().startswith("maestro_"), f"the id {name!r}")


def _described(part: Json) -> None:
    _need(len(part.get("name", "")) <= NAME_LENGTH_LIMIT, "a long name")
    _need(len(part.get("description", "")) <= FIELD_SIZE_LIMIT, "a long description")
    for tag in part.get("tags", []):
        _need(re.fullmatch(_NAME, tag, re.ASCII) and len(tag) <= NAME_LENGTH_LIMIT, f"the tag {tag!r}")


def _timeout(part: Json) -> None:
    _need(0 < part.get("timeout", 1) <= 120 * DAY, f"timeout {part.get('timeout')}")
