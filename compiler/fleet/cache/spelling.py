"""Records as JSON and back: by a closed table of types, so that reading a file runs no code of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler.backends import Options, OutputFile
from compiler.diagnostics import AddImport, Diagnostic, Drop, Insert, Move, Note, Replace, Rule
from compiler.documents import parse_json
from compiler.fleet.names import Deployed
from compiler.fleet.parts import Compiled, Part
from compiler.ir.flow import Span

_RECORDS: Mapping[str, type] = {
    each.__name__: each
    for each in (
        AddImport, Compiled, Deployed, Diagnostic, Drop, Insert, Move, Note, Options, OutputFile, Part, Replace, Rule, Span,
    )
}  # fmt: skip
_PLAIN = (str, bool, int, float, type(None))


class NotSpelled(ValueError):
    """A value of another type, or a text that spells none."""


def spelled(part: Part) -> str:
    """A result as JSON. Raises NotSpelled for one that holds what cannot be written."""
    return json.dumps(_written(part), ensure_ascii=True, separators=(",", ":"))


def read(text: str) -> Part:
    """The result that a text spells. Raises NotSpelled, and what constructors raise for a text that `spelled` has not made."""
    found = _value(parse_json(text))
    if not isinstance(found, Part):
        raise NotSpelled(type(found).__name__)
    return found


def _written(value: object) -> object:
    """Plain values as they are; `["()", …]` a tuple, `["{}", key, value, …]` a table, `["Span", …]` a record by its fields."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return ["{}", *(_written(each) for pair in value.items() for each in pair)]
    if kind is tuple:
        assert isinstance(value, tuple)
        return ["()", *map(_written, value)]
    if isinstance(value, Path):
        return ["/", str(value)]
    if _RECORDS.get(kind.__name__) is not kind:
        raise NotSpelled(kind.__name__)
    names: tuple[str, ...] = kind.__match_args__  # type: ignore[attr-defined]  # all of the table are records
    return [kind.__name__, *(_written(getattr(value, name)) for name in names)]


def _value(written: object) -> Any:
    if not isinstance(written, list):
        return written
    name, *rest = written
    values = [_value(each) for each in rest]
    if name == "()":
        return tuple(values)
    if name == "{}":
        return dict(zip(values[::2], values[1::2], strict=True))
    if name == "/":
        return Path(*values)
    if name not in _RECORDS:
        raise NotSpelled(str(name))
    return _RECORDS[name](*values)
