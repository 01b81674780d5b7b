"""What Argo Events makes of a manifest's Sensor and of events: the workflow that it creates, or none.

It holds to the Sensor's own code (v1.9): all expressions of a filter, a field that is not there fails it; a script sees the event and
the pod's variables; parameters one after the other; a template that comes out empty is no value; what has no namespace is created in
the Sensor's. An error for everything that our output does not use.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping

from tests.engines.argo import NAMESPACE
from tests.engines.argo_nodes import obj, objects
from tests.engines.argo_tags import Json
from tests.engines.argo_yaml import read_manifests

_ACTION = re.compile(r"\{\{ (.+?) \}\}")
_NAME_IS = re.compile(r"name == '([^']*)'")
_IS_VARIABLE = re.compile(r'event\.([\w.]+) == os\.getenv\("(\w+)"\)')


def created(manifest: str, events: Mapping[str, Json], namespace: str = NAMESPACE) -> dict[str, Json] | None:
    """The workflow that the manifest's Sensor creates when these events have come, by the name of the dependency; None where
    one has not come, or a filter does not let it pass. An event is its data: `{"body": …}`. `namespace` is where the manifest
    is deployed."""
    (sensor,) = (document for document in read_manifests(manifest) if document["kind"] == "Sensor")
    spec = obj(sensor["spec"])
    variables = _variables(spec, namespace)
    passed = {
        str(each["name"]): events[str(each["name"])]
        for each in objects(spec["dependencies"])
        if str(each["name"]) in events and _passes(each, events[str(each["name"])], variables)
    }
    if set(passed) != {str(each["name"]) for each in objects(spec["dependencies"])}:
        return None
    (trigger,) = objects(spec["triggers"])
    k8s = obj(obj(trigger["template"])["k8s"])
    assert k8s["operation"] == "create"
    workflow = copy.deepcopy(obj(obj(k8s["source"])["resource"]))
    for parameter in objects(k8s["parameters"]):
        _fill(workflow, parameter, passed)
    metadata = obj(workflow["metadata"])
    workflow["metadata"] = {"namespace": namespace, **metadata}
    return workflow


def _variables(spec: Mapping[str, Json], namespace: str) -> dict[str, str]:
    """The variables of the Sensor's pod that the manifest declares."""
    found: dict[str, str] = {}
    for each in objects(obj(obj(spec.get("template")).get("container")).get("env")):
        if "valueFrom" in each:
            assert each["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.namespace"}}, each
        found[str(each["name"])] = str(each.get("value", namespace))
    return found


def watched(manifest: str, dependency: str, before: Json, after: Json) -> Json | None:
    """The data of the event that the manifest's EventSource makes of an updated object; None where it makes none."""
    (source,) = (document for document in read_manifests(manifest) if document["kind"] == "EventSource")
    (sensor,) = (document for document in read_manifests(manifest) if document["kind"] == "Sensor")
    names = {str(each["name"]): str(each["eventName"]) for each in objects(obj(sensor["spec"])["dependencies"])}
    found = obj(obj(obj(source["spec"])["resource"])[names[dependency]])
    if found["namespace"] not in ("", _at(after, "metadata.namespace")):
        return None
    assert found["eventTypes"] == ["UPDATE"]
    for field in objects(obj(found["filter"])["fields"]):
        value = _at(after, str(field["key"]))
        assert field["operation"] == "=="
        if not isinstance(value, str) or not re.search(str(field["value"]), value):
            return None
    return {"type": "UPDATE", "body": after, "oldBody": before, "resource": found["resource"]}


def _passes(dependency: Mapping[str, Json], data: Json, variables: Mapping[str, str]) -> bool:
    filters = obj(dependency.get("filters"))
    assert set(filters) <= {"exprs", "script"}
    script = str(filters.get("script", ""))
    return all(_holds(each, data) for each in objects(filters.get("exprs"))) and (
        not script or _is_true(script, data, variables)
    )


def _is_true(script: str, data: Json, variables: Mapping[str, str]) -> bool:
    """What a script of Lua's says; two things that are not there are the same `nil`."""
    matches = [_IS_VARIABLE.fullmatch(each) for each in script.removeprefix("return ").split(" and ")]
    assert script.startswith("return ")
    assert all(matches), script
    return all(_at(data, match[1]) == variables.get(match[2]) for match in matches if match)


def _holds(expression: Mapping[str, Json], data: Json) -> bool:
    (field,) = objects(expression["fields"])
    value = _at(data, str(field["path"]))
    if value is None or expression["expr"] == "true == true":
        return value is not None
    match = _NAME_IS.fullmatch(str(expression["expr"]))
    assert match, expression
    return value == match[1]


def _at(data: Json, path: str) -> Json | None:
    found: Json | None = data
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _fill(workflow: dict[str, Json], parameter: Mapping[str, Json], events: Mapping[str, Json]) -> None:
    source = obj(parameter["src"])
    assert set(source) == {"dependencyName", "dataTemplate"}
    value = _rendered(str(source["dataTemplate"]), {"Input": events[str(source["dependencyName"])]})
    *folders, last = str(parameter["dest"]).split(".")
    place: Json = workflow
    for part in folders:
        place = place[int(part)] if isinstance(place, list) else obj(place)[part]
    assert isinstance(place, dict)
    operation = parameter.get("operation", "")
    assert operation in ("", "append")
    place[last] = str(place[last]) + value if operation else value


def _rendered(template: str, values: Mapping[str, Json]) -> str:
    text = _ACTION.sub(lambda match: _action(match[1], values), template)
    assert text, template
    return text


def _action(pipeline: str, values: Mapping[str, Json]) -> str:
    path, *functions = pipeline.split(" | ")
    value: Json | None = _at(dict(values), path.removeprefix("."))
    for function in functions:
        name, *arguments = function.split()
        if name == "toRawJson":
            value = json.dumps(value, ensure_ascii=False)
        elif name == "sha256sum":
            value = hashlib.sha256(str(value).encode()).hexdigest()
        else:
            assert name == "trunc", function
            value = str(value)[: int(arguments[0])]
    return "<no value>" if value is None else str(value)
