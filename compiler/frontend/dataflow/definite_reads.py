"""What a method is sure to read before it can have set it: the part of its body that every call runs, in order."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from compiler.frontend.text.modules import Function

if TYPE_CHECKING:
    from typing import TypeGuard

_JUMPS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Assert, ast.Delete, ast.Raise)
_CATCHING = frozenset(("AttributeError", "Exception", "BaseException"))


def certain_reads(function: Function, sets: Callable[[str], Collection[str]]) -> dict[str, ast.expr]:
    """The first read of each `self.<name>` that happens on every call of the method, before anything there sets it.

    `sets` tells what a method of that name binds when it is called.
    """
    found: dict[str, ast.expr] = {}
    bound: set[str] = set()
    me = self_of(function)
    for statement in function.body:
        for name in _used(statement, me):
            bound.update(sets(name))
        for part in _head(statement):
            for node in _evaluated(part):
                if _of_self(node, me) and isinstance(node.ctx, ast.Load) and node.attr not in bound:
                    found.setdefault(node.attr, node)
        if (
            isinstance(statement, ast.AugAssign)
            and _of_self(statement.target, me)
            and statement.target.attr not in bound
        ):
            found.setdefault(statement.target.attr, statement.target)
        if isinstance(statement, ast.Return | ast.Raise) or (not isinstance(statement, _SIMPLE) and _leaves(statement)):
            break
        bound.update(_bound(statement, me))
    return found


def self_of(function: Function) -> str:
    """What a method calls `self`."""
    arguments = (*function.args.posonlyargs, *function.args.args)
    return arguments[0].arg if arguments else "self"


def _head(statement: ast.stmt) -> list[ast.AST]:
    """What a statement evaluates whatever happens."""
    if isinstance(statement, _SIMPLE):
        return [statement]
    if isinstance(statement, ast.If | ast.While):
        return [statement.test]
    if isinstance(statement, ast.For | ast.AsyncFor):
        return [statement.iter]
    if isinstance(statement, ast.Match):
        return [statement.subject]
    return []


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The expressions that are surely evaluated in one."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.IfExp):
            stack.append(node.test)
        elif isinstance(node, ast.BoolOp):
            stack.append(node.values[0])
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            stack.append(node.generators[0].iter)
        else:
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _of_self(node: ast.AST, me: str) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == me


def _bound(statement: ast.stmt, me: str) -> Iterator[str]:
    for node in ast.walk(statement):
        if _of_self(node, me) and not isinstance(node.ctx, ast.Load):
            yield node.attr


def _used(statement: ast.stmt, me: str) -> Iterator[str]:
    for node in ast.walk(statement):
        if _of_self(node, me) and isinstance(node.ctx, ast.Load):
            yield node.attr


def _leaves(statement: ast.stmt) -> bool:
    return any(isinstance(node, _JUMPS) for node in ast.walk(statement))


def is_guarded(function: Function, wanted: ast.expr) -> bool:
    """Whether an access stands where its failure is expected: in `try` with a fitting `except`, in `suppress` or `raises`."""
    stack: list[tuple[ast.AST, bool]] = [(function, False)]
    while stack:
        node, guarded = stack.pop()
        if node is wanted:
            return guarded
        if isinstance(node, ast.Try) and any(_catches(handler.type) for handler in node.handlers):
            stack.extend((child, True) for child in node.body)
            rest = (*node.handlers, *node.orelse, *node.finalbody)
            stack.extend((child, guarded) for child in rest)
        elif isinstance(node, ast.With) and any(_expects(item.context_expr) for item in node.items):
            stack.extend((child, True) for child in ast.iter_child_nodes(node))
        else:
            stack.extend((child, guarded) for child in ast.iter_child_nodes(node))
    return False


def _expects(context: ast.expr) -> bool:
    text = ast.unparse(context)
    return "suppress" in text or "raises" in text.lower()


def _catches(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    return any(
        (isinstance(node, ast.Name) and node.id in _CATCHING)
        or (isinstance(node, ast.Attribute) and node.attr in _CATCHING)
        for node in ast.walk(kind)
    )
