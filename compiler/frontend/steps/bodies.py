"""What a method does with `self`: artifacts read and written, methods called, transitions taken. One pass over its nodes."""

from __future__ import annotations

import ast
from collections.abc import Callable

from compiler.frontend.text.modules import IN_PLACE, Function
from compiler.frontend.text.nodes import children

_UNKNOWN_CALLS = frozenset(("exec", "eval", "super", "locals", "vars"))
_WITHOUT_DEFAULT = 2
"""The arguments of a `getattr` that fails where the attribute is missing."""


class Body:
    """The findings of one method; places are the nodes themselves, the first of each name.

    `assigned` are the writes that bind the name itself, not a part of its value; `asked` are the names that the code asks for
    because they may be missing; `tries` is true where it has a `try` or a `with`.
    """

    __slots__ = (
        "asked",
        "assigned",
        "calls",
        "calls_unknown",
        "deleted",
        "function",
        "reads",
        "returns",
        "transitions",
        "tries",
        "writes",
    )

    def __init__(self, function: Function) -> None:
        self.function = function
        self.reads: dict[str, ast.expr] = {}
        self.writes: dict[str, ast.expr] = {}
        self.assigned: dict[str, ast.expr] = {}
        self.deleted: dict[str, ast.expr] = {}
        self.calls: dict[str, ast.expr] = {}
        self.transitions: list[ast.Call] = []
        self.calls_unknown = False
        self.asked: set[str] = set()
        self.tries = False
        self.returns = False


def read_body(function: Function) -> Body:
    """Walk a method once, iteratively; nested functions that take no `self` of their own are part of it."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    found = Body(function)
    # Without any argument the head is reported; the body is read as it was meant.
    name = arguments[0].arg if arguments else "self"
    stack: list[ast.AST] = list(reversed(function.body))
    while stack:
        node = stack.pop()
        visit = _VISITS.get(node.__class__)
        more = visit(found, node, name) if visit else None
        if more is None:
            more = children(node)[::-1]
        stack.extend(more)
    return found


_NOTHING: list[ast.AST] = []


def _is_self(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _name(found: Body, node: ast.Name, name: str) -> list[ast.AST]:
    """A bare `self` goes somewhere that the text does not show."""
    if node.id == name:
        found.calls_unknown = True
    return _NOTHING


def _attribute(found: Body, node: ast.Attribute, name: str) -> list[ast.AST] | None:
    if not _is_self(node.value, name):
        if node.ctx.__class__ is not ast.Load:
            _write_inside(found, node.value, name)
        return None
    if node.attr == "__dict__":
        found.calls_unknown = True
    elif node.ctx.__class__ is ast.Load:
        found.reads.setdefault(node.attr, node)
    elif node.ctx.__class__ is ast.Del:
        found.deleted.setdefault(node.attr, node)
    else:
        found.writes.setdefault(node.attr, node)
        found.assigned.setdefault(node.attr, node)
    return _NOTHING


def _subscript(found: Body, node: ast.Subscript, name: str) -> None:
    if node.ctx.__class__ is not ast.Load:
        _write_inside(found, node.value, name)


def _write_inside(found: Body, node: ast.expr, name: str) -> None:
    """`self.x[k] = v`, `self.x.y = v`: the artifact at the root of the chain is changed in place."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute) and _is_self(node.value, name):
            found.writes.setdefault(node.attr, node)
            return
        node = node.value


def _augmented(found: Body, node: ast.AugAssign, name: str) -> None:
    target = node.target
    if isinstance(target, ast.Attribute) and _is_self(target.value, name):
        found.reads.setdefault(target.attr, target)


def _call(found: Body, node: ast.Call, name: str) -> list[ast.AST] | None:
    function = node.func
    if isinstance(function, ast.Attribute):
        if _is_self(function.value, name):
            return _own_call(found, node, function, name)
        if function.attr in IN_PLACE:
            _write_inside(found, function.value, name)
    elif isinstance(function, ast.Name):
        if function.id in _UNKNOWN_CALLS:
            found.calls_unknown = True
        elif function.id in ("setattr", "getattr", "hasattr", "delattr") and node.args and _is_self(node.args[0], name):
            return _named_access(found, node, function.id)
    return None


def _own_call(found: Body, node: ast.Call, function: ast.Attribute, name: str) -> list[ast.AST]:
    if function.attr == "next":
        found.transitions.append(node)
        for keyword in node.keywords:
            value = keyword.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.reads.setdefault(value.value, value)
        return [keyword.value for keyword in node.keywords]
    found.calls.setdefault(function.attr, function)
    # What is called may be an artifact; that it is a method is known when all are.
    found.reads.setdefault(function.attr, function)
    return [*(keyword.value for keyword in reversed(node.keywords)), *reversed(node.args)]


def _named_access(found: Body, node: ast.Call, verb: str) -> list[ast.AST]:
    """`setattr(self, "x", v)` and its like with a literal name are plain accesses."""
    place = node.args[1] if len(node.args) > 1 else None
    if isinstance(place, ast.Constant) and isinstance(place.value, str):
        if verb == "setattr":
            found.writes.setdefault(place.value, place)
            found.assigned.setdefault(place.value, place)
        elif verb == "delattr":
            found.deleted.setdefault(place.value, place)
        else:
            found.reads.setdefault(place.value, place)
            if verb == "hasattr" or len(node.args) > _WITHOUT_DEFAULT:
                found.asked.add(place.value)
    elif verb == "setattr":
        found.calls_unknown = True
    return [*(keyword.value for keyword in node.keywords), *reversed(node.args[1:])]


def _function(found: Body, node: Function | ast.Lambda, name: str) -> list[ast.AST] | None:
    """A nested function with a `self` of its own says nothing of the flow."""
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return _NOTHING if any(each.arg == name for each in arguments) else None


def _trial(found: Body, node: ast.Try | ast.With, name: str) -> None:
    found.tries = True


def _return(found: Body, node: ast.Return, name: str) -> None:
    found.returns = True


def _declaration(found: Body, node: ast.AnnAssign, name: str) -> list[ast.AST] | None:
    """`self.x: int` without a value sets nothing."""
    return _NOTHING if node.value is None else None


def _leaf(found: Body, node: ast.AST, name: str) -> list[ast.AST]:
    return _NOTHING


# Each takes the body, the node of its own class and the name of `self`; None means that all children follow.
_VISITS: dict[type[ast.AST], Callable[..., list[ast.AST] | None]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.AugAssign: _augmented,
    ast.Call: _call,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.AnnAssign: _declaration,
    ast.Return: _return,
    ast.Try: _trial,
    ast.With: _trial,
    ast.Constant: _leaf,
    ast.Import: _leaf,
    ast.ImportFrom: _leaf,
    ast.Pass: _leaf,
}
