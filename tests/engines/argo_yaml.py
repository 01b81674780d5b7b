"""Manifests read strictly: YAML as the reader behind kubectl and Argo takes it, then Argo's own JSON schema without leave.

A plain scalar on which readers disagree (YAML 1.1, YAML 1.2, Go's) is refused, as are aliases, tags, merges and double keys.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it has no stubs
import yaml

from tests.engines.argo_tags import Json

SCHEMA = Path(__file__).resolve().parent / "argo-schema.json"
EVENTS_SCHEMA = SCHEMA.with_name("argo-events-schema.json")
KINDS = ("CronWorkflow", "Workflow", "WorkflowTemplate")
EVENT_KINDS = ("EventSource", "Sensor")
"""The kinds of Argo Events, whose schema holds no more than what our output uses."""


class ManifestError(Exception):
    """The text is no manifest that every reader understands alike, or the schema forbids it."""


def read_manifests(text: str) -> list[dict[str, Json]]:
    """The documents of a manifest file, each held against its kind's schema."""
    _no_indirection(text)
    documents: list[dict[str, Json]] = []
    for node in yaml.compose_all(text, Loader=yaml.CSafeLoader):
        document = _value(node)
        if not isinstance(document, dict):
            raise ManifestError("a document is no mapping")
        _check_schema(document)
        documents.append(document)
    return documents


def read_plain(text: str) -> Json:
    """One document of any shape, without a schema."""
    _no_indirection(text)
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    if node is None:
        raise ManifestError("no document")
    return _value(node)


def _no_indirection(text: str) -> None:
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken | yaml.DirectiveToken):
            raise ManifestError(f"{type(token).__name__} {token.start_mark}")


def _value(node: yaml.Node) -> Json:
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    if not isinstance(node, yaml.ScalarNode):
        raise ManifestError(f"unknown node {node!r}")
    if node.style:
        return str(node.value)
    return _plain(node)


def _mapping(node: yaml.MappingNode) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for key_node, value_node in node.value:
        key = _value(key_node)
        if not isinstance(key, str):
            raise ManifestError(f"key {key_node.value!r} is no string {key_node.start_mark}")
        if key in result:
            raise ManifestError(f"key {key!r} twice {key_node.start_mark}")
        result[key] = _value(value_node)
    return result


def _plain(node: yaml.ScalarNode) -> Json:
    text = str(node.value)
    meanings = {_yaml11(text), _yaml12(text), _go(text)}
    if len(meanings) != 1 or "int other" in meanings:
        raise ManifestError(f"readers disagree on the plain scalar {text!r} {node.start_mark}: {meanings}")
    kind = meanings.pop()
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text)
    return float(text) if kind == "float" else text


_TAGS = {"str": "str", "int": "int", "float": "float", "bool": "bool", "null": "null"}


def _yaml11(text: str) -> str:
    tag = str(yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False))).rpartition(":")[2]  # type: ignore[no-untyped-call]  # PyYAML's own
    kind = _TAGS.get(tag, tag)
    # `017`, `0x1`, `1_0` and `1:30` are integers of another value than they look
    return "int other" if kind == "int" and not re.fullmatch(r"-?(0|[1-9][0-9]*)", text) else kind


_CORE = (
    ("null", r"null|Null|NULL|~|"),
    ("bool", r"true|True|TRUE|false|False|FALSE"),
    ("int", r"-?(0|[1-9][0-9]*)"),
    ("int other", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
)


def _yaml12(text: str) -> str:
    return next((kind for kind, pattern in _CORE if re.fullmatch(pattern, text)), "str")


_GO = (
    ("null", r"null|Null|NULL|~|"),
    ("bool", r"[yYnN]|true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
    ("merge", r"<<"),
    ("int", r"-?(0|[1-9][0-9]*)"),
    ("int other", r"[-+]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[0-9][0-9_]*)"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"),
    ("timestamp", r"\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?"),
)


def _go(text: str) -> str:
    return next((kind for kind, pattern in _GO if re.fullmatch(pattern, text)), "str")


@functools.cache
def _validators() -> dict[str, jsonschema.Draft7Validator]:
    return {**_validators_of(SCHEMA, KINDS), **_validators_of(EVENTS_SCHEMA, EVENT_KINDS)}


def _validators_of(path: Path, kinds: tuple[str, ...]) -> dict[str, jsonschema.Draft7Validator]:
    known = json.loads(path.read_text())["definitions"]
    return {kind: jsonschema.Draft7Validator({"$ref": f"#/definitions/{kind}", "definitions": known}) for kind in kinds}


def _check_schema(document: dict[str, Json]) -> None:
    kind = document.get("kind")
    if document.get("apiVersion") != "argoproj.io/v1alpha1" or kind not in (*KINDS, *EVENT_KINDS):
        raise ManifestError(f"unknown kind {document.get('apiVersion')} {kind}")
    errors = sorted(_validators()[str(kind)].iter_errors(document), key=lambda error: list(map(str, error.path)))
    if errors:
        raise ManifestError("\n".join(f"{error.json_path}: {error.message[:300]}" for error in errors))
