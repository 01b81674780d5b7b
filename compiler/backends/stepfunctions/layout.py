"""JSON as people read it: what fits on a line stands on one line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

Json = None | bool | int | float | str | list["Json"] | Mapping[str, "Json"]

_WIDTH = 110


def layout(value: Json) -> str:
    """The text of a document: two spaces a level, insertion order, a final newline."""
    return _text(value, "", 0) + "\n"


def _text(value: Json, indent: str, used: int) -> str:
    """The value's text; `used` characters of its first line are taken."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, list | Mapping) or not value or _fits(value, indent, used, flat):
        return flat
    inner = indent + "  "
    if isinstance(value, list):
        return _block("[", (inner + _text(item, inner, 0) for item in value), indent, "]")
    pairs = ((json.dumps(key, ensure_ascii=False) + ": ", item) for key, item in value.items())
    return _block("{", (inner + key + _text(item, inner, len(key)) for key, item in pairs), indent, "}")


def _fits(value: list[Json] | Mapping[str, Json], indent: str, used: int, flat: str) -> bool:
    """A line holds the value where it is short; an object of objects is laid out where it has more than one part."""
    nested = isinstance(value, Mapping) and len(value) > 1 and any(isinstance(item, Mapping) for item in value.values())
    return not nested and len(indent) + used + len(flat) <= _WIDTH


def _block(opening: str, lines: Iterable[str], indent: str, closing: str) -> str:
    return f"{opening}\n" + ",\n".join(lines) + f"\n{indent}{closing}"
