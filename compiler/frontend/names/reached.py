"""The code of a module that a task comes to: what importing it runs, the steps, and the functions that either of them names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compiler.slotted_class import record, replaced

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
EVERY = frozenset(("Exception", "BaseException", ""))
"""The handlers that catch whatever an import raises; a bare one has no name."""

_ASKS = frozenset(("version_info", "hasattr", "find_spec", "__version__", "hexversion"))
"""What a condition names that asks whether something is there."""

_NOTHING: frozenset[str] = frozenset()


@record
class Reached:
    """A node that runs: `caught` are the exceptions that code around it catches; `maybe` where a condition outside of steps decides.

    In a handler, `behind` is its `try`.
    """

    node: ast.AST
    caught: frozenset[str]
    maybe: bool
    behind: ast.Try | ast.TryStar | None = None


@record
class _Spot:
    """Where the walk stands; `inside` a function."""

    node: ast.AST
    caught: frozenset[str] = _NOTHING
    maybe: bool = False
    inside: bool = False
    behind: ast.Try | ast.TryStar | None = None

    def at(self, node: ast.AST) -> _Spot:
        return replaced(self, node=node)


def reached(tree: ast.Module, mentioned: set[str]) -> Iterator[Reached]:
    """Each node of that code. `mentioned` are names that code of other modules uses; what this one uses is added."""
    walk = _Walk(tree, mentioned)
    walk.stack = [_Spot(each) for each in reversed(tree.body)]
    while walk.stack or walk.wake():
        spot = walk.stack.pop()
        yield Reached(spot.node, spot.caught, spot.maybe, spot.behind)
        walk.take(spot)


class _Walk:
    """What is still to be walked, and the functions that nothing has named so far."""

    def __init__(self, tree: ast.Module, mentioned: set[str]) -> None:
        self._tree = tree
        self.stack: list[_Spot] = []
        self._mentioned = mentioned
        self._asleep: list[_Spot] = []

    def wake(self) -> bool:
        """Whether functions were named meanwhile; they are walked next."""
        awake = [spot for spot in self._asleep if _name(spot.node) in self._mentioned]
        self._asleep = [spot for spot in self._asleep if _name(spot.node) not in self._mentioned]
        for spot in awake:
            self._body(spot)
        return bool(self.stack)

    def take(self, spot: _Spot) -> None:
        """Put what a node leads to on the stack."""
        node = spot.node
        if isinstance(node, ast.Name):
            self._mentioned.add(node.id)
        elif isinstance(node, ast.Attribute):
            self._mentioned.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            self._mentioned.update(alias.name for alias in node.names)
        if isinstance(node, FUNCTIONS):
            self._function(spot, node)
        elif isinstance(node, ast.ClassDef):
            self._class(spot, node)
        elif isinstance(node, ast.If):
            self._branches(spot, node)
        elif isinstance(node, ast.IfExp | ast.BoolOp) and _asks(first := _first(node)):
            self._push(spot, iter((first,)))
        elif isinstance(node, ast.Try | ast.TryStar):
            self._tried(spot, node)
        elif isinstance(node, ast.With | ast.AsyncWith) and (caught := _suppressed(node)):
            self._push(replaced(spot, caught=spot.caught | caught), node.body)
        else:
            self._push(spot, ast.iter_child_nodes(node))

    def _push(self, spot: _Spot, nodes: list[ast.stmt] | Iterator[ast.AST]) -> None:
        self.stack += [spot.at(each) for each in reversed(list(nodes))]

    def _function(self, spot: _Spot, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._push(spot, iter((*node.decorator_list, node.args)))
        if spot.inside or is_step(node) or node.name.startswith("__"):
            self._body(spot)
        else:
            self._asleep.append(spot)

    def _body(self, spot: _Spot) -> None:
        assert isinstance(spot.node, FUNCTIONS)
        self._push(_Spot(spot.node, maybe=spot.maybe, inside=True), spot.node.body)

    def _class(self, spot: _Spot, node: ast.ClassDef) -> None:
        """A framework calls the methods of what derives from its classes; those of a flow are called by its own code."""
        steps = any(isinstance(each, FUNCTIONS) and is_step(each) for each in node.body)
        within = replaced(spot, inside=spot.inside or bool(node.bases and not steps))
        self._push(within, node.body)
        self._push(spot, iter((*node.decorator_list, *node.bases, *node.keywords)))

    def _branches(self, spot: _Spot, node: ast.If) -> None:
        words = _words(node.test)
        always = _always(node.test, words)
        maybe = spot.maybe or (always is None and not spot.inside)
        within = replaced(spot, maybe=maybe)
        if not words & _ASKS:
            self._push(within, [*(node.body if always is not False else ()), *(node.orelse if not always else ())])
        self._push(spot, iter((node.test,)))

    def _tried(self, spot: _Spot, node: ast.Try | ast.TryStar) -> None:
        """What a `try` catches is caught where a handler goes on; what a handler does runs only if something was raised."""
        caught = frozenset(name for handler in node.handlers if not _raises(handler) for name in _names(handler.type))
        if caught and self._goes_on_without(node):
            caught = _NOTHING
        within = replaced(spot, caught=spot.caught | caught)
        after = [*(each for handler in node.handlers for each in handler.body)]
        self._push(spot, node.finalbody)
        self._push(replaced(spot, behind=node), after)
        self._push(within, [*node.body, *node.orelse])

    def _goes_on_without(self, node: ast.Try | ast.TryStar) -> bool:
        """Whether imports are tried, nothing is done where they fail, and the names that they bind alone are used all the same."""
        if node.orelse or not all(isinstance(each, ast.ImportFrom) for each in node.body):
            return False
        if not all(isinstance(each, ast.Pass) for handler in node.handlers for each in handler.body):
            return False
        tried = [alias for each in node.body if isinstance(each, ast.ImportFrom) for alias in each.names]
        bound = {alias.asname or alias.name for alias in tried}
        used: set[str] = set()
        for each in ast.walk(self._tree):
            if isinstance(each, ast.Name):
                if each.id in ("globals", "locals") or (each.id in bound and not isinstance(each.ctx, ast.Load)):
                    return False
                used.add(each.id)
            elif isinstance(each, ast.alias) and each not in tried and (each.asname or each.name) in bound:
                return False
        return bound <= used


def _name(node: ast.AST) -> str:
    return node.name if isinstance(node, FUNCTIONS) else ""


def is_step(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function has a decorator that is called `step`."""
    for each in node.decorator_list:
        root = each.func if isinstance(each, ast.Call) else each
        if (isinstance(root, ast.Name) and root.id == "step") or (
            isinstance(root, ast.Attribute) and root.attr == "step"
        ):
            return True
    return False


def _words(test: ast.expr) -> set[str]:
    """The names and attributes of a condition."""
    names = {each.id for each in ast.walk(test) if isinstance(each, ast.Name)}
    return names | {each.attr for each in ast.walk(test) if isinstance(each, ast.Attribute)}


def _first(node: ast.IfExp | ast.BoolOp) -> ast.expr:
    """What decides whether the rest of an expression is computed."""
    return node.test if isinstance(node, ast.IfExp) else node.values[0]


def _asks(test: ast.expr) -> bool:
    return bool(_words(test) & _ASKS)


def _always(test: ast.expr, words: set[str]) -> bool | None:
    """What a condition is in every task; None where that is not known."""
    turned = False
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, turned = test.operand, not turned
    if isinstance(test, ast.Constant):
        found = bool(test.value)
    elif ("TYPE_CHECKING" in words and isinstance(test, ast.Name | ast.Attribute)) or is_main(test):
        found = False
    else:
        return None
    return found is not turned


def is_main(test: ast.expr) -> bool:
    """Whether a condition is `__name__ == "__main__"`, which no task's module is."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(each, ast.Name) and each.id == "__name__" for each in sides) and any(
        isinstance(each, ast.Constant) and each.value == "__main__" for each in sides
    )


def _raises(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise)


def _names(node: ast.expr | None) -> Iterator[str]:
    """The last parts of the names of exceptions; an empty one for all."""
    if node is None:
        yield ""
    for each in node.elts if isinstance(node, ast.Tuple) else (node,):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr


def _suppressed(node: ast.With | ast.AsyncWith) -> frozenset[str]:
    """The exceptions of `with contextlib.suppress(...)`."""
    return frozenset(
        name
        for item in node.items
        if isinstance(item.context_expr, ast.Call) and "suppress" in _names(item.context_expr.func)
        for argument in item.context_expr.args
        for name in _names(argument)
    )
