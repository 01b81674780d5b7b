"""What names stand for while a module is imported, as far as its text is sure: values that cannot be called, and names that are none."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from compiler.frontend.names.reached import FUNCTIONS, is_step
from compiler.frontend.text.nodes import children
from compiler.slotted_class import record


@record
class Taken:
    """A value that a name surely has: `what` it is in words, its type where it is a literal, and where it was bound."""

    what: str
    kind: type | None
    node: ast.stmt


Names = dict[str, Taken | None]
"""The names of a scope so far; None where only run time knows the value."""

_LITERALS: dict[type, str] = {
    str: "a text",
    bytes: "bytes",
    int: "a number",
    float: "a number",
    complex: "a number",
    bool: "a number",
    list: "a list",
    tuple: "a tuple",
    dict: "a dict",
    set: "a set",
    type(None): "None",
}


def taken_by(statement: ast.stmt, value: ast.expr, is_parameter: Callable[[ast.expr], bool]) -> Taken | None:
    """What an assignment makes of a name."""
    if isinstance(value, ast.Call):
        return Taken("a parameter", None, statement) if is_parameter(value.func) else None
    kind = literal_type(value)
    return Taken(_LITERALS[kind], kind, statement) if kind in _LITERALS else None


def taken_by_loop(node: ast.For | ast.AsyncFor) -> Taken | None:
    """What a loop over literals leaves in its variable."""
    kinds = {literal_type(each) for each in node.iter.elts} if isinstance(node.iter, ast.List | ast.Tuple) else set()
    if is_filled(node.iter) and isinstance(node.iter, ast.Call):
        kinds = {int}
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    return Taken(_LITERALS[kind], kind, node) if kind in _LITERALS else None


def literal_type(value: ast.expr) -> type | None:
    """The type of a literal or display; None of anything else."""
    if isinstance(value, ast.Constant):
        return type(value.value)
    if isinstance(value, ast.UnaryOp) and isinstance(value.operand, ast.Constant):
        return type(value.operand.value)
    return _DISPLAYS.get(type(value))


_DISPLAYS: dict[type[ast.expr], type] = {
    ast.JoinedStr: str,
    ast.List: list,
    ast.ListComp: list,
    ast.Tuple: tuple,
    ast.Dict: dict,
    ast.DictComp: dict,
    ast.Set: set,
    ast.SetComp: set,
}


def is_filled(node: ast.expr) -> bool:
    """Whether a loop over an expression surely runs."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return any(not isinstance(each, ast.Starred) for each in node.elts)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        only = node.args[0] if len(node.args) == 1 else None
        return isinstance(only, ast.Constant) and isinstance(only.value, int) and only.value > 0
    return False


def function_kind(node: ast.FunctionDef | ast.AsyncFunctionDef, in_class: bool) -> Taken | None:
    """A step is no decorator; any other function may be one."""
    return Taken("a step", None, node) if in_class and is_step(node) else None


_INNER = frozenset((*FUNCTIONS, ast.ClassDef, ast.Lambda))
_NAMED = (*FUNCTIONS, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
_BINDING = frozenset((*_NAMED, ast.Import, ast.ImportFrom, ast.MatchMapping))


def bound_within(node: ast.AST) -> Iterator[str]:
    """Every name that a statement may bind, the bodies of functions and classes left out."""
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, ast.Name):
            if not isinstance(each.ctx, ast.Load):
                yield each.id
            continue
        if each.__class__ in _BINDING:
            yield from _names(each)
        if each.__class__ not in _INNER:
            stack += children(each)


def _names(node: ast.AST) -> Iterator[str]:
    """The names that a node binds by itself."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, _NAMED):
        yield from filter(None, (node.name,))
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
