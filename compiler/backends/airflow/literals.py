"""Values as Python source, laid out as `ruff format` lays it out at any line length from 88 on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from compiler.legible import legible
from compiler.slotted_class import record

WIDTH = 88


class Code(str):
    """Python source: the only thing that the template lets into the file."""

    __slots__ = ()


@record
class Call:
    """A call: positional arguments, then named ones."""

    name: str
    positional: tuple[Source, ...] = ()
    named: tuple[tuple[str, Source], ...] = ()


@record
class Spread:
    """A dict that begins with the entries of the one that `name` holds."""

    name: str
    entries: Mapping[str, Source]


Source = None | bool | int | float | str | Code | Call | Spread | Sequence["Source"] | Mapping[str, "Source"]
"""What has a spelling: JSON's kinds, code as it is, calls. A tuple is spelled as a list."""


def source(value: Source, column: int = 0, before: int = 0, after: int = 0) -> Code:
    """The expression for a value; `column` is where its lines begin, `before` and `after` what else is on its first and last."""
    line = flat(value)
    parts = _parts(value)
    if parts is None or ("\n" not in line and column + before + len(line) + after <= WIDTH):
        return Code(line)
    opening, items, closing = parts
    inner = column + 4
    lines = [f"{' ' * inner}{name}{source(item, inner, len(name), 1)}," for name, item in items]
    return Code("\n".join([opening, *lines, " " * column + closing]) if items else line)


def flat(value: Source) -> str:
    """The expression on one line."""
    parts = _parts(value)
    if parts is None:
        return _atom(value)
    opening, items, closing = parts
    return opening + ", ".join(name + flat(item) for name, item in items) + closing


def _parts(value: Source) -> tuple[str, list[tuple[str, Source]], str] | None:
    """Opening bracket, items with the names before them, closing bracket; None for what has no inside."""
    if isinstance(value, Call):
        items: list[tuple[str, Source]] = [("", item) for item in value.positional]
        return f"{value.name}(", items + [(f"{name}=", item) for name, item in value.named], ")"
    if isinstance(value, Spread):
        return "{", [(f"**{value.name}", Code("")), *_entries(value.entries)], "}"
    if isinstance(value, Mapping):
        return "{", _entries(value), "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[", [("", item) for item in value], "]"
    return None


def calls(value: Source) -> frozenset[str]:
    """The names that an expression calls, at any depth."""
    parts = _parts(value)
    inner = frozenset[str]().union(*(calls(item) for _, item in parts[1])) if parts else frozenset[str]()
    return inner | {value.name} if isinstance(value, Call) else inner


def _entries(mapping: Mapping[str, Source]) -> list[tuple[str, Source]]:
    return [(f"{text(name)}: ", item) for name, item in mapping.items()]


def _atom(value: Source) -> str:
    if isinstance(value, Code):
        return value
    return text(value) if isinstance(value, str) else repr(value)


def text(value: str) -> Code:
    """A string literal on one line, in double quotes unless that costs more backslashes."""
    quote = "'" if value.count('"') > value.count("'") else '"'
    inside = "".join(f"\\{char}" if char in ("\\", quote) else _printable(char) for char in value)
    return Code(quote + inside + quote)


def _printable(char: str) -> str:
    return char if char in "'\"" else repr(char)[1:-1]


def block(value: str) -> Code:
    """A string literal over as many lines as the text has, where that reads well; else on one."""
    readable = "\n" in value and all(char == "\n" or char.isprintable() for char in value)
    if not readable or "\\" in value or '"""' in value or value.endswith('"'):
        return text(value)
    return Code(f'"""{value}"""')


def docstring(value: str) -> Code:
    """A docstring of one line; what a docstring cannot hold as it is becomes a blank or a lone quote."""
    line = legible(re.sub(r"\s+", " ", value).strip()).replace("\\", "/").replace('"', "'")
    return Code(f'"""{line}"""')


def dependencies(edges: Mapping[str, Sequence[str]], column: int) -> tuple[Code, ...]:
    """Statements with `>>` that give each name the names before it, as far in one line as there is room."""
    following: dict[frozenset[str], list[str]] = {}
    for name, before in edges.items():
        if before:
            following.setdefault(frozenset(before), []).append(name)
    lines = []
    begun: set[str] = set()
    for name, before in edges.items():
        if before and name not in begun:
            lines.append(_chain(before, following, begun, column))
    return tuple(map(Code, lines))


def _chain(
    before: Sequence[str], following: Mapping[frozenset[str], Sequence[str]], begun: set[str], column: int
) -> str:
    """`before` with what hangs on it alone, and so on; Airflow has no `>>` between two lists."""
    line, last = "", before
    while True:
        names = [name for name in following.get(frozenset(last), ()) if name not in begun]
        names = names[:1] if len(last) > 1 else names
        if not names:
            return line
        if line:
            longer = f"{line} >> {_flat_names(names)}"
            if "\n" in line or column + len(longer) > WIDTH:
                return line
        else:
            longer = _pair(last, names, column)
        begun.update(names)
        line, last = longer, names


def _pair(before: Sequence[str], names: Sequence[str], column: int) -> str:
    """The beginning of a chain, of which one side is one name; the other is laid out in lines where it must be."""
    if len(before) > 1:
        return f"{source([Code(each) for each in before], column, 0, 4 + len(names[0]))} >> {names[0]}"
    after = names[0] if len(names) == 1 else source([Code(each) for each in names], column, len(before[0]) + 4)
    return f"{before[0]} >> {after}"


def _flat_names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else flat([Code(each) for each in names])
