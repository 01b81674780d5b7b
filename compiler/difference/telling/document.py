"""The changes as versioned JSON, and its JSON Schema: both follow from the classes of changes."""

from __future__ import annotations

import typing
from typing import Any, TypeAlias

from compiler.difference.changes import TELLING
from compiler.difference.comparing import Difference, FlowDifference
from compiler.difference.telling.sentences import kind, plain, sentence, telling
from compiler.difference.telling.terminal import is_breaking

VERSION = 1
"""Counts up when a reader of the last version would misread the next; a new kind of change is none."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def to_json(found: Difference) -> dict[str, Json]:
    """`{"version": 1, "against": …, "flows": […], …}`; each change has its kind, its sentence, and its facts by their names."""
    return {
        "version": VERSION,
        "against": found.against,
        "env": found.env,
        "equal": found.equal,
        "flows": [_flow(each) for each in found.flows],
        "unread": [_change(each) for each in found.unread],
        "notes": list(found.notes),
    }


def _flow(found: FlowDifference) -> Json:
    return {
        "flow": found.state.name,
        "path": found.state.path,
        "breaking": is_breaking(found),
        "changes": [_change(change) for change in found.changes],
    }


def _change(change: object) -> Json:
    told = telling(change)
    names: tuple[str, ...] = change.__match_args__  # type: ignore[attr-defined]  # records have it
    return {
        "kind": kind(type(change)),
        "about": told.about,
        "sign": told.sign,
        "breaking": told.breaking,
        "text": plain(sentence(change)),
        "facts": {name: _fact(getattr(change, name)) for name in names},
    }


def _fact(value: object) -> Json:
    if isinstance(value, tuple):
        return [str(each) for each in value]
    assert isinstance(value, (str, int))
    return value


def schema() -> dict[str, Json]:
    """The JSON Schema (2020-12) of what `to_json` gives."""
    text: Json = {"type": "string"}
    flow = _object(
        {"flow": text, "path": text, "breaking": {"type": "boolean"}, "changes": _list({"$ref": "#/$defs/change"})}
    )
    whole = _object(
        {
            "version": {"const": VERSION},
            "against": text,
            "env": {"type": ["string", "null"]},
            "equal": {"type": "integer"},
            "flows": _list(flow),
            "unread": _list({"$ref": "#/$defs/change"}),
            "notes": _list(text),
        }
    )
    kinds: list[Json] = [_kind(each) for each in sorted(TELLING, key=lambda each: each.__name__)]
    head: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What differs between two states of a repository's flows",
    }
    return {**head, **whole, "$defs": {"change": {"oneOf": kinds}}}


def _kind(each: type) -> Json:
    told = TELLING[each]
    hints = typing.get_type_hints(each)
    facts = {name: _type(hints[name]) for name in each.__match_args__}  # type: ignore[attr-defined]  # as above
    return _object(
        {
            "kind": {"const": kind(each)},
            "about": {"const": told.about},
            "sign": {"const": told.sign},
            "breaking": {"const": told.breaking},
            "text": {"type": "string"},
            "facts": _object(facts),
        }
    )


def _type(hint: Any) -> Json:
    if typing.get_origin(hint) is tuple:
        return _list({"type": "string"})
    return {"type": {str: "string", int: "integer"}[hint]}


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    required: list[Json] = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}
