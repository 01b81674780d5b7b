"""JSON as people read it: what fits on a line stands on one line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from compiler.backends.names import spelled
from compiler.legible import legible_json

Json = None | bool | int | float | str | list["Json"] | Mapping[str, "Json"]

_WIDTH = 110
_FURTHEST = 60
"""Columns: what is nested deeper begins no further to the right, else the text grows with the square of the depth."""


_LONGEST_MACHINE = 80


def safe_name(text: str) -> str:
    """A deployment's name as a machine has it: no character that a log group or a job's name refuses."""
    return spelled(text, "_", _LONGEST_MACHINE)


def layout(value: Json) -> str:
    """The text of a document: two spaces a level, insertion order, a final newline; of any depth."""
    flats = _flats(value)
    return "".join(_pieces(value, flats)) + "\n"


def _flats(root: Json) -> dict[int, str]:
    """By identity, each list's and object's text on one line, where it has at most a line's length."""
    order: list[list[Json] | Mapping[str, Json]] = []
    waiting: list[Json] = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list | Mapping):
            order.append(value)
            waiting.extend(_items(value))
    flats: dict[int, str] = {}
    for value in reversed(order):
        parts = [_flat(item, flats) for item in _items(value)]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts) and sum(map(len, known)) <= _WIDTH:
            flats[id(value)] = _joined(value, known)
    return flats


def _items(value: list[Json] | Mapping[str, Json]) -> list[Json]:
    return list(value.values()) if isinstance(value, Mapping) else value


def _flat(value: Json, flats: Mapping[int, str]) -> str | None:
    return flats.get(id(value)) if isinstance(value, list | Mapping) else _scalar(value)


def _scalar(value: object) -> str:
    return legible_json(json.dumps(value, ensure_ascii=False))


def _joined(value: list[Json] | Mapping[str, Json], parts: list[str]) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {part}" for key, part in zip(value, parts, strict=True)) + "}"
    return "[" + ", ".join(parts) + "]"


def _pieces(root: Json, flats: Mapping[int, str]) -> Iterator[str]:
    """The text in pieces; what waits is text, or a value with its depth and the columns that its key takes."""
    waiting: list[str | tuple[Json, int, int]] = [(root, 0, 0)]
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, str):
            yield piece
            continue
        value, depth, used = piece
        flat = _flat(value, flats)
        if not isinstance(value, list | Mapping) or (flat and _fits(value, depth, used, flat)):
            assert flat is not None
            yield flat
        else:
            waiting.extend(reversed(_block(value, depth)))


def _fits(value: list[Json] | Mapping[str, Json], depth: int, used: int, flat: str) -> bool:
    """A line holds the value where it is short; an object of objects is laid out where it has more than one part."""
    nested = isinstance(value, Mapping) and len(value) > 1 and any(isinstance(item, Mapping) for item in value.values())
    return not nested and len(_indent(depth)) + used + len(flat) <= _WIDTH


def _indent(depth: int) -> str:
    return " " * min(2 * depth, _FURTHEST)


def _block(value: list[Json] | Mapping[str, Json], depth: int) -> list[str | tuple[Json, int, int]]:
    """A value over several lines, as what is to be written in order."""
    opening, closing = "{}" if isinstance(value, Mapping) else "[]"
    keys = [f"{_scalar(key)}: " for key in value] if isinstance(value, Mapping) else [""] * len(value)
    found: list[str | tuple[Json, int, int]] = [opening]
    for at, (key, item) in enumerate(zip(keys, _items(value), strict=True)):
        found.append(f"{',' if at else ''}\n{_indent(depth + 1)}{key}")
        found.append((item, depth + 1, len(key)))
    return [*found, f"\n{_indent(depth)}{closing}"]
