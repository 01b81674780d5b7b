"""Argo's published OpenAPI, held strictly: a path, verb, query or field that it does not have is refused."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no stubs

FACTS = Path(__file__).resolve().parents[1] / "argo-swagger.json"
_V1 = "io.argoproj.workflow.v1alpha1."
_EVENTS = "github.com.argoproj.argo_events.pkg.apis.events.v1alpha1."
KINDS = {
    "Workflow": f"{_V1}Workflow",
    "WorkflowTemplate": f"{_V1}WorkflowTemplate",
    "CronWorkflow": f"{_V1}CronWorkflow",
    "Sensor": f"{_EVENTS}Sensor",
    "EventSource": f"{_EVENTS}EventSource",
}


class NotInTheApi(Exception):
    """A request that Argo's OpenAPI does not describe."""


@functools.cache
def _facts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FACTS.read_text())
    for definition in found["definitions"].values():
        _tighten(definition)
    _free(found["definitions"])
    return found


def _tighten(schema: Any) -> None:
    if isinstance(schema, list):
        for each in schema:
            _tighten(each)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("properties"), dict):
        schema.setdefault("additionalProperties", False)
        for each in schema["properties"].values():
            _tighten(each)
    for key in ("items", "additionalProperties", "allOf"):
        _tighten(schema.get(key))
    schema.pop("format", None)


def _free(definitions: dict[str, Any]) -> None:
    """Types whose Go code reads more than their schema says."""
    for name, found in list(definitions.items()):
        if name.endswith(("IntOrString", ".Amount")):
            definitions[name] = {"type": ["string", "integer"]}
        elif name.endswith((".FieldsV1", ".Item", ".Resource", ".K8SResource", ".JSON", "RawExtension")):
            definitions[name] = {}
        elif name.endswith(".ResourceEventSource"):
            found.pop("additionalProperties", None)  # what Go has inline, its group and kind, the OpenAPI lacks
        elif name.endswith("Int64OrString"):
            definitions[name] = {"type": ["string", "integer"]}


@functools.cache
def _validator(reference: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator({"$ref": reference, "definitions": _facts()["definitions"]})


def faults(kind: str, document: Mapping[str, Any]) -> list[str]:
    """What is wrong with an object, as its schema has it; those of events say their type to Kubernetes alone."""
    if kind in ("Sensor", "EventSource"):
        document = {key: value for key, value in document.items() if key not in ("apiVersion", "kind")}
    return _faults(f"#/definitions/{KINDS[kind]}", document) if kind in KINDS else []


def _faults(reference: str, document: Any) -> list[str]:
    errors = sorted(_validator(reference).iter_errors(document), key=lambda error: list(map(str, error.path)))
    return [f"{error.json_path}: {error.message[:200]}" for error in errors]


def operation(verb: str, path: str, query: Mapping[str, Any], body: Any) -> tuple[str, dict[str, str]]:
    """The path's pattern and what stands for its variables. Raises NotInTheApi for anything that the OpenAPI does not describe."""
    for pattern, operations in _facts()["paths"].items():
        match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern), path)
        if match and verb.lower() in operations:
            described = operations[verb.lower()]
            _check(described, query, body, f"{verb} {path}")
            return pattern, match.groupdict()
    raise NotInTheApi(f"{verb} {path}")


def _check(described: Mapping[str, Any], query: Mapping[str, Any], body: Any, where: str) -> None:
    named = {each["name"]: each for each in described.get("parameters", ()) if each["in"] == "query"}
    unknown = sorted(set(query) - set(named))
    if unknown:
        raise NotInTheApi(f"{where}: query {unknown}")
    wanted = next((each for each in described.get("parameters", ()) if each["in"] == "body"), None)
    if (wanted is None) != (body is None):
        raise NotInTheApi(f"{where}: body")
    if wanted is not None:
        wrong = _faults(wanted["schema"]["$ref"], body)
        if wrong:
            raise NotInTheApi(f"{where}: {'; '.join(wrong[:3])}")


def copied(tree: Any) -> Any:
    """A deep copy."""
    return copy.deepcopy(tree)
