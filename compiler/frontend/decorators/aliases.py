"""Decorators of the language under another name or out of an expression, as far as the text alone tells which is meant.

`often = retry(times=3)`, `DECORATORS["gpu"]`, `retry(times=2) if PRODUCTION else plain`, `functools.partial(kubernetes, gpu=1)`,
`gpu(2)` of a function that only returns one.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from compiler.frontend.text.modules import Function, Import, Module, Origin, changed_names, class_names
from compiler.frontend.values.evaluator import dotted, evaluate
from compiler.frontend.values.scope import Scope
from compiler.ir.flow import Dynamic, Value
from compiler.slotted_class import record

_DEPTH = 20

Place = tuple[Scope, ast.expr]
"""An expression, and where it stands."""


@record
class _Meant:
    """A decorator of the language; where `is_given` its arguments are given, so calling it once more would apply it."""

    name: str
    place: Place
    is_given: bool = False


def meant_by(scope: Scope, node: ast.expr) -> tuple[str, Place]:
    """The name in the language of the decorator that `node` stands for, and where what is in its parentheses stands; "" for others."""
    found = _meaning(scope, node, 0)
    return (found.name, found.place) if found else ("", (scope, node))


def applied_by(scope: Scope, call: ast.Call) -> str:
    """The name in the language of what a call puts on its argument: `retry(times=3)(function)`, `step(function)`; "" for others."""
    inner = _meaning(scope, call.func, 0)
    return inner.name if inner and (inner.is_given or call.args) else ""


def chosen(scope: Scope, node: ast.expr) -> Place:
    """What an expression comes to: the arm of a condition, the item of a display, what a function of one line returns."""
    at = scope, node
    for depth in range(_DEPTH):
        following = _step(*at, depth)
        if following is None:
            return at
        at = following
    return scope, node


def origin_in(scope: Scope, node: ast.expr) -> Origin:
    """Where a name comes from, those of the class body before the module's."""
    if isinstance(node, ast.Name) and node.id in scope.names:
        bound = scope.names[node.id]
        if bound is None or bound.lineno <= node.lineno:  # what the class binds further below is not there yet
            return Origin(module=scope.module, bound=bound)
    found = scope.modules.origin(scope.module, node)
    return Origin() if isinstance(found.bound, Import) and found.ours is None else found


def _meaning(scope: Scope, node: ast.expr, depth: int) -> _Meant | None:
    if depth > _DEPTH:
        return None
    if isinstance(node, ast.Name | ast.Attribute) and (name := origin_in(scope, node).ours):
        return _Meant(name, (scope, node))
    if isinstance(node, ast.Call):
        is_partial = dotted(scope, node.func) == "functools.partial" and node.args
        inner = _meaning(scope, node.args[0] if is_partial else node.func, depth + 1)
        if inner is not None:
            return None if inner.is_given else _called(inner, scope, node, is_partial=bool(is_partial))
    following = _step(scope, node, depth)
    return _meaning(*following, depth + 1) if following else None


def _called(inner: _Meant, scope: Scope, node: ast.Call, *, is_partial: bool) -> _Meant | None:
    """The decorator with the arguments of a call too; those of `partial` have been given before."""
    before, arguments = inner.place[1], node.args[1:] if is_partial else node.args
    if is_partial and arguments:
        return None
    if not isinstance(before, ast.Call):
        call = ast.copy_location(ast.Call(node.func, arguments, node.keywords), node) if is_partial else node
        return _Meant(inner.name, (scope, call), is_given=not is_partial)
    if inner.place[0].module is not scope.module and node.keywords:
        return None
    anew = {each.arg for each in node.keywords}
    keywords = [*(each for each in before.keywords if each.arg not in anew or each.arg is None), *node.keywords]
    around = scope if node.keywords else inner.place[0]
    call = ast.copy_location(ast.Call(node.func, arguments, keywords), node)
    return _Meant(inner.name, (around, call), is_given=not is_partial)


def _step(scope: Scope, node: ast.expr, depth: int) -> Place | None:
    """What an expression stands for, a step further; None where the text tells no more."""
    if isinstance(node, ast.Name | ast.Attribute):
        return _bound(scope, node)
    if isinstance(node, ast.NamedExpr):
        return scope, node.value
    if isinstance(node, ast.IfExp):
        test = evaluate(scope, node.test)
        return None if isinstance(test, Dynamic) else (scope, node.body if test else node.orelse)
    if isinstance(node, ast.Subscript):
        return _item(scope, node, depth)
    return _returned(scope, node) if isinstance(node, ast.Call) else None


def _bound(scope: Scope, node: ast.Name | ast.Attribute) -> Place | None:
    if isinstance(node, ast.Name) and isinstance(scope.names.get(node.id), ast.expr):
        found = scope.names[node.id]
        return None if found is None or found is node else (scope, found)
    origin = origin_in(scope, node)
    if origin.module is not None and isinstance(origin.bound, (ast.Name, ast.Attribute, ast.Call, *_CHOOSING)):
        return scope.within(origin.module, {}), origin.bound
    if isinstance(node, ast.Attribute) and origin == Origin():
        return _class_attribute(scope, node)
    return None


_CHOOSING = (ast.IfExp, ast.Subscript, ast.NamedExpr)


def _class_attribute(scope: Scope, node: ast.Attribute) -> Place | None:
    """`Presets.gpu` of a class that is no more than names."""
    owner = origin_in(scope, node.value)
    if (
        not isinstance(owner.bound, ast.ClassDef)
        or owner.module is None
        or _may_change(owner.bound, scope, owner.module)
    ):
        return None
    names = class_names(owner.bound)
    found = names.get(node.attr)
    return (scope.within(owner.module, names), found) if found is not None else None


def _may_change(node: ast.ClassDef, scope: Scope, module: Module) -> bool:
    is_set = any(
        isinstance(each, ast.Attribute) and not isinstance(each.ctx, ast.Load) and _root(each) == node.name
        for tree in (module.tree, scope.module.tree)
        for each in ast.walk(tree)
    )
    return bool(node.decorator_list or node.keywords or is_set)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _item(scope: Scope, node: ast.Subscript, depth: int) -> Place | None:
    """`DECORATORS["gpu"]` of a display that nothing changes."""
    around, display = scope, node.value
    if isinstance(display, ast.Subscript):
        found = _item(scope, display, depth + 1) if depth < _DEPTH else None
        if found is None:
            return None
        around, display = found
    elif isinstance(display, ast.Name | ast.Attribute):
        origin = origin_in(scope, display)
        name = display.id if isinstance(display, ast.Name) else display.attr
        if origin.module is None or not isinstance(origin.bound, ast.expr):
            return None
        if name in changed_names(origin.module) or name in changed_names(scope.module):
            return None
        inside = scope.names if isinstance(display, ast.Name) and display.id in scope.names else {}
        around, display = scope.within(origin.module, inside), origin.bound
    key = evaluate(scope, node.slice)
    if isinstance(key, Dynamic):
        return None
    value = _of_dict(around, display, key) if isinstance(display, ast.Dict) else _of_list(display, key)
    return (around, value) if value is not None else None


def _of_dict(scope: Scope, display: ast.Dict, key: Value) -> ast.expr | None:
    found: ast.expr | None = None
    for name, value in zip(display.keys, display.values, strict=True):
        known = evaluate(scope, name) if name is not None else Dynamic("", scope.module.source.span(value))
        if isinstance(known, Dynamic):
            return None
        found = value if known == key else found
    return found


def _of_list(display: ast.expr, key: Value) -> ast.expr | None:
    if not isinstance(display, ast.List | ast.Tuple) or not isinstance(key, int):
        return None
    whole = not any(isinstance(each, ast.Starred) for each in display.elts)
    return display.elts[key] if whole and -len(display.elts) <= key < len(display.elts) else None


def _returned(scope: Scope, node: ast.Call) -> Place | None:
    """What a function of the repository gives that does nothing but return it, its arguments put in."""
    origin = origin_in(scope, node.func) if isinstance(node.func, ast.Name | ast.Attribute) else Origin()
    if origin.module is None or not isinstance(origin.bound, ast.FunctionDef | ast.Lambda):
        return None
    result = _result(origin.bound)
    around = scope.within(origin.module, {})
    names = _arguments(scope, node, around, origin.bound, result) if result is not None else None
    return (scope.within(origin.module, names), result) if result is not None and names is not None else None


def _result(function: Function | ast.Lambda) -> ast.expr | None:
    """What a function returns that has no other statement."""
    if isinstance(function, ast.Lambda):
        return function.body
    rest = [each for each in function.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    plain = len(rest) == 1 and isinstance(rest[0], ast.Return) and not function.decorator_list
    return rest[0].value if plain and isinstance(rest[0], ast.Return) else None


def _arguments(
    scope: Scope, node: ast.Call, around: Scope, function: Function | ast.Lambda, place: ast.expr
) -> dict[str, ast.expr | None] | None:
    """The value of each argument as an expression; None where the text does not tell one."""
    taken, given = function.args, [evaluate(scope, each) for each in node.args]
    names = [each.arg for each in (*taken.posonlyargs, *taken.args)]
    more = [each.arg for each in taken.kwonlyargs]
    if len(given) > len(names) or taken.vararg or any(isinstance(each, ast.Starred) for each in node.args):
        return None
    defaults = dict(zip(names[len(names) - len(taken.defaults) :], taken.defaults, strict=True))
    defaults |= {name: each for name, each in zip(more, taken.kw_defaults, strict=True) if each is not None}
    values: dict[str, Value | Dynamic] = {name: evaluate(around, each) for name, each in defaults.items()}
    values |= dict(zip(names, given, strict=False))
    rest: dict[str, Value | Dynamic] = {}
    for keyword in node.keywords:
        if keyword.arg is None or (keyword.arg not in (*names, *more) and taken.kwarg is None):
            return None
        (values if keyword.arg in (*names, *more) else rest)[keyword.arg] = evaluate(scope, keyword.value)
    if any(isinstance(each, Dynamic) for each in (*values.values(), *rest.values())) or len(values) < len(names + more):
        return None
    whole: dict[str, Value | Dynamic] = values | ({taken.kwarg.arg: _plain(rest)} if taken.kwarg else {})
    return {name: _as_text(value, place) for name, value in whole.items() if not isinstance(value, Dynamic)}


def _plain(values: Mapping[str, Value | Dynamic]) -> Value:
    return {name: value for name, value in values.items() if not isinstance(value, Dynamic)}


def _as_text(value: Value, place: ast.expr) -> ast.expr:
    """A value as the expression that is worth it."""
    if isinstance(value, tuple):
        made: ast.expr = ast.Tuple([_as_text(each, place) for each in value], ast.Load())
    elif isinstance(value, Mapping):
        made = ast.Dict([_as_text(key, place) for key in value], [_as_text(each, place) for each in value.values()])
    else:
        made = ast.Constant(value)
    return ast.copy_location(made, place)
