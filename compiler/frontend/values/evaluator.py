"""A pure evaluator: what the text alone says that an expression is worth. It runs nothing of the user's."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from compiler.frontend.text.modules import Import, Module, Origin, changed_names, class_names
from compiler.frontend.text.source import alone, parsed
from compiler.frontend.values.config_values import ConfigDict, Unparsed
from compiler.frontend.values.functions import (
    Context,
    Known,
    comprehended,
    cut,
    function_of,
    is_instance,
    items,
    run,
    runs,
)
from compiler.frontend.values.pure_functions import (
    BINARY,
    CALLS,
    COMPARE,
    CONSTANTS,
    FUNCTIONS,
    METHODS,
    UNARY,
    Unknown,
    file_name,
    frozen,
    is_local,
    path_attribute,
    path_method,
    real_path,
    text_method,
)
from compiler.frontend.values.scope import Scope
from compiler.ir.flow import Dynamic

if TYPE_CHECKING:
    from compiler.ir.flow import Value


class _Missing(Unknown):
    """A `Config` has no such key: which, and what it has."""


class _Waiting(Unknown):
    """A `Config` has no value before code of the author's has run."""


def evaluate(scope: Scope, node: ast.expr, *, me: str = "") -> Value | Dynamic:
    """The value of an expression; `Dynamic` where only run time knows it.

    `me` is the method's word for `self`, where the expression stands in one: of it only `Config`s have a value.
    """
    own = scope.within(scope.module, {me: _SELF}) if me else scope
    try:
        with scope.reading.budget:
            return frozen(_value(own, node, 0))
    except Unknown as unknown:
        return _dynamic(scope, node, unknown)


def evaluate_path(scope: Scope, node: ast.expr) -> str | Dynamic | None:
    """The path that an expression stands for, as it is written or absolute on this machine; None where it is no path."""
    try:
        with scope.reading.budget:
            value = _value(scope, node, 0)
    except Unknown as unknown:
        return _dynamic(scope, node, unknown)
    return real_path(str(value)) if isinstance(value, str | PurePosixPath) else None


def evaluate_call(scope: Scope, node: ast.expr, argument: object) -> Value | Dynamic:
    """What the function that an expression stands for gives for one argument; `Dynamic` where it is not pure text."""
    try:
        with scope.reading.budget:
            value = _called(scope, node, 0)(argument)
            scope.reading.budget.weigh(value)
            return real_path(str(value)) if isinstance(value, PurePosixPath) else frozen(value)
    except (Unknown, *_FAILURES):
        return Dynamic(scope.module.source.segment(node), scope.module.source.span(node))


def _dynamic(scope: Scope, node: ast.expr, unknown: Unknown) -> Dynamic:
    text, span = scope.module.source.segment(node), scope.module.source.span(node)
    if isinstance(unknown, _Missing):
        key, there = unknown.args
        scope.reading.configs.missing[span] = (text, key, there)
    elif isinstance(unknown, _Waiting):
        scope.reading.configs.waiting[span] = (text, unknown.args[0])
    return Dynamic(text, span)


def entries(scope: Scope, node: ast.expr) -> list[tuple[str, ast.expr, Value | Dynamic]] | None:
    """The items of a dict whose keys the text tells, each value on its own; None where it does not tell the keys."""
    try:
        with scope.reading.budget:
            found = list(_entries(scope, node, 0))
    except Unknown as unknown:
        _dynamic(scope, node, unknown)
        return None
    return list({key: (key, place, value) for key, place, value in found}.values())


_SELF = ast.Constant(...)
"""What a method's word for `self` is bound to."""

_DEEPEST = 60
_LONGEST_FORMAT = 6
_FAILURES = (
    ArithmeticError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    MemoryError,
    RecursionError,
)


def _value(scope: Scope, node: ast.expr, depth: int) -> object:
    if depth > _DEEPEST:
        raise Unknown
    reader = _READERS.get(type(node))
    if reader is None:
        raise Unknown
    scope.reading.budget.spend(1)
    try:
        value = reader(scope, node, depth + 1)
    except _FAILURES as error:
        raise Unknown from error
    scope.reading.budget.weigh(value)
    return value


def _known(scope: Scope, node: Known, depth: int) -> object:
    return node.worth


def _comprehension(scope: Scope, node: ast.ListComp, depth: int) -> object:
    return comprehended(scope, node, _value, depth)


def _constant(scope: Scope, node: ast.Constant, depth: int) -> object:
    if node.value is None or isinstance(node.value, bool | int | float | str):
        return node.value
    raise Unknown


def _name(scope: Scope, node: ast.Name, depth: int) -> object:
    if node.id in scope.names:
        found = scope.names[node.id]
        if found is None or found is node:
            raise Unknown
        return _value(scope, found, depth)
    if node.id == "__file__" and node.id not in scope.module.names:
        return file_name(scope.module.source.file, scope.modules.root)
    return _of(scope, scope.modules.named(scope.module, node.id), node.id, depth)


def _of(scope: Scope, origin: Origin, name: str, depth: int) -> object:
    """The value of a module's binding, unless some code changes it in place."""
    if not isinstance(origin.bound, ast.expr) or origin.module is None:
        raise Unknown
    value = _value(scope.within(origin.module, {}), origin.bound, depth)
    if isinstance(value, list | dict) and _is_changed(scope, origin.module, name):
        raise Unknown
    return value


def _is_changed(scope: Scope, module: Module, name: str) -> bool:
    return name in changed_names(module) or name in changed_names(scope.module)


def _attribute(scope: Scope, node: ast.Attribute, depth: int) -> object:
    if isinstance(node.value, ast.Name) and scope.names.get(node.value.id) is _SELF:
        configs = scope.reading.configs.names
        return _value(scope.within(scope.module, configs), configs.get(node.attr) or _SELF, depth)
    origin = scope.modules.origin(scope.module, node)
    if origin.bound is not None:
        return _of(scope, origin, node.attr, depth)
    if (name := dotted(scope, node)) in CONSTANTS:
        return CONSTANTS[name]
    owner = scope.modules.origin(scope.module, node.value)
    if isinstance(owner.bound, ast.ClassDef) and owner.module:
        return _class_attribute(scope, owner.module, owner.bound, node.attr, depth)
    return _member(_value(scope, node.value, depth), node.attr)


def _class_attribute(scope: Scope, module: Module, owner: ast.ClassDef, name: str, depth: int) -> object:
    """What a class body, or that of its nearest base, sets a name to; a decorator or a metaclass may change it."""
    if owner.decorator_list or owner.keywords or depth > _DEEPEST:
        raise Unknown
    names = class_names(owner)
    if names.get(name) is not None:
        return _value(scope.within(module, names), ast.Name(name, ast.Load()), depth)
    if name not in names and len(owner.bases) == 1:
        base = scope.modules.origin(module, owner.bases[0])
        if isinstance(base.bound, ast.ClassDef) and base.module:
            return _class_attribute(scope, base.module, base.bound, name, depth + 1)
    raise Unknown


def _member(owner: object, name: str) -> object:
    if isinstance(owner, ConfigDict):
        if name in owner:
            return owner[name]
        raise _Missing(name, ", ".join(f"`{key}`" for key in owner) or "none")
    if isinstance(owner, PurePosixPath):
        return path_attribute(owner, name)
    if isinstance(owner, Context) and name in owner.known:
        return owner.known[name]
    raise Unknown


def _dict(scope: Scope, node: ast.Dict, depth: int) -> object:
    found: dict[object, object] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            more = _value(scope, value, depth)
            if not isinstance(more, dict):
                raise Unknown
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
                raise Unknown
            found.extend(more)
        else:
            found.append(_value(scope, item, depth))
    return found if isinstance(node, ast.List) else tuple(found)


def _binary(scope: Scope, node: ast.BinOp, depth: int) -> object:
    left, right = _value(scope, node.left, depth), _value(scope, node.right, depth)
    operation = BINARY.get(type(node.op))
    if operation is None:
        raise Unknown
    return operation(left, right)


def _unary(scope: Scope, node: ast.UnaryOp, depth: int) -> object:
    operation = UNARY.get(type(node.op))
    if operation is None:
        raise Unknown
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
        raise Unknown
    if part.conversion == ord("r"):
        if isinstance(value, PurePosixPath):
            raise Unknown
        return format(repr(value), spec)
    return format(str(value) if part.conversion == ord("s") else value, spec)


def _subscript(scope: Scope, node: ast.Subscript, depth: int) -> object:
    value = _value(scope, node.value, depth)
    key = _value(scope, node.slice, depth)
    if isinstance(value, ConfigDict) and isinstance(key, str):
        return _member(value, key)
    if isinstance(value, dict):
        return value[key]
    if isinstance(value, list | tuple | str) and isinstance(key, int | slice):
        if isinstance(value, str) and is_local(value):
            raise Unknown
        return value[key]
    raise Unknown


def _compare(scope: Scope, node: ast.Compare, depth: int) -> object:
    left = _value(scope, node.left, depth)
    for test, other in zip(node.ops, node.comparators, strict=True):
        right = _value(scope, other, depth)
        if not COMPARE[type(test)](left, right):
            return False
        left = right
    return True


def _both(scope: Scope, node: ast.BoolOp, depth: int) -> object:
    wanted = isinstance(node.op, ast.Or)
    value: object = None
    for each in node.values:
        value = _value(scope, each, depth)
        if bool(value) is wanted:
            return value
    return value


def _choice(scope: Scope, node: ast.IfExp, depth: int) -> object:
    return _value(scope, node.body if _value(scope, node.test, depth) else node.orelse, depth)


def _call(scope: Scope, node: ast.Call, depth: int) -> object:
    settled = scope.reading.configs.values
    if id(node) in settled:
        if isinstance(settled[id(node)], Unparsed):
            raise _Waiting(settled[id(node)])
        return settled[id(node)]
    if scope.modules.origin(scope.module, node.func).ours == "config_expr":
        return _config_expression(scope, node, depth)
    if isinstance(node.func, ast.Name) and node.func.id == "isinstance" and node.func.id not in scope.module.names:
        return is_instance(scope, node, _value, depth)
    arguments: list[object] = []
    for each in node.args:
        value = _value(scope, each.value if isinstance(each, ast.Starred) else each, depth)
        arguments += items(value) if isinstance(each, ast.Starred) else [value]
    named: dict[str, object] = {}
    for keyword in node.keywords:
        value = _value(scope, keyword.value, depth)
        if keyword.arg is None:
            named.update(value if isinstance(value, dict) else {"": _stop()})
        else:
            named[keyword.arg] = value
    return _called(scope, node.func, depth)(*arguments, **named)


def _stop() -> object:
    raise Unknown


def _config_expression(scope: Scope, node: ast.Call, depth: int) -> object:
    """`config_expr('cfg.key')`: an expression over the names of the flow's `Config`s, and over the module's."""
    text = _value(scope, node.args[0], depth) if len(node.args) == 1 else None
    if not isinstance(text, str):
        raise Unknown
    try:
        with alone():
            found = parsed(text.strip(), "eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unknown from error
    return _value(scope.within(scope.module, scope.reading.configs.names), found.body, depth)


def _called(scope: Scope, function: ast.expr, depth: int) -> Callable[..., object]:
    if scope.modules.origin(scope.module, function).ours == "namespaced_event_name":
        from compiler.ir.triggers import NAMESPACED  # noqa: PLC0415 - few flows wait for such an event

        return lambda event_name: {NAMESPACED: event_name}
    if isinstance(function, ast.Name) and function.id not in scope.names and function.id not in scope.module.names:
        return CALLS.get(function.id) or _stopped
    known = FUNCTIONS.get(dotted(scope, function) or "")
    if known is not None:
        return known
    around, bound = function_of(scope, function)
    if around is not None and runs(bound):
        return lambda *given, **named: run(around, bound, given, named, _value, depth + 1)  # type: ignore[arg-type]
    if isinstance(function, ast.Attribute):
        return _method(_value(scope, function.value, depth), function.attr)
    return _stopped


def _method(owner: object, name: str) -> Callable[..., object]:
    if isinstance(owner, PurePosixPath):
        return path_method(owner, name)
    if name == "to_dict" and isinstance(owner, ConfigDict):
        return lambda: dict(owner)
    if name in METHODS and isinstance(owner, str):
        return text_method(owner, name)
    if name in METHODS and isinstance(owner, dict):
        return getattr(owner, name)  # type: ignore[no-any-return]
    return _stopped


def _stopped(*_: object, **__: object) -> object:
    raise Unknown


def dotted(scope: Scope, node: ast.expr, names: Mapping[str, object] | None = None) -> str | None:
    """The whole name of something of another package: `os.path.join` for `join` after `from os.path import join`."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id in scope.names:
        return None
    bound = (names or scope.module.names).get(node.id)
    if not isinstance(bound, Import) or bound.level or bound.ours:
        return None
    return ".".join([bound.module, *([bound.name] if bound.name else []), *reversed(parts)])


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
    ast.Compare: _compare,
    ast.BoolOp: _both,
    ast.Call: _call,
    ast.ListComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Slice: lambda scope, node, depth: cut(scope, node, _value, depth),
    Known: _known,
}


def _entries(scope: Scope, node: ast.expr, depth: int) -> Iterator[tuple[str, ast.expr, Value | Dynamic]]:
    if depth > _DEEPEST:
        raise Unknown
    scope.reading.budget.spend(1)
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
    """The items of a dict that a name or another expression stands for; all have its place."""
    inner, bound = scope, scope.names.get(node.id) if isinstance(node, ast.Name) else None
    if bound is None:
        origin = scope.modules.origin(scope.module, node)
        if isinstance(origin.bound, ast.expr) and origin.module:
            if isinstance(node, ast.Name) and _is_changed(scope, origin.module, node.id):
                raise Unknown
            inner, bound = scope.within(origin.module, {}), origin.bound
    if bound is not None and id(bound) not in scope.reading.configs.values:
        yield from ((key, node, value) for key, _, value in _entries(inner, bound, depth + 1))
        return
    whole = _value(scope, node, depth)
    if not isinstance(whole, dict) or not all(isinstance(key, str) for key in whole):
        raise Unknown
    for key, value in whole.items():
        yield str(key), node, frozen(value)


def _key(scope: Scope, node: ast.expr) -> str:
    value = _value(scope, node, 0)
    if not isinstance(value, str):
        raise Unknown
    return value
