"""A pure evaluator: what the text alone says that an expression is worth. It runs nothing of the user's."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from compiler.frontend.modules import Import, Library, Module, Origin, changed_names
from compiler.ir.flow import Dynamic
from compiler.ir.triggers import NAMESPACED
from compiler.record import record

if TYPE_CHECKING:
    from compiler.ir.flow import Value


class _Unknown(Exception):
    """The text does not tell."""


@record
class Scope:
    """Where an expression stands: its module, and the names of the class body around it."""

    library: Library
    module: Module
    names: Mapping[str, ast.expr | None]


def evaluate(scope: Scope, node: ast.expr) -> Value | Dynamic:
    """The value of an expression; `Dynamic` where only run time knows it."""
    try:
        return _frozen(_value(scope, node, 0))
    except _Unknown:
        return Dynamic(scope.module.source.segment(node), scope.module.source.span(node))


def entries(scope: Scope, node: ast.expr) -> list[tuple[str, ast.expr, Value | Dynamic]] | None:
    """The items of a dict whose keys the text tells, each value on its own; None where it does not tell the keys."""
    try:
        found = list(_entries(scope, node, 0))
    except _Unknown:
        return None
    return list({key: (key, place, value) for key, place, value in found}.values())


_DEEPEST = 60
_LONGEST = 100_000
_LONGEST_FORMAT = 6
_MOST_POWER = 64

_BINARY: dict[type[ast.operator], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitOr: operator.or_,
}
_UNARY: dict[type[ast.unaryop], Callable[..., object]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
_CALLS: dict[str, Callable[..., object]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "dict": dict,
    "list": list,
    "tuple": tuple,
    "len": len,
    "min": min,
    "max": max,
    "round": round,
    "abs": abs,
    "sum": sum,
    "sorted": sorted,
}
_METHODS = frozenset(
    [
        "upper",
        "lower",
        "strip",
        "lstrip",
        "rstrip",
        "replace",
        "split",
        "join",
        "title",
        "get",
        "keys",
        "values",
        "items",
        "copy",
    ]
)
_FAILURES = (ArithmeticError, TypeError, ValueError, LookupError, AttributeError, MemoryError)


def _value(scope: Scope, node: ast.expr, depth: int) -> object:
    if depth > _DEEPEST:
        raise _Unknown
    reader = _READERS.get(type(node))
    if reader is None:
        raise _Unknown
    try:
        return reader(scope, node, depth + 1)
    except _FAILURES as error:
        raise _Unknown from error


def _constant(scope: Scope, node: ast.Constant, depth: int) -> object:
    if node.value is None or isinstance(node.value, bool | int | float | str):
        return node.value
    raise _Unknown


def _name(scope: Scope, node: ast.Name, depth: int) -> object:
    if node.id in scope.names:
        found = scope.names[node.id]
        if found is None or found is node:
            raise _Unknown
        return _value(scope, found, depth)
    return _of(scope, scope.library.named(scope.module, node.id), node.id, depth)


def _of(scope: Scope, origin: Origin, name: str, depth: int) -> object:
    """The value of a module's binding, unless some code changes it in place."""
    if not isinstance(origin.bound, ast.expr) or origin.module is None:
        raise _Unknown
    value = _value(Scope(scope.library, origin.module, {}), origin.bound, depth)
    if isinstance(value, list | dict) and _is_changed(scope, origin.module, name):
        raise _Unknown
    return value


def _is_changed(scope: Scope, module: Module, name: str) -> bool:
    return name in changed_names(module) or name in changed_names(scope.module)


def _attribute(scope: Scope, node: ast.Attribute, depth: int) -> object:
    origin = scope.library.origin(scope.module, node)
    if origin.bound is not None:
        return _of(scope, origin, node.attr, depth)
    owner = scope.library.origin(scope.module, node.value)
    if isinstance(owner.bound, ast.ClassDef) and owner.module:
        names = class_names(owner.bound)
        if names.get(node.attr) is not None and not owner.bound.decorator_list and not owner.bound.bases:
            return _value(Scope(scope.library, owner.module, names), ast.Name(node.attr, ast.Load()), depth)
    raise _Unknown


def _dict(scope: Scope, node: ast.Dict, depth: int) -> object:
    found: dict[object, object] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            more = _value(scope, value, depth)
            if not isinstance(more, dict):
                raise _Unknown
            found.update(more)
        else:
            found[_value(scope, key, depth)] = _value(scope, value, depth)
    return found


def _sequence(scope: Scope, node: ast.List | ast.Tuple, depth: int) -> object:
    found: list[object] = []
    for item in node.elts:
        if isinstance(item, ast.Starred):
            more = _value(scope, item.value, depth)
            if not isinstance(more, list | tuple):
                raise _Unknown
            found.extend(more)
        else:
            found.append(_value(scope, item, depth))
    return found if isinstance(node, ast.List) else tuple(found)


def _binary(scope: Scope, node: ast.BinOp, depth: int) -> object:
    left, right = _value(scope, node.left, depth), _value(scope, node.right, depth)
    if isinstance(node.op, ast.Pow):
        return _power(left, right)
    if isinstance(left, str) and isinstance(node.op, ast.Mod):
        raise _Unknown
    if isinstance(node.op, ast.Mult) and _size(left) * _size(right) > _LONGEST:
        raise _Unknown
    operation = _BINARY.get(type(node.op))
    if operation is None:
        raise _Unknown
    return operation(left, right)


def _power(left: object, right: object) -> object:
    if isinstance(left, int | float) and isinstance(right, int) and abs(left) <= 2**32 and abs(right) <= _MOST_POWER:
        return left**right
    raise _Unknown


def _size(value: object) -> int:
    """What a product may grow to: the length of a sequence; an integer counts as itself beside one."""
    if isinstance(value, str | list | tuple | dict):
        return max(len(value), 1)
    if isinstance(value, int):
        return min(abs(value), _LONGEST) if abs(value) < 2**64 else _LONGEST + 1
    return 1


def _unary(scope: Scope, node: ast.UnaryOp, depth: int) -> object:
    operation = _UNARY.get(type(node.op))
    if operation is None:
        raise _Unknown
    return operation(_value(scope, node.operand, depth))


def _text(scope: Scope, node: ast.JoinedStr, depth: int) -> object:
    parts: list[str] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            parts.append(_formatted(scope, part, depth))
        else:
            parts.append(str(_value(scope, part, depth)))
    return "".join(parts)


def _formatted(scope: Scope, part: ast.FormattedValue, depth: int) -> str:
    value = _value(scope, part.value, depth)
    spec = str(_value(scope, part.format_spec, depth)) if part.format_spec else ""
    if len(spec) > _LONGEST_FORMAT:
        raise _Unknown
    if part.conversion == ord("r"):
        return format(repr(value), spec)
    return format(str(value) if part.conversion == ord("s") else value, spec)


def _subscript(scope: Scope, node: ast.Subscript, depth: int) -> object:
    value = _value(scope, node.value, depth)
    key = _value(scope, node.slice, depth)
    if isinstance(value, dict):
        return value[key]
    if isinstance(value, list | tuple | str) and isinstance(key, int):
        return value[key]
    raise _Unknown


def _choice(scope: Scope, node: ast.IfExp, depth: int) -> object:
    return _value(scope, node.body if _value(scope, node.test, depth) else node.orelse, depth)


def _call(scope: Scope, node: ast.Call, depth: int) -> object:
    arguments = [_value(scope, each, depth) for each in node.args]
    named: dict[str, object] = {}
    for keyword in node.keywords:
        value = _value(scope, keyword.value, depth)
        if keyword.arg is None:
            named.update(value if isinstance(value, dict) else {"": _stop()})
        else:
            named[keyword.arg] = value
    return _called(scope, node.func, depth)(*arguments, **named)


def _stop() -> object:
    raise _Unknown


def _called(scope: Scope, function: ast.expr, depth: int) -> Callable[..., object]:
    if scope.library.origin(scope.module, function).ours == "namespaced_event_name":
        return lambda event_name: {NAMESPACED: event_name}
    if isinstance(function, ast.Name) and function.id not in scope.names and function.id not in scope.module.names:
        return _CALLS.get(function.id) or _missing
    if isinstance(function, ast.Attribute):
        if _is_import(scope, function.value, "json") and function.attr == "dumps":
            import json  # noqa: PLC0415  # rarely needed

            return json.dumps
        if function.attr in _METHODS:
            owner = _value(scope, function.value, depth)
            if isinstance(owner, str | dict):
                return getattr(owner, function.attr)  # type: ignore[no-any-return]
    return _missing


def _missing(*_: object, **__: object) -> object:
    raise _Unknown


def _is_import(scope: Scope, node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and scope.module.names.get(node.id) == Import(name, None, 0)


_READERS: dict[type[ast.expr], Callable[..., object]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Dict: _dict,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.JoinedStr: _text,
    ast.Subscript: _subscript,
    ast.IfExp: _choice,
    ast.Call: _call,
}


def _frozen(value: object, depth: int = 0) -> Value:
    """The value with tuples for lists; refuses what JSON has no kind for."""
    if depth > _DEEPEST:
        raise _Unknown
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _Unknown
        return value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        if len(value) > _LONGEST:
            raise _Unknown
        return value
    if isinstance(value, list | tuple):
        return tuple(_frozen(item, depth + 1) for item in value)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {str(key): _frozen(item, depth + 1) for key, item in value.items()}
    raise _Unknown


def _entries(scope: Scope, node: ast.expr, depth: int) -> Iterator[tuple[str, ast.expr, Value | Dynamic]]:
    if depth > _DEEPEST:
        raise _Unknown
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                yield from _entries(scope, value, depth + 1)
            else:
                yield _key(scope, key), value, evaluate(scope, value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _entries(scope, node.left, depth + 1)
        yield from _entries(scope, node.right, depth + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        yield from _dict_entries(scope, node, depth)
    else:
        yield from _named_entries(scope, node, depth)


def _dict_entries(scope: Scope, node: ast.Call, depth: int) -> Iterator[tuple[str, ast.expr, Value | Dynamic]]:
    for each in node.args:
        yield from _entries(scope, each, depth + 1)
    for keyword in node.keywords:
        if keyword.arg is None:
            yield from _entries(scope, keyword.value, depth + 1)
        else:
            yield keyword.arg, keyword.value, evaluate(scope, keyword.value)


def _named_entries(scope: Scope, node: ast.expr, depth: int) -> Iterator[tuple[str, ast.expr, Value | Dynamic]]:
    """The items of a dict that a name stands for; all have the name's place."""
    if isinstance(node, ast.Name) and isinstance(local := scope.names.get(node.id), ast.expr):
        inner, bound = scope, local
    else:
        origin = scope.library.origin(scope.module, node)
        if not isinstance(origin.bound, ast.expr) or origin.module is None:
            raise _Unknown
        if isinstance(node, ast.Name) and _is_changed(scope, origin.module, node.id):
            raise _Unknown
        inner, bound = Scope(scope.library, origin.module, {}), origin.bound
    for key, _, value in _entries(inner, bound, depth + 1):
        yield key, node, value


def _key(scope: Scope, node: ast.expr) -> str:
    value = _value(scope, node, 0)
    if not isinstance(value, str):
        raise _Unknown
    return value


def class_names(node: ast.ClassDef) -> dict[str, ast.expr | None]:
    """The names that a class body binds to expressions; None where it binds one twice or otherwise."""
    names: dict[str, ast.expr | None] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                for each in _stored(target):
                    plain = isinstance(target, ast.Name) and each not in names
                    names[each] = statement.value if plain else None
        elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
            names[statement.target.id] = None if statement.target.id in names else statement.value
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            names[statement.target.id] = None
    return names


def _stored(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Tuple | ast.List):
        return [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]
    return []
