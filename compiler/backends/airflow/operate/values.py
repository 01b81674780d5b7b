"""A run's parameters as the DAG's `Param`s want them: texts of a command line become what their JSON schemas say."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from compiler.backends.operating import BESIDE, RefusedError

_YES = frozenset({"true", "t", "yes", "y", "on", "1"})
_NO = frozenset({"false", "f", "no", "n", "off", "0"})
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}
_WANTS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a JSON list",
    "object": "a JSON object",
}


def conf(params: Mapping[str, Any], given: Mapping[str, object]) -> dict[str, object]:
    """What a run is started with. `params` are those of the API, by name.

    Raises RefusedError for a name that the DAG does not have, a value that is none of its types, and one that lacks.
    """
    for name in given:
        if name not in params and name not in BESIDE:
            takes = ", ".join(params) or "no parameters"
            raise RefusedError(f"there is no parameter `{name}`: a run takes {takes}")
    for name, param in params.items():
        if name not in given and _is_missing(param):
            raise RefusedError(f"the parameter `{name}` is needed: give it by `--{name} VALUE`")
    return {
        name: _value(name, value, _schema(params[name])) if name in params else value for name, value in given.items()
    }


def _schema(param: Any) -> Mapping[str, Any]:
    found = param.get("schema") if isinstance(param, dict) else None
    return found if isinstance(found, dict) else {}


def types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The types that a schema names; all where it names none."""
    told = schema.get("type")
    return (told,) if isinstance(told, str) else tuple(told or _KINDS)


def _is_missing(param: Any) -> bool:
    schema = _schema(param)
    value = param.get("value") if isinstance(param, dict) else param
    return bool(schema) and value is None and "null" not in types(schema)


def _value(name: str, value: object, schema: Mapping[str, Any]) -> object:
    wanted = types(schema)
    found = _read(value, wanted) if isinstance(value, str) else value
    if not any(_is(found, kind) for kind in wanted):
        wants = " or ".join(_WANTS[kind] for kind in wanted if kind in _WANTS)
        raise RefusedError(f"the parameter `{name}` is {_shown(value)}, and must be {wants}")
    choices = schema.get("enum")
    if isinstance(choices, list) and found not in choices:
        words = ", ".join(json.dumps(each, ensure_ascii=False) for each in choices if each is not None)
        raise RefusedError(f"the parameter `{name}` is {_shown(value)}, and must be one of {words}")
    return found


def _read(text: str, wanted: tuple[str, ...]) -> object:
    """A text as the first type that it can be; it stays one where a text is wanted too."""
    if "string" in wanted:
        return text
    for kind in wanted:
        found = _as(text, kind)
        if found is not None:
            return found
    return text


def _as(text: str, kind: str) -> object:
    """A text as a value of a type; None where it is none."""
    word = text.strip().lower()
    if kind == "boolean":
        return word in _YES if word in _YES | _NO else None
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            number = float(text)
            return number if math.isfinite(number) else None
        found = json.loads(text) if kind == "object" or text.lstrip().startswith("[") else [text]
    except ValueError:
        return [text] if kind == "array" else None
    return found if _is(found, kind) else None


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS.get(kind, (object,)))


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 - as much as a line has room for
