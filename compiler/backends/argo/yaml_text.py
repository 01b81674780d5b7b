"""A manifest as YAML that every reader, Go's and Python's, understands as it was meant.

A string is plain only where no reader sees anything else in it; everything else is quoted or a literal block. There are no
aliases, no tags, no folding; the order is the caller's. PyYAML would need its quoting rule replaced and ten times the time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

Tree = bool | int | str | list["Tree"] | dict[str, "Tree"]

COMMENT = "#"
"""A key that begins so is a comment line before the next key; its value does not matter."""


class Words(list[Tree]):
    """A list of scalars that stands on one line: `[python, '-m', flowc]`."""


class Inline(dict[str, Tree]):
    """A mapping of scalars that stands on one line: `{name: step, value: square}`."""


_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.-]*")
_RESERVED = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "none"])
_PRINTABLE = re.compile("[\\t\\n\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]*")
_BREAKS = re.compile("[\\x85\\u2028\\u2029]")


def document(tree: Mapping[str, Tree]) -> str:
    """One document, ended by a newline."""
    return "".join(line + "\n" for line in _mapping(tree, ""))


def scalar(text: str) -> str:
    """A string on one line: plain, single-quoted, or double-quoted where it holds what no single quotes carry."""
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    if _PRINTABLE.fullmatch(text) and not _BREAKS.search(text) and "\n" not in text and "\t" not in text:
        return "'" + text.replace("'", "''") + "'"
    # JSON's escapes are YAML's, but for characters beyond 0xFFFF, which JSON would write as two halves
    return json.dumps(text, ensure_ascii=False) if _PRINTABLE.fullmatch(_unbroken(text)) else _escaped(text)


def _unbroken(text: str) -> str:
    return text.replace("\x85", "\x00").replace("\u2028", "\x00").replace("\u2029", "\x00")


def _escaped(text: str) -> str:
    return '"' + "".join(_character(char) for char in text) + '"'


def _character(char: str) -> str:
    if " " <= char <= "~":
        return "\\" + char if char in '"\\' else char
    code = ord(char)
    return f"\\U{code:08x}" if code > ord("\uffff") else f"\\u{code:04x}"


def _mapping(tree: Mapping[str, Tree], indent: str) -> Iterator[str]:
    for key, value in tree.items():
        if key.startswith(COMMENT):
            yield f"{indent}{key}"
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
    """Whether a text can stand as a literal block: printable lines without blanks at their ends, and no blank first line."""
    body = text.removesuffix("\n")
    return (
        "\n" in body
        and _PRINTABLE.fullmatch(body) is not None
        and not _BREAKS.search(body)
        and "\t" not in body
        and body[0] not in " \n"
        and not body.endswith("\n")
        and not re.search(r" $", body, re.MULTILINE)
    )
