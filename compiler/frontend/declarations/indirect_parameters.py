"""Parameters, files and `Config`s that a class gets otherwise than by `name = Parameter(...)` in its body."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compiler.frontend.text.modules import Function, Module, Origin
from compiler.frontend.values.classes import Member
from compiler.frontend.values.scope import Scope

_DEPTH = 20
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def hidden_kind(member: Member, kinds: frozenset[str]) -> str | None:
    """Which of `kinds` a class member is in some case, though its text alone does not declare it: in a block, by a function, by a name."""
    statement = member.statement
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return None
    return _kind(member.owner.scope, statement.value, kinds, 0)


def _kind(scope: Scope, node: ast.expr, kinds: frozenset[str], depth: int) -> str | None:
    if depth > _DEPTH:
        return None
    if isinstance(node, ast.Name | ast.Attribute):
        origin = _origin(scope, node)
        if origin.module is None or not isinstance(origin.bound, ast.expr):
            return None
        return _kind(_top(scope, origin.module), origin.bound, kinds, depth + 1)
    if isinstance(node, ast.Call):
        return _made(scope, node.func, kinds, depth)
    return next((kind for part in _parts(node) if (kind := _kind(scope, part, kinds, depth + 1))), None)


def _made(scope: Scope, function: ast.expr, kinds: frozenset[str], depth: int) -> str | None:
    """What a call makes: one of `kinds`, or what some `return` of a function of the repository gives."""
    origin = _origin(scope, function)
    if origin.ours in kinds:
        return origin.ours
    if origin.module is None or not isinstance(origin.bound, _FUNCTIONS):
        return None
    around = _top(scope, origin.module)
    found = (_kind(around, value, kinds, depth + 1) for value in _returned(origin.bound))
    return next((kind for kind in found if kind), None)


def _returned(function: Function) -> Iterator[ast.expr]:
    for each in ast.walk(function):
        if isinstance(each, ast.Return) and each.value is not None:
            yield each.value


def _parts(node: ast.expr) -> list[ast.expr]:
    """The expressions of which one is the value, or of which each is one in an unpacking."""
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Tuple | ast.List):
        return node.elts
    return [node.value] if isinstance(node, ast.NamedExpr) else []


def _top(scope: Scope, module: Module) -> Scope:
    return scope.within(module, {})


def _origin(scope: Scope, node: ast.expr) -> Origin:
    """Where a name comes from, those of the class body before the module's."""
    if isinstance(node, ast.Name) and node.id in scope.names:
        return Origin(module=scope.module, bound=scope.names[node.id])
    return scope.modules.origin(scope.module, node)
