"""A change as one sentence: plain words of ours, and the author's own text marked as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

from compiler.difference.changes import TELLING, Telling
from compiler.legible import one_line
from compiler.slotted_class import record


@record
class Quoted:
    """Text of somebody else's, on one line and legible."""

    text: str


Part = str | Quoted


def telling(change: object) -> Telling:
    """How its kind is told."""
    return TELLING[type(change)]


def kind(change: type) -> str:
    """The name of a class of changes, as `step-renamed`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", change.__name__).lower()


def sentence(change: object) -> tuple[Part, ...]:
    """The sentence of a change."""
    return tuple(_parts(change))


def _parts(change: object) -> Iterator[Part]:
    for words, field, _, _ in Formatter().parse(telling(change).says):
        if words:
            yield words
        if field in _OURS:
            yield str(getattr(change, field))
        elif field is not None:
            yield from _value(getattr(change, field))


_OURS = ("target", "resource")
"""Fields that hold words of ours."""


def _value(value: object) -> Iterator[Part]:
    if isinstance(value, tuple):
        for at, each in enumerate(value):
            if at:
                yield ", "
            yield Quoted(one_line(str(each)))
    elif isinstance(value, int):
        yield str(value)
    else:
        yield Quoted(one_line(str(value)))


def plain(parts: tuple[Part, ...]) -> str:
    """The sentence as text, the author's words in backticks."""
    return "".join(f"`{part.text}`" if isinstance(part, Quoted) else part for part in parts)


def heading(flow: str, path: str) -> tuple[Part, ...]:
    """What names a flow."""
    return (Quoted(one_line(flow)), " in ", Quoted(one_line(path)))


def count(number: int, noun: str) -> str:
    """`1 flow`, `2 flows`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
