"""The template of the DAG file: lines, of which `% if A or not B`, `% elif`, `% else`, `% for X in XS` and `% end` say which count.

`<<x>>` and `<<x.y>>` are values. Jinja would do it too, and importing it takes longer than all else here (docs/decisions/0047).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

from compiler.backends.airflow.literals import Code
from compiler.slotted_class import record

Values = Mapping[str, Any]


@record
class _If:
    """The ways in their order, each with the words of its condition; `else` has none."""

    ways: tuple[tuple[list[str], list[_Part]], ...]


@record
class _For:
    """The lines that stand once for each of the items, which they know by a name."""

    name: str
    items: str
    body: list[_Part]


_Part = str | _If | _For


def filled(template: str, values: Values) -> str:
    """The text of a template with these values, all of which must be source text where they stand."""
    parts, _ = _parts(iter(template.splitlines(keepends=True)))
    return "".join(_lines(parts, values))


def _parts(lines: Iterator[str]) -> tuple[list[_Part], list[str]]:
    """What stands up to the line that ends it, and the words of that line."""
    parts: list[_Part] = []
    for line in lines:
        if not line.startswith("% "):
            parts.append(line)
            continue
        kind, *words = line[2:].split()
        if kind == "for":
            parts.append(_For(words[0], words[2], _parts(lines)[0]))
        elif kind == "if":
            parts.append(_If(tuple(_ways(words, lines))))
        else:
            return parts, [kind, *words]
    return parts, []


def _ways(condition: list[str], lines: Iterator[str]) -> Iterator[tuple[list[str], list[_Part]]]:
    kind = "if"
    while kind != "end":
        body, (kind, *following) = _parts(lines)
        yield condition, body
        condition = following


def _lines(parts: list[_Part], values: Values) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield re.sub(r"<<([\w.]+)>>", lambda found: _code(_value(found[1], values)), part)
        elif isinstance(part, _For):
            for item in _value(part.items, values):
                yield from _lines(part.body, {**values, part.name: item})
        else:
            body = next((body for condition, body in part.ways if _holds(condition, values)), [])
            yield from _lines(body, values)


def _holds(condition: list[str], values: Values) -> bool:
    """Whether one of the values is there, or is not where `not` stands before it; always without a condition."""
    before = ["", *condition]
    found = [
        bool(_value(word, values)) != (was == "not")
        for was, word in zip(before, condition, strict=False)
        if word not in ("or", "not")
    ]
    return any(found) or not condition


def _value(name: str, values: Values) -> Any:
    first, _, rest = name.partition(".")
    return attrgetter(rest)(values[first]) if rest else values[first]


def _code(value: object) -> str:
    assert isinstance(value, Code), f"{value!r} is no source text"
    return value
