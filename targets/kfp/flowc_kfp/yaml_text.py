"""The IR as YAML that Go's reader and Python's understand alike: block mappings, one line for what is small, the caller's order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

Tree = bool | int | str | list["Tree"] | dict[str, "Tree"]


class Inline(dict[str, Tree]):
    """A mapping that stands on one line."""


_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.-]*")
_RESERVED = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "none"])
_HIDDEN = re.compile("[^ -~\xa1-\u200a\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U000dffff]")
"""What some reader does not take, and marks that reorder or hide text: a fixed set, for Python's own changes."""


def document(tree: Mapping[str, Tree]) -> str:
    """One document, ended by a newline."""
    return "".join(line + "\n" for line in _mapping(tree, ""))


def visible(text: str) -> str:
    """The text of a comment: on one line, and without what no reader takes."""
    return _HIDDEN.sub("\ufffd", text)


def _mapping(tree: Mapping[str, Tree], indent: str) -> Iterator[str]:
    for key, value in tree.items():
        head = f"{indent}{_scalar(key)}:"
        if isinstance(value, dict) and value and not isinstance(value, Inline):
            yield head
            yield from _mapping(value, indent + "  ")
        elif isinstance(value, list) and value:
            yield head
            yield from (f"{indent}- {_line(item)}" for item in value)
        else:
            yield f"{head} {_line(value)}"


def _line(value: Tree) -> str:
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_line, value)) + "]"
    return "{" + ", ".join(f"{_scalar(key)}: {_line(item)}" for key, item in value.items()) + "}"


def _scalar(text: str) -> str:
    """A string: plain, single-quoted, or double-quoted where it holds what no single quotes carry."""
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    if not _HIDDEN.search(text):
        return "'" + text.replace("'", "''") + "'"
    return _HIDDEN.sub(lambda match: _escape(match[0]), json.dumps(text, ensure_ascii=False))


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\U{code:08x}" if code > ord("\uffff") else f"\\u{code:04x}"
