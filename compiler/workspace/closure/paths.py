"""Paths that a text writes: `"sql/dear.sql"`, `HERE / "sql" / f"{name}.sql"`, `os.path.join(HERE, "sql")`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from compiler.slotted_class import record

Bound = dict[str, ast.expr]
"""Names of a module, and the expressions that they are bound to."""

ANY = "*"
"""A part of a path that only a run tells."""

JOINING = frozenset({"join", "joinpath", "Path", "PurePath", "PosixPath"})
LISTING = frozenset({"listdir", "scandir", "walk", "FileSystemLoader", "copytree", "glob", "rglob", "iglob", "open"})
OPENERS = JOINING | LISTING
_LONGEST = 300
_DEEPEST = 30


@record
class Named:
    """A path without its beginning, from wherever that may be; parts may be patterns.

    `is_folder`: what it names may be a folder, all of which counts.
    """

    parts: tuple[str, ...]
    line: int
    is_folder: bool


@record
class Names:
    """What is known where a path stands; `is_path`: it is one for sure."""

    bound: Bound
    line: int
    is_path: bool = False


def named_by(node: ast.expr, names: Names) -> Iterator[Named]:
    """The path that an expression makes, if it may be one."""
    texts = list(_texts(node, names.bound, 0))
    if not texts or texts[0].startswith("/"):
        return
    is_joined = len(texts) > 1 or names.is_path or isinstance(node, ast.Call)
    parts = _normal("/".join(texts))
    if parts:
        yield Named(parts, names.line, is_joined or len(parts) > 1)


def has_text(node: ast.expr, bound: Bound, depth: int = 0) -> bool:
    """Whether an expression may have a text in it; one that has none makes no path."""
    if isinstance(node, ast.BinOp):
        return depth > _DEEPEST or any(has_text(each, bound, depth + 1) for each in (node.left, node.right))
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    return isinstance(node, ast.JoinedStr | ast.Call) or (isinstance(node, ast.Name) and node.id in bound)


def _normal(text: str) -> tuple[str, ...]:
    """The parts of a path; what comes before the first that the text tells, and `..` at the beginning, is left out."""
    if len(text) > _LONGEST or "\n" in text or "://" in text or "\0" in text:
        return ()
    if "{" in text or "%" in text:
        text = re.sub(r"\{[^{}/]*\}|%(?:\(\w*\))?[sdif]", ANY, text)
    if "/" not in text:
        return (text,) if text.strip("*?.") else ()
    parts: list[str] = []
    for part in text.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", ".") and (parts or part.strip("*?.") or part == "**"):
            parts.append(part)
    while parts and not parts[0].strip("*?.") and not (parts[0] == "**" and len(parts) > 1):
        parts = parts[1:]
    return tuple(parts) if any(part.strip("*?.") for part in parts) else ()


def _texts(node: ast.expr, bound: Bound, depth: int) -> Iterator[str]:
    """The pieces of a path, `*` for each that only a run tells."""
    if depth > _DEEPEST:
        yield ANY
        return
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if isinstance(bound.get(name), ast.Constant | ast.BinOp | ast.Call | ast.JoinedStr):
            yield from _texts(bound[name], bound, depth + 10)
        case ast.JoinedStr():
            texts = (each.value if isinstance(each, ast.Constant) else ANY for each in node.values)
            yield "".join(each if isinstance(each, str) else ANY for each in texts)
        case ast.BinOp():
            yield from _operated(node, bound, depth)
        case ast.Call() if _joins(node):
            yield from _joined(node, bound, depth)
        case ast.Attribute(attr="parent"):
            yield from (ANY, "..")
        case ast.expr():
            yield ANY


def _operated(node: ast.BinOp, bound: Bound, depth: int) -> Iterator[str]:
    sides = ["/".join(_texts(side, bound, depth + 1)) for side in (node.left, node.right)]
    if isinstance(node.op, ast.Div):
        yield from sides
    elif isinstance(node.op, ast.Add):
        yield "".join(sides).removeprefix("*/")
    else:
        yield sides[0] if isinstance(node.op, ast.Mod) else ANY


def _joined(node: ast.Call, bound: Bound, depth: int) -> Iterator[str]:
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("joinpath", "glob", "rglob"):
        yield from _texts(node.func.value, bound, depth + 1)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "rglob":
        yield "**"
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    for each in node.args if name in JOINING else node.args[:1]:
        yield from _texts(each, bound, depth + 1)


def _joins(node: ast.Call) -> bool:
    func = node.func
    if isinstance(func, ast.Attribute):
        return func.attr in OPENERS and not isinstance(func.value, ast.Constant)
    return isinstance(func, ast.Name) and func.id in OPENERS


Start = tuple[str, bool]
"""A path, and whether it begins at the module's file; else at the working directory."""


def added_folder(node: ast.expr, bound: Bound, depth: int = 0) -> Start | None:
    """The folder that an expression means; None where only a run tells."""
    found: Start | None = None
    if depth > _DEEPEST:
        return None
    match node:
        case ast.Constant(value=str(text)):
            found = (text, False)
        case ast.Name(id="__file__"):
            found = ("", True)
        case ast.Name(id=name) if name in bound:
            found = added_folder(bound[name], bound, depth + 10)
        case ast.Attribute(value=inner, attr="parent"):
            found = _further(inner, ("..",), bound, depth)
        case ast.Subscript(value=ast.Attribute(value=inner, attr="parents"), slice=ast.Constant(value=int(number))):
            found = _further(inner, ("..",) * (number + 1), bound, depth) if 0 <= number < _DEEPEST else None
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=str(text))):
            found = _further(left, (text,), bound, depth)
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            found = _called_folder(node, name, bound, depth)
        case ast.expr():
            found = None
    return found


_ITSELF = frozenset({"abspath", "realpath", "normpath", "str", "Path", "fspath", "PurePath"})


def _called_folder(node: ast.Call, name: str, bound: Bound, depth: int) -> Start | None:
    receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
    first = node.args[0] if node.args else receiver
    if first is None or name in ("getcwd", "cwd"):
        return ("", False) if name in ("getcwd", "cwd") else None
    if len(node.args) == 1 and name in (*_ITSELF, "dirname"):
        return _further(first, ("..",) if name == "dirname" else (), bound, depth)
    if not node.args and name in ("resolve", "absolute", "as_posix"):
        return _further(first, (), bound, depth)
    if name == "join":
        return _further(first, _constants(node.args[1:]), bound, depth)
    if name == "joinpath" and receiver is not None:
        return _further(receiver, _constants(node.args), bound, depth)
    return None


def _constants(nodes: Sequence[ast.expr]) -> tuple[str, ...] | None:
    texts: list[str] = []
    for each in nodes:
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            texts.append(each.value)
        elif isinstance(each, ast.Attribute) and each.attr == "pardir":
            texts.append("..")
        else:
            return None
    return tuple(texts)


def _further(node: ast.expr, parts: tuple[str, ...] | None, bound: Bound, depth: int) -> Start | None:
    found = added_folder(node, bound, depth + 1)
    if found is None or parts is None:
        return None
    return ("/".join(part for part in (found[0], *parts) if part), found[1])
