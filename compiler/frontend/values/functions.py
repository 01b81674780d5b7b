"""Functions and comprehensions of the author's own, as far as they are pure text: run by hand, within the budget of expressions."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from compiler.frontend.text.modules import IN_PLACE, Function
from compiler.frontend.values.pure_functions import BINARY, Unknown
from compiler.frontend.values.scope import Scope

Evaluate = Callable[[Scope, ast.expr, int], object]
"""What an expression is worth in a scope. Raises Unknown."""


class Known(ast.expr):
    """Stands for an expression whose value is known."""

    def __init__(self, worth: object) -> None:
        super().__init__()
        self.worth = worth


class Context:
    """What a function that makes a default is called with; what only a deployment knows of it is unknown."""

    def __init__(self, flow_name: str, parameter_name: str) -> None:
        self.known = {"flow_name": flow_name, "parameter_name": parameter_name}


class _Left(Exception):
    """A loop is left, or goes on with its next item."""


class _Broken(_Left):
    """`break`"""


class _Returned(Exception):
    """`return`"""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


_CACHES = frozenset(("cache", "lru_cache", "staticmethod"))


def runs(function: object) -> bool:
    """Whether a binding is a function that can be run here: not decorated, no coroutine, no generator."""
    if isinstance(function, ast.Lambda):
        return True
    if not isinstance(function, ast.FunctionDef):
        return False
    yields = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(function))
    return not yields and all(_last(each) in _CACHES for each in function.decorator_list)


def _last(node: ast.expr) -> str:
    inner = node.func if isinstance(node, ast.Call) else node
    return inner.attr if isinstance(inner, ast.Attribute) else inner.id if isinstance(inner, ast.Name) else ""


def run(
    scope: Scope,
    function: Function | ast.Lambda,
    given: tuple[object, ...],
    named: Mapping[str, object],
    evaluate: Evaluate,
    depth: int,
) -> object:
    """What a function returns; `scope` is where it stands. Raises Unknown, also where it would raise."""
    names = _arguments(scope, function.args, given, named, evaluate, depth)
    if isinstance(function, ast.Lambda):
        return evaluate(scope.within(scope.module, {**scope.names, **names}), function.body, depth)
    frame = _Frame(scope, names, evaluate, depth)
    try:
        frame.block(function.body)
    except _Returned as returned:
        return returned.value
    return None


def _arguments(
    scope: Scope,
    taken: ast.arguments,
    given: tuple[object, ...],
    named: Mapping[str, object],
    evaluate: Evaluate,
    depth: int,
) -> dict[str, ast.expr | None]:
    """The arguments by their names, each a known expression."""
    places = [each.arg for each in (*taken.posonlyargs, *taken.args)]
    keys = [*(each.arg for each in taken.args), *(each.arg for each in taken.kwonlyargs)]
    values = dict(zip(places, given, strict=False))
    more, rest = given[len(places) :], {name: value for name, value in named.items() if name not in keys}
    if (more and not taken.vararg) or (rest and not taken.kwarg) or values.keys() & (named.keys() - rest.keys()):
        raise Unknown
    values |= {name: value for name, value in named.items() if name in keys}
    defaults = dict(zip(places[len(places) - len(taken.defaults) :], taken.defaults, strict=True))
    kept = zip(taken.kwonlyargs, taken.kw_defaults, strict=True)
    defaults |= {each.arg: default for each, default in kept if default is not None}
    for name in (*places, *keys):
        if name not in values:
            if name not in defaults:
                raise Unknown
            values[name] = evaluate(scope, defaults[name], depth)
    if taken.vararg:
        values[taken.vararg.arg] = more
    if taken.kwarg:
        values[taken.kwarg.arg] = rest
    return {name: Known(value) for name, value in values.items()}


class _Frame:
    """A function that runs: its names, and what it has done so far."""

    def __init__(self, scope: Scope, names: dict[str, ast.expr | None], evaluate: Evaluate, depth: int) -> None:
        self.names = names
        self.given = {id(each.worth) for each in names.values() if isinstance(each, Known)}
        """What is the caller's: a change of it would be seen there."""
        self.scope = scope.within(scope.module, names)
        self.evaluate = evaluate
        self.depth = depth

    def value(self, node: ast.expr) -> object:
        """What an expression is worth by now."""
        return self.evaluate(self.scope, node, self.depth)

    def block(self, body: list[ast.stmt]) -> None:
        """Run statements in their order."""
        for statement in body:
            self.scope.reading.budget.spend(1)
            act = _ACTS.get(type(statement))
            if act is None:
                raise Unknown
            act(self, statement)

    def put(self, target: ast.expr, value: object) -> None:
        """Set a name, names, or an item of what a name of this function stands for."""
        if isinstance(target, ast.Name):
            self.names[target.id] = Known(value)
        elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, list | tuple):
            if len(target.elts) != len(value) or any(isinstance(each, ast.Starred) for each in target.elts):
                raise Unknown
            for inner, item in zip(target.elts, value, strict=True):
                self.put(inner, item)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id in self.names:
            owner, key = self.value(target.value), self.value(target.slice)
            if type(owner) not in (list, dict) or id(owner) in self.given:
                raise Unknown
            owner[key] = value  # type: ignore[index]  # one of the two
        else:
            raise Unknown

    def assign(self, node: ast.Assign) -> None:
        """`a = b = …`"""
        value = self.value(node.value)
        for target in node.targets:
            self.put(target, value)

    def annotate(self, node: ast.AnnAssign) -> None:
        """`a: int = …`"""
        if node.value is not None:
            self.put(node.target, self.value(node.value))

    def augment(self, node: ast.AugAssign) -> None:
        """`a += …`"""
        operation = BINARY.get(type(node.op))
        if operation is None or not isinstance(node.target, ast.Name | ast.Subscript):
            raise Unknown
        before = self.value(_read(node.target))
        if isinstance(before, list) and operation is operator.add and id(before) not in self.given:
            operation = operator.iadd
        value = operation(before, self.value(node.value))
        self.scope.reading.budget.weigh(value)
        self.put(node.target, value)

    def choose(self, node: ast.If) -> None:
        """`if`"""
        self.block(node.body if self.value(node.test) else node.orelse)

    def repeat(self, node: ast.While) -> None:
        """`while`"""
        while self.value(node.test):
            if self._is_broken(node.body):
                return
        self.block(node.orelse)

    def each(self, node: ast.For) -> None:
        """`for`"""
        for item in items(self.value(node.iter)):
            self.put(node.target, item)
            if self._is_broken(node.body):
                return
        self.block(node.orelse)

    def _is_broken(self, body: list[ast.stmt]) -> bool:
        try:
            self.block(body)
        except _Left as left:
            return isinstance(left, _Broken)
        return False

    def give(self, node: ast.Return) -> None:
        """`return`"""
        raise _Returned(None if node.value is None else self.value(node.value))

    def leave(self, node: ast.Break | ast.Continue) -> None:
        """`break`, `continue`"""
        raise _Broken if isinstance(node, ast.Break) else _Left

    def hold(self, node: ast.Assert) -> None:
        """`assert`"""
        if not self.value(node.test):
            raise Unknown

    def do(self, node: ast.Expr) -> None:
        """A call that changes what a name of this function stands for; a document does nothing."""
        call = node.value
        if isinstance(call, ast.Constant):
            return
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.keywords:
            raise Unknown
        owner = call.func.value
        if not isinstance(owner, ast.Name) or owner.id not in self.names or call.func.attr not in IN_PLACE:
            raise Unknown
        found, given = self.value(owner), [self.value(each) for each in call.args]
        if type(found) not in (list, dict) or id(found) in self.given:
            raise Unknown
        getattr(found, call.func.attr)(*given)
        self.scope.reading.budget.weigh(found)


def _read(target: ast.Name | ast.Subscript) -> ast.expr:
    """The same place, read."""
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)


_ACTS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Assign: _Frame.assign,
    ast.AnnAssign: _Frame.annotate,
    ast.AugAssign: _Frame.augment,
    ast.If: _Frame.choose,
    ast.While: _Frame.repeat,
    ast.For: _Frame.each,
    ast.Return: _Frame.give,
    ast.Break: _Frame.leave,
    ast.Continue: _Frame.leave,
    ast.Assert: _Frame.hold,
    ast.Expr: _Frame.do,
    ast.Pass: lambda frame, node: None,
}


def items(value: object) -> list[object]:
    """What a loop goes through."""
    if isinstance(value, list | tuple | str | dict) or type(value) in _VIEWS:
        return list(value)  # type: ignore[call-overload, no-any-return]  # all of them are gone through
    raise Unknown


_NOTHING: dict[object, object] = {}
_VIEWS = (type(_NOTHING.keys()), type(_NOTHING.values()), type(_NOTHING.items()))


def comprehended(
    scope: Scope, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp, evaluate: Evaluate, depth: int
) -> object:
    """What a comprehension gives: a list, or a dict."""
    if isinstance(node, ast.SetComp):
        raise Unknown
    found: list[object] = []
    pairs: dict[object, object] = {}

    def through(around: Scope, left: list[ast.comprehension]) -> None:
        scope.reading.budget.spend(1)
        if not left:
            if isinstance(node, ast.DictComp):
                pairs[evaluate(around, node.key, depth)] = evaluate(around, node.value, depth)
            else:
                found.append(evaluate(around, node.elt, depth))
            return
        for item in items(evaluate(around, left[0].iter, depth)):
            names = dict(around.names)
            frame = _Frame(around, names, evaluate, depth)
            frame.put(left[0].target, item)
            inside = around.within(around.module, names)
            if all(evaluate(inside, test, depth) for test in left[0].ifs):
                through(inside, left[1:])

    if any(each.is_async for each in node.generators):
        raise Unknown
    through(scope, node.generators)
    return pairs if isinstance(node, ast.DictComp) else found


def is_instance(scope: Scope, node: ast.Call, evaluate: Evaluate, depth: int) -> bool:
    """`isinstance(value, (int, float))` of the types that values have."""
    if len(node.args) != 2 or node.keywords:  # noqa: PLR2004 - the value and the types
        raise Unknown
    value, kinds = evaluate(scope, node.args[0], depth), node.args[1]
    names = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    types = [_TYPES.get(each.id) if isinstance(each, ast.Name) else None for each in names]
    if any(each is None for each in types) or any(
        isinstance(each, ast.Name) and each.id in scope.module.names for each in names
    ):
        raise Unknown
    return isinstance(value, tuple(each for each in types if each))


_TYPES: dict[str, type] = {each.__name__: each for each in (bool, int, float, str, list, tuple, dict)}


def function_of(scope: Scope, node: ast.expr) -> tuple[Scope | None, object]:
    """The function of the repository that an expression stands for, and where it stands."""
    if isinstance(node, ast.Lambda):
        return scope, node
    if isinstance(node, ast.Name) and node.id in scope.names:
        return scope, scope.names[node.id]
    origin = scope.modules.origin(scope.module, node)
    if isinstance(origin.bound, ast.Name | ast.Attribute) and origin.module is not None:
        origin = scope.modules.origin(origin.module, origin.bound)
    return (scope.within(origin.module, {}), origin.bound) if origin.module is not None else (None, None)


def cut(scope: Scope, node: ast.Slice, evaluate: Evaluate, depth: int) -> object:
    """`[1:-1]`"""
    parts = (None if each is None else evaluate(scope, each, depth) for each in (node.lower, node.upper, node.step))
    return slice(*parts)
