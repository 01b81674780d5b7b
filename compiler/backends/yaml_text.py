"""A manifest as YAML that every reader, Go's and Python's, understands as it was meant.

A string is plain only where no reader sees anything else in it; everything else is quoted or a literal block. There are no
aliases, no tags, no folding; the order is the caller's. PyYAML would need its quoting rule replaced and ten times the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Tree = bool | int | str | list["Tree"] | dict[str, "Tree"]


class Comment(str):
    """A key that is a comment line before the next key; its value does not matter."""

    __slots__ = ()


class Words(list[Tree]):
    """A list of scalars that stands on one line: `[python, '-m', flowc]`."""


class Inline(dict[str, Tree]):
    """A mapping of scalars that stands on one line: `{name: step, value: square}`."""


_FIRST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/"
_PLAIN = f"{_FIRST}0123456789.-"
# a fixed set: what `str.isprintable` says depends on the Python; marks that reorder or hide text are left out
_VISIBLE = "[ -~\xa1-\u200a\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U000dffff]*"
_RESERVED = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "none"])
_ESCAPES = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def document(tree: Mapping[str, Tree]) -> str:
    """One document, ended by a newline."""
    return "".join(line + "\n" for line in _mapping(tree, ""))


def scalar(text: str) -> str:
    """A string on one line: plain, single-quoted, or double-quoted where it holds what no single quotes carry."""
    if text and not text.strip(_PLAIN) and text[0] in _FIRST and text.lower() not in _RESERVED:
        return text
    if _is_visible(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_character(char) for char in text) + '"'


def _is_visible(text: str) -> bool:
    return text.isprintable() if text.isascii() else re.fullmatch(_VISIBLE, text) is not None


def _visible(text: str) -> str:
    """The text of a comment: on one line, and without what no reader takes."""
    return "".join(char if _is_visible(char) else "\ufffd" for char in text)


def _character(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if _is_visible(char):
        return char
    code = ord(char)
    return f"\\U{code:08x}" if code > ord("\uffff") else f"\\u{code:04x}"


def _mapping(tree: Mapping[str, Tree], indent: str) -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(key, Comment):
            yield f"{indent}# {_visible(key)}"
        else:
            yield from _entry(f"{indent}{scalar(key)}:", value, indent)


def _entry(head: str, value: Tree, indent: str) -> Iterator[str]:
    """`head` with the value beside it or below it; `indent` is the mapping's own."""
    if isinstance(value, str) and _is_block(value):
        yield f"{head} |{'' if value.endswith(chr(10)) else '-'}"
        yield from (f"{indent}  {line}" if line else "" for line in value.removesuffix("\n").split("\n"))
    elif isinstance(value, bool | int | str | Inline | Words) or not value:
        yield f"{head} {_one_line(value)}"
    elif isinstance(value, list):
        yield head
        yield from _sequence(value, indent)
    else:
        yield head
        yield from _mapping(value, indent + "  ")


def _sequence(items: list[Tree], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict | list) and item and not isinstance(item, Inline | Words):
            deeper = indent + "  "
            first, *rest = _mapping(item, deeper) if isinstance(item, dict) else _sequence(item, deeper)
            yield f"{indent}- {first.removeprefix(deeper)}"
            yield from rest
        else:
            yield from _entry(f"{indent}-", item, indent)


def _one_line(value: Tree) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, list):
        return "[" + ", ".join(_one_line(item) for item in value) + "]"
    return "{" + ", ".join(f"{scalar(key)}: {_one_line(item)}" for key, item in value.items()) + "}"


def _is_block(text: str) -> bool:
    """Whether a text can stand as a literal block: printable lines without blanks at their ends, the first and last not empty."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and bool(lines[0] and lines[-1])
        and not lines[0].startswith(" ")
        and all(_is_visible(line) and not line.endswith(" ") for line in lines)
    )
