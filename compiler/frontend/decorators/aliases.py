"""Decorators of the language under another name (`often = retry(times=3)`, `again = retry`), or out of an expression."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compiler.frontend.text.modules import Import, Origin, bound_names
from compiler.frontend.values.scope import Scope

_DEPTH = 20


def meant_by(scope: Scope, node: ast.expr) -> tuple[str, tuple[Scope, ast.expr]]:
    """The name in the language of the decorator that `node` stands for, and where what is in its parentheses stands; "" for others."""
    named, at = scope, node
    call: tuple[Scope, ast.expr] = scope, node
    for _ in range(_DEPTH):
        if isinstance(at, ast.Call):
            if at is not node and isinstance(call[1], ast.Call):
                return "", call  # Called twice: what a call of the language's returns takes no arguments.
            call, at = (named, at), at.func
            continue
        origin = _origin(named, at)
        if origin.ours is not None:
            return origin.ours, call
        if origin.module is None or not isinstance(origin.bound, ast.Name | ast.Attribute | ast.Call):
            break
        named, at = scope.within(origin.module, {}), origin.bound
    return "", call


def puts_on(scope: Scope, node: ast.expr, language: frozenset[str]) -> str:
    """The first decorator of the language that a decorator names which is an expression, or a name for one; "" if none."""
    root = node.func if isinstance(node, ast.Call) else node
    for each, around in _expressions(scope, root):
        for part in ast.walk(each):
            if isinstance(part, ast.Name | ast.Attribute) and _origin(around, part).ours in language:
                return _origin(around, part).ours or ""
    return ""


def _expressions(scope: Scope, root: ast.expr) -> Iterator[tuple[ast.expr, Scope]]:
    """What a decorator may be: its own text where that is no name, and every value that is bound to its name."""
    if not isinstance(root, ast.Name | ast.Attribute):
        yield root, scope
        while isinstance(root, ast.Call | ast.Subscript | ast.Attribute):
            root = root.func if isinstance(root, ast.Call) else root.value
    origin = _origin(scope, root)
    if origin.module is None:
        return
    around = scope.within(origin.module, {})
    if isinstance(origin.bound, ast.expr):
        yield origin.bound, around
    elif origin.bound is None and isinstance(root, ast.Name):
        for value in _bound_to(origin.module.tree, root.id):
            yield value, around


def _bound_to(tree: ast.Module, name: str) -> Iterator[ast.expr]:
    """The values that a module binds to a name which it binds more than once, or not always."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and name in bound_names(node):
            yield node.value


def _origin(scope: Scope, node: ast.expr) -> Origin:
    """Where a name comes from, those of the class body before the module's."""
    if isinstance(node, ast.Name) and node.id in scope.names:
        bound = scope.names[node.id]
        if bound is None or bound.lineno <= node.lineno:  # what the class binds further below is not there yet
            return Origin(module=scope.module, bound=bound)
    found = scope.modules.origin(scope.module, node)
    return Origin() if isinstance(found.bound, Import) and found.ours is None else found
