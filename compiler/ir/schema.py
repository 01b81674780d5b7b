"""The IR as versioned JSON, and the JSON Schema of that: both follow from the types, so neither can fall behind them."""

from __future__ import annotations

import os
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, Union

from compiler.ir import flow as flow_types
from compiler.ir import plan as plan_types
from compiler.ir.flow import Dynamic, Flow, Span
from compiler.ir.plan import Plan

VERSION = 1
"""Counts up when a reader of the last version would misread the next."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class _Value:
    """Stands for `flow.Value`: any JSON, which has no structure of ours."""


def to_json(source: Flow | Plan) -> dict[str, Json]:
    """`{"version": 1, "flow": …}` or `{"version": 1, "plan": …}`: each class is an object, and has its `class` where there is a choice.

    A value that may be dynamic is `{"value": …}` or `{"dynamic": text, "span": …}`. The code's folder is left out: machines differ in it.
    """
    key = "flow" if isinstance(source, Flow) else "plan"
    root = source.root if isinstance(source, Flow) else source.flow.root
    return {"version": VERSION, key: _encode(source, type(source), root)}


def schema() -> dict[str, Json]:
    """The JSON Schema (2020-12) of what `to_json` gives."""
    definitions: dict[str, Json] = {}
    shape: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A flow as flowc understands it",
        "oneOf": [_document("flow", Flow, definitions), _document("plan", Plan, definitions)],
    }
    return {**shape, "$defs": {name: definitions[name] for name in sorted(definitions)}}


def _document(key: str, root: type, definitions: dict[str, Json]) -> dict[str, Json]:
    return _object({"version": {"const": VERSION}, key: _describe(root, definitions)})


def _encode(value: object, kind: Any, root: str) -> Json:
    """JSON of a value whose declared type is `kind`; places are relative to `root`."""
    if isinstance(value, Dynamic):
        return {"dynamic": value.text, "span": _encode(value.span, Span, root)}
    if kind is _Value or _may_be_dynamic(kind):
        return _plain(value) if kind is _Value else {"value": _plain(value)}
    if _is_ours(type(value)):
        return _encode_fields(value, kind, root)
    if isinstance(value, Mapping):
        return {str(name): _encode(item, typing.get_args(kind)[1], root) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_encode(item, inner, root) for item, inner in zip(value, _items(kind, len(value)), strict=True)]
    return _plain(value)


def _encode_fields(value: object, kind: Any, root: str) -> Json:
    if isinstance(value, Span):
        return {"path": _inside(value.path, root)} | {name: getattr(value, name) for name in Span.__match_args__[1:]}
    members = {name: _encode(getattr(value, name), hint, root) for name, hint in _fields(type(value))}
    tag: dict[str, Json] = {"class": type(value).__name__} if len(_classes(kind)) > 1 else {}
    return tag | members


def _inside(path: str, root: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _plain(value: object) -> Json:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    assert value is None or isinstance(value, (bool, int, float, str)), value
    return value


def _describe(kind: Any, definitions: dict[str, Json]) -> Json:
    """The schema of a declared type; classes go to `definitions` once."""
    if _may_be_dynamic(kind):
        return _dynamic(definitions)
    classes = _classes(kind)
    if len(classes) > 1:
        return {"oneOf": [_tagged(member, definitions) for member in classes] + _rest(kind, definitions)}
    if _is_union(kind):
        return {"anyOf": [_describe(member, definitions) for member in typing.get_args(kind)]}
    if _is_ours(kind):
        return _reference(kind, definitions)
    return _describe_plain(kind, definitions)


def _describe_plain(kind: Any, definitions: dict[str, Json]) -> Json:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is _Value:
        return {}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple and arguments[-1] is Ellipsis:
        return {"type": "array", "items": _describe(arguments[0], definitions)}
    if origin is tuple:
        items: Json = [_describe(item, definitions) for item in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(arguments), "maxItems": len(arguments)}
    if origin is not None:
        return {"type": "object", "additionalProperties": _describe(arguments[1], definitions)}
    return {"type": _JSON_TYPES[kind]}


_JSON_TYPES: Mapping[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def _reference(kind: type, definitions: dict[str, Json]) -> Json:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = None  # a class that holds itself finds its name taken
        definitions[name] = _object({field: _describe(hint, definitions) for field, hint in _fields(kind)})
    return {"$ref": f"#/$defs/{name}"}


def _tagged(kind: type, definitions: dict[str, Json]) -> Json:
    name = f"{kind.__name__}.choice"
    if name not in definitions:
        definitions[name] = None
        tag: dict[str, Json] = {"class": {"const": kind.__name__}}
        definitions[name] = _object(tag | {field: _describe(hint, definitions) for field, hint in _fields(kind)})
    return {"$ref": f"#/$defs/{name}"}


def _rest(kind: Any, definitions: dict[str, Json]) -> list[Json]:
    """What a union allows beside its classes."""
    return [_describe(member, definitions) for member in typing.get_args(kind) if not _is_ours(member)]


def _dynamic(definitions: dict[str, Json]) -> Json:
    span = _describe(Span, definitions)
    return {"oneOf": [_object({"value": {}}), _object({"dynamic": {"type": "string"}, "span": span})]}


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    required: list[Json] = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _fields(kind: type) -> list[tuple[str, Any]]:
    """The fields of a class with their types, where `Value` is `_Value`."""
    modules = {**vars(flow_types), **vars(plan_types), "Value": _Value}
    hints = typing.get_type_hints(kind, globalns=modules, localns={"Value": _Value})
    names: tuple[str, ...] = kind.__match_args__  # type: ignore[attr-defined] # records and dataclasses have it
    return [(name, hints[name]) for name in names if not (kind is Flow and name == "root")]


def _items(kind: Any, count: int) -> tuple[Any, ...]:
    arguments = typing.get_args(kind)
    return (arguments[0],) * count if arguments[-1] is Ellipsis else arguments


def _classes(kind: Any) -> list[type]:
    """The classes of ours that a union is a choice of."""
    members = typing.get_args(kind) if _is_union(kind) else ()
    return [member for member in members if _is_ours(member)]


def _is_ours(kind: Any) -> bool:
    """Whether a type is a class of the IR."""
    return isinstance(kind, type) and kind.__module__ in (flow_types.__name__, plan_types.__name__)


def _is_union(kind: Any) -> bool:
    return typing.get_origin(kind) in (types.UnionType, Union)


def _may_be_dynamic(kind: Any) -> bool:
    return _is_union(kind) and Dynamic in typing.get_args(kind)
