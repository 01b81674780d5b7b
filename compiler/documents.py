"""JSON, TOML and YAML that somebody else wrote: read in bounded time and memory, and wrong in one way only.

Short texts can stand for endless ones: aliases that hold aliases, numbers of a million digits, brackets without an end.
"""

from __future__ import annotations

import re

DEEPEST = 100
"""Levels of lists and tables within each other."""

MOST_VALUES = 200_000
"""Values of a document once its aliases are written out."""


MOST_BITS = 14_000
"""Of a number: Python writes none of more than 4,300 digits, and reads it all the same where they are hexadecimal."""


class NotParsed(Exception):
    """A text that is not of its format: why, and at which line and column where that is known."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.line = line
        self.column = column


_TOO_DEEP = "nested too deeply"


def parse_json(text: str) -> object:
    """The value of a JSON text. Raises NotParsed."""
    import json  # noqa: PLC0415  # few calls have any

    try:
        return shallow(json.loads(text))
    except json.JSONDecodeError as error:
        raise NotParsed(error.msg, error.lineno, error.colno) from error
    except RecursionError as error:
        raise NotParsed(_TOO_DEEP) from error
    except ValueError as error:
        raise NotParsed(_number(error)) from error


def parse_toml(text: str) -> dict[str, object]:
    """The tables of a TOML text. Raises NotParsed."""
    import tomllib  # noqa: PLC0415  # most flows lie beside none

    if "." in text and re.search(_LONG_KEY, text):
        raise NotParsed(_TOO_DEEP)  # such a key costs its parts squared
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at line ")
        line, _, column = place.rstrip(")").partition(", column ")
        raise NotParsed(reason, int(line), int(column)) if column.isdecimal() else NotParsed(reason) from error
    except RecursionError as error:
        raise NotParsed(_TOO_DEEP) from error
    except ValueError as error:
        raise NotParsed(_number(error)) from error
    shallow(found)
    return found


_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
_LONG_KEY = rf"(?<![\w-])(?:{_PART}\.[ \t]*+){{{DEEPEST}}}"


def parse_yaml(text: str) -> object:
    """The value of a YAML text of one document. Raises NotParsed."""
    import yaml  # noqa: PLC0415  # few flows have any

    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _measure(node)
            return shallow(loader.construct_document(node))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark, reason = error.problem_mark, str(error.problem)
        raise (NotParsed(reason, mark.line + 1, mark.column + 1) if mark else NotParsed(reason)) from error
    except RecursionError as error:
        raise NotParsed(_TOO_DEEP) from error
    except (yaml.YAMLError, ValueError) as error:
        raise NotParsed(_number(error) if "int_max_str_digits" in str(error) else str(error)) from error


def _measure(root: object) -> None:
    """Count what a graph of nodes stands for, aliases written out, before any of it is made. Raises NotParsed."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()
    waiting: list[tuple[object, bool]] = [(root, False)]
    while waiting:
        node, is_done = waiting.pop()
        inner = _inner(node)
        if is_done:
            open_nodes.discard(id(node))
            sizes[id(node)] = size = 1 + sum(sizes[id(each)] for each in inner)
            if size > MOST_VALUES:
                raise NotParsed(f"it stands for more than {MOST_VALUES} values, its aliases written out")
        elif id(node) not in sizes:
            if id(node) in open_nodes:
                raise NotParsed("an alias stands within what it names")
            open_nodes.add(id(node))
            waiting.append((node, True))
            waiting += [(each, False) for each in inner]


def _inner(node: object) -> list[object]:
    """The nodes within a node: items, or keys and values."""
    value = getattr(node, "value", None)
    if not isinstance(value, list):
        return []
    return [part for item in value for part in (item if isinstance(item, tuple) else (item,))]


def shallow(found: object) -> object:
    """The same value, where it is not deeper than DEEPEST, nor a number longer than Python writes one. Raises NotParsed."""
    level = _items([found])
    for _ in range(DEEPEST):
        if not level:
            return found
        level = [item for each in level for item in _items(each)]
    raise NotParsed(_TOO_DEEP)


def _items(value: object) -> list[object]:
    """The lists and tables within one."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    if any(isinstance(each, int) and each.bit_length() > MOST_BITS for each in inside):
        raise NotParsed("Exceeds the limit of a number")
    return [each for each in inside if isinstance(each, (dict, list, tuple))]


def _number(error: Exception) -> str:
    """Python's words on a number with too many digits advise a call of its own."""
    text = str(error)
    return text.partition(":")[0] if "sys.set_int_max_str_digits" in text else text
