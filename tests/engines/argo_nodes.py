"""What the parts of the interpreter share: nodes, calls, typed access to a manifest's JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tests.engines.argo_tags import ABSENT, Json

Phase = Literal["Pending", "Running", "Succeeded", "Skipped", "Failed", "Error", "Omitted"]
NodeKind = Literal["Pod", "DAG", "Retry", "TaskGroup", "Skipped"]
FAILURES = ("Failed", "Error")


class Unsupported(Exception):
    """A part of Argo that this interpreter does not have: never passed over."""


class NodeError(Exception):
    """The controller marks the node as an Error with this message."""


@dataclass(slots=True)
class Node:
    """What the controller records of one task, attempt, group or template call.

    `outputs` is None where there are none; `inputs` are the input parameters as the template got them.
    """

    name: str
    kind: NodeKind
    template: str
    phase: Phase = "Running"
    message: str = ""
    outputs: dict[str, str] | None = None
    exit_code: int | None = None
    log: str = ""
    inputs: dict[str, str] = field(default_factory=dict)

    @property
    def fulfilled(self) -> bool:
        """True where nothing more happens to it."""
        return self.phase not in ("Pending", "Running")


Done = Callable[[Node], None]


@dataclass(slots=True)
class Limit:
    """At most so many at once; the others wait."""

    most: int | None
    active: int = 0
    waiting: list[Callable[[], None]] = field(default_factory=list)


@dataclass(slots=True)
class Call:
    """A template to execute: its node's name, its arguments, and who wants to know the end."""

    name: str
    template: str
    arguments: list[dict[str, Json]]
    depth: int
    done: Done
    task: str = ""


def obj(value: Json) -> dict[str, Json]:
    """A mapping; None counts as an empty one."""
    assert value is None or isinstance(value, dict), value
    return value or {}


def objects(value: Json) -> list[dict[str, Json]]:
    """A list of mappings; None counts as an empty one."""
    assert value is None or isinstance(value, list), value
    return [obj(item) for item in value or []]


def strings(value: Json) -> list[str]:
    """A list of strings; None counts as an empty one."""
    assert value is None or isinstance(value, list), value
    return [str(item) for item in value or []]


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "ms": 0.001}


def seconds(duration: str) -> float:
    """A duration as Argo reads it: a bare number of seconds, or Go's notation (`90s`, `1h30m`)."""
    if re.fullmatch(r"\d+", duration):
        return float(duration)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise NodeError(f"unable to parse {duration!r} as a duration")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def parameters_of(template: dict[str, Json], side: Literal["inputs", "outputs"]) -> list[dict[str, Json]]:
    """The declared parameters of a template."""
    return objects(obj(template.get(side)).get("parameters"))


def inputs_of(template: dict[str, Json]) -> dict[str, str]:
    """The input parameters with their values."""
    return {str(p["name"]): str(p["value"]) for p in parameters_of(template, "inputs")}


def with_arguments(template: dict[str, Json], arguments: list[dict[str, Json]]) -> dict[str, Json]:
    """The template with the value of each input: the argument, else its default; an absent optional counts as not given."""
    given = {str(argument["name"]): argument.get("value") for argument in arguments}
    inputs: list[Json] = []
    for parameter in parameters_of(template, "inputs"):
        name = str(parameter["name"])
        filled = dict(parameter)
        if "value" not in filled and "default" in filled:
            filled["value"] = filled["default"]
        if given.get(name) == ABSENT:
            if "value" not in filled:
                raise NodeError(f"inputs.parameters.{name}: argument references an absent optional")
        elif given.get(name) is not None:
            filled["value"] = given[name]
        inputs.append(filled)
    return {**template, "inputs": {**obj(template.get("inputs")), "parameters": inputs}} if inputs else dict(template)


def merged(template: dict[str, Json], defaults: Json) -> dict[str, Json]:
    """The template over `templateDefaults`, without those of another type of template."""
    kinds = {"container", "dag"}
    applicable = {key: value for key, value in obj(defaults).items() if key not in kinds or key in template}
    return obj(_over(applicable, template))


_MERGE_KEYS = {"env": "name", "volumeMounts": "mountPath", "volumes": "name", "imagePullSecrets": "name"}


def _over(base: Json, top: Json, name: str = "") -> Json:
    """Kubernetes' strategic merge: mappings by key, a few lists by a member's key, everything else replaced."""
    if isinstance(base, dict) and isinstance(top, dict):
        both = {key: _over(base[key], top[key], key) if key in base else top[key] for key in top}
        return {**base, **both}
    if isinstance(base, list) and isinstance(top, list) and name in _MERGE_KEYS:
        key = _MERGE_KEYS[name]
        mine = {str(item[key]) for item in objects(top)}
        return [*top, *(item for item in base if str(obj(item)[key]) not in mine)]
    return top
