"""Decorators of the author's own: what each is, as far as its text tells, across the modules of the repository."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Literal

from compiler.frontend.text.modules import Function, Import, Module, Modules, Origin
from compiler.frontend.values.scope import Scope
from compiler.ir.flow import Span
from compiler.slotted_class import record

Kind = Literal["plain", "wrapper", "step mutator", "flow mutator", "hider"]
"""`plain` runs like Python; `hider` returns what is no step."""

Others = tuple[tuple[str, Span], ...]
"""The decorators of a step or flow that are none of the language's, by name."""

_CLASSES: dict[str, Kind] = {
    "UserStepDecorator": "wrapper",
    "StepMutator": "step mutator",
    "FlowMutator": "flow mutator",
}
_DEPTH = 20
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@record
class Own:
    """A decorator of the author's own; `name` is that of its function or class."""

    kind: Kind
    name: str
    problem: tuple[str, str] | None = None
    """What is wrong with a user step decorator, and what to do."""


def own_decorator(modules: Modules, origin: Origin, node: ast.expr) -> Own | None:
    """What the decorator `node` is, which comes from `origin`; None where the text does not tell."""
    origin, called = _resolved(modules, origin, node if isinstance(node, ast.Call) else None)
    if origin.module is None:
        return None
    if isinstance(origin.bound, ast.ClassDef):
        return _class(modules, origin.module, origin.bound, called)
    if isinstance(origin.bound, _FUNCTIONS):
        return _function(modules, origin.module, origin.bound, called)
    return None


def _resolved(modules: Modules, origin: Origin, called: ast.Call | None) -> tuple[Origin, ast.Call | None]:
    """Past names that stand for another: `timed = Timed(unit="s")`, `timed = other`."""
    for _ in range(_DEPTH):
        if origin.module is None or not isinstance(origin.bound, ast.Name | ast.Attribute | ast.Call):
            break
        bound = origin.bound
        if isinstance(bound, ast.Call):
            called = bound
        origin = modules.origin(origin.module, bound.func if isinstance(bound, ast.Call) else bound)
    return origin, called


def _class(modules: Modules, module: Module, node: ast.ClassDef, called: ast.Call | None) -> Own:
    kind = _class_kind(modules, module, node, 0)
    if kind == "plain" and not (called or node.bases or node.keywords or node.decorator_list or _carries_marks(node)):
        kind = "hider"
    problem = None
    if kind == "wrapper" and called and called.args:
        problem = ("takes its arguments by name", f"write `@{node.name}(name=...)`")
    return Own(kind, node.name, problem=problem)


def _class_kind(modules: Modules, module: Module, node: ast.ClassDef, depth: int) -> Kind:
    for base in node.bases:
        origin = modules.origin(module, base)
        if origin.ours in _CLASSES:
            return _CLASSES[origin.ours]
        if isinstance(origin.bound, ast.ClassDef) and origin.module and depth < _DEPTH:
            found = _class_kind(modules, origin.module, origin.bound, depth + 1)
            if found != "plain":
                return found
    return "plain"


def _function(modules: Modules, module: Module, node: Function, called: ast.Call | None) -> Own:
    for each in node.decorator_list:
        origin = modules.origin(module, each.func if isinstance(each, ast.Call) else each)
        if origin.ours == "user_step_decorator":
            return Own("wrapper", node.name, problem=_problem(node, called))
    return Own("hider" if _hides(node, called is not None) else "plain", node.name)


def _problem(node: Function, called: ast.Call | None) -> tuple[str, str] | None:
    """What keeps a function from being a user step decorator, or from being used as here."""
    count = len(node.args.posonlyargs) + len(node.args.args)
    if not any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _inner(node)):
        return "does not yield", "let it `yield` once, where the step is to run"
    if count not in (_PLAIN, _WITH_ATTRIBUTES):
        return (
            f"takes {count} arguments",
            "let it take `step_name, flow, inputs` and, where it is used with arguments, `attributes`",
        )
    if called and called.args:
        return "takes its arguments by name", f"write `@{node.name}(name=...)`"
    if called and called.keywords and count == _PLAIN:
        return "takes no arguments", "let its function take a fourth argument, `attributes`: a dict of them"
    return None


_PLAIN, _WITH_ATTRIBUTES = 3, 4


def _inner(node: Function) -> Iterator[ast.AST]:
    """The nodes of a function's own body, without those of functions and classes inside it."""
    stack: list[ast.AST] = list(reversed(node.body))
    while stack:
        each = stack.pop()
        yield each
        if not isinstance(each, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(each))


def _hides(node: Function, called: bool) -> bool:
    """Whether a decorator surely returns a bare function of its own in place of the step: none of its returns is another."""
    if called:
        inner = _returned(node)
        return len(inner) == 1 and inner[0] is not None and _hides(inner[0], called=False)
    found = _returned(node)
    return (
        bool(found) and all(each is not None and not each.decorator_list for each in found) and not _carries_marks(node)
    )


def _returned(node: Function) -> list[Function | None]:
    """The function defined inside that each `return` returns; None for a return of anything else."""
    defined = {each.name: each for each in node.body if isinstance(each, _FUNCTIONS)}
    return [
        defined.get(each.value.id) if isinstance(each.value, ast.Name) else None
        for each in _inner(node)
        if isinstance(each, ast.Return)
    ]


def _carries_marks(node: Function | ast.ClassDef) -> bool:
    """Whether the text may carry a step's marks over by hand: `wrapper.__dict__.update(…)`, `update_wrapper(…)`."""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and each.attr in _CARRIES:
            return True
        if isinstance(each, ast.Name) and each.id in _CARRIES:
            return True
        if isinstance(each, _FUNCTIONS) and each.name in ("__getattr__", "__getattribute__"):
            return True
    return False


_CARRIES = frozenset(("update_wrapper", "wraps", "__dict__", "setattr", "vars", "is_step"))


Below = Literal["keeps", "hides", "unclear"]
"""What becomes of a function under a decorator below `@step`: it is found again by `__wrapped__`, or not, or the text does not tell."""


def below_step(scope: Scope, node: ast.expr) -> Below:
    """Whether the function is still found under a decorator that stands below `@step`, as `functools.wraps` has it."""
    return _Keeping(scope.modules).of_decorator(scope.module, node, 0)


_HARMLESS = frozenset(
    f"{module}.{name}" for module in ("typing", "typing_extensions") for name in ("final", "override", "no_type_check")
) | frozenset(("abc.abstractmethod", "warnings.deprecated"))
"""Decorators of the standard library that return the function, or wrap it."""


class _Keeping:
    """Looks through the decorators of a repository for whether they keep what they are given."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules

    def of_decorator(self, module: Module, node: ast.expr, depth: int, calls: int = 0) -> Below:
        """`node` as it stands behind `@`, called so many times more."""
        while isinstance(node, ast.Call):
            if self._dotted(module, node.func) == "functools.partial" and node.args:
                node, calls = node.args[0], calls - 1 if calls else 0
                continue
            node, calls = node.func, calls + 1
        if isinstance(node, ast.Lambda):
            return self._of_lambda(module, node, depth, calls)
        if depth > _DEPTH or not isinstance(node, ast.Name | ast.Attribute):
            return "unclear"
        return self._of_name(module, node, depth, calls)

    def _of_name(self, module: Module, node: ast.Name | ast.Attribute, depth: int, calls: int) -> Below:
        origin = self.modules.origin(module, node)
        if origin.ours is not None:
            return "hides"
        if origin.module is None or isinstance(origin.bound, Import):
            return self._of_other(module, node, depth, calls)
        if isinstance(origin.bound, _FUNCTIONS):
            return self._of_function(origin.module, origin.bound, 0, depth + 1, calls)
        if isinstance(origin.bound, ast.ClassDef):
            return self._of_class(origin.module, origin.bound, "__call__", depth + 1, calls)
        is_known = isinstance(origin.bound, ast.expr)
        return self.of_decorator(origin.module, origin.bound, depth + 1, calls) if is_known else "unclear"  # type: ignore[arg-type]

    def _dotted(self, module: Module, node: ast.expr) -> str:
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        bound = module.names.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(node, ast.Name) and bound is None:
            return "" if node.id in module.names else f"builtins.{node.id}"
        if not isinstance(bound, Import) or bound.level:
            return ""
        return ".".join([bound.module, *([bound.name] if bound.name else []), *reversed(names)])

    def _of_other(self, module: Module, node: ast.Name | ast.Attribute, depth: int, calls: int) -> Below:
        """Of another package: what wraps a step above `@step` does so below; or a method of an object of the repository."""
        name = self._dotted(module, node)
        if not name and isinstance(node, ast.Attribute):
            owner, _ = _resolved(self.modules, self.modules.origin(module, node.value), None)
            if isinstance(owner.bound, ast.ClassDef) and owner.module:
                return self._of_class(owner.module, owner.bound, node.attr, depth + 1, calls + 1)
        if not name:
            return "unclear"
        is_foreign = name.partition(".")[0] not in sys.stdlib_module_names
        return "keeps" if name in _HARMLESS or is_foreign else "hides"

    def _of_class(self, module: Module, node: ast.ClassDef, method: str, depth: int, calls: int) -> Below:
        """An object of the class is called; where the class itself stands there, the step would be an object."""
        if not calls:
            return "hides"
        if any(self._dotted(module, base) == "contextlib.ContextDecorator" for base in node.bases):
            return "keeps"
        found = next((each for each in node.body if isinstance(each, _FUNCTIONS) and each.name == method), None)
        if found is None:
            return "unclear"
        is_static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in found.decorator_list)
        plain = [each for each in found.decorator_list if not isinstance(each, ast.Name)]
        return "unclear" if plain else self._of_function(module, found, 0 if is_static else 1, depth, calls - 1)

    def _of_lambda(self, module: Module, node: ast.Lambda, depth: int, calls: int) -> Below:
        if calls:
            return self.of_decorator(module, node.body, depth + 1, calls - 1)
        names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
        return self._of_value(module, node.body, names[0], {}, frozenset(), depth) if names else "unclear"

    def _of_function(self, module: Module, node: Function, at: int, depth: int, calls: int) -> Below:
        """A function that takes the step at a position, or gives what takes it."""
        made = [self._dotted(module, each) for each in node.decorator_list]
        if "contextlib.contextmanager" in made:
            return "keeps" if calls else "hides"
        if any(name not in ("", "builtins.staticmethod", "builtins.classmethod") for name in made):
            return "unclear"
        return self._of_results(module, node, at, depth, calls)

    def _of_results(self, module: Module, node: Function, at: int, depth: int, calls: int) -> Below:
        defined = {each.name: each for each in _inner(node) if isinstance(each, _FUNCTIONS)}
        results = [each.value for each in _inner(node) if isinstance(each, ast.Return) and each.value is not None]
        if not results:
            return "hides"
        if calls:
            return self._of_maker(module, results, defined, depth, calls - 1)
        names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
        if len(names) <= at:
            return "unclear"
        marked = frozenset(_marked(node, names[at]))
        found: set[Below] = {self._of_value(module, each, names[at], defined, marked, depth) for each in results}
        if "keeps" in found and _is_optional(node, names[at]):
            return "keeps"
        return found.pop() if len(found) == 1 else "unclear"

    def _of_maker(
        self, module: Module, results: list[ast.expr], defined: dict[str, Function], depth: int, calls: int
    ) -> Below:
        found: list[Below] = []
        for each in results:
            if isinstance(each, ast.Name) and each.id in defined:
                found.append(self._of_function(module, defined[each.id], 0, depth + 1, calls))
            else:
                found.append(self.of_decorator(module, each, depth + 1, calls))
        return "keeps" if "keeps" in found else "hides" if set(found) == {"hides"} else "unclear"

    def _of_value(
        self,
        module: Module,
        node: ast.expr,
        step: str,
        defined: dict[str, Function],
        marked: frozenset[str],
        depth: int,
    ) -> Below:
        """What a decorator returns, given the step as `step`; `marked` are names whose `__wrapped__` it sets by hand."""
        if isinstance(node, ast.Name):
            if node.id == step or node.id in marked:
                return "keeps"
            inner = defined.get(node.id)
            return "unclear" if inner is None else self._of_inner(module, inner, step, depth)
        if isinstance(node, ast.IfExp):
            arms: set[Below] = {
                self._of_value(module, each, step, defined, marked, depth) for each in (node.body, node.orelse)
            }
            return arms.pop() if len(arms) == 1 else "unclear"
        is_call = isinstance(node, ast.Call) and depth <= _DEPTH
        return self._of_call(module, node, step, defined, marked, depth) if is_call else "unclear"  # type: ignore[arg-type]

    def _of_call(
        self,
        module: Module,
        node: ast.Call,
        step: str,
        defined: dict[str, Function],
        marked: frozenset[str],
        depth: int,
    ) -> Below:
        if self._dotted(module, node.func) == "functools.update_wrapper":
            is_it = len(node.args) > 1 and isinstance(node.args[1], ast.Name) and node.args[1].id == step
            return "keeps" if is_it else "unclear"
        if self._wraps(module, node.func, step):
            return "keeps"
        if node.args and self._of_value(module, node.args[0], step, defined, marked, depth + 1) == "keeps":
            return self.of_decorator(module, node.func, depth + 1)
        return "unclear"

    def _of_inner(self, module: Module, inner: Function, step: str, depth: int) -> Below:
        if not inner.decorator_list:
            return "hides"
        *above, nearest = inner.decorator_list
        if not self._wraps(module, nearest, step):
            return "unclear"
        kept = [self.of_decorator(module, each, depth + 1) for each in above]
        return "keeps" if all(each == "keeps" for each in kept) else "unclear"

    def _wraps(self, module: Module, node: ast.expr, step: str) -> bool:
        """`functools.wraps(step)`"""
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Name):
            return False
        return self._dotted(module, node.func) == "functools.wraps" and node.args[0].id == step


def _is_optional(node: Function, name: str) -> bool:
    """`def timed(function=None, *, unit="s")`: it also gives what takes the function, where there is none."""
    optional = (*node.args.posonlyargs, *node.args.args)[-len(node.args.defaults) :] if node.args.defaults else ()
    return any(each.arg == name for each in optional)


def _marked(node: Function, step: str) -> Iterator[str]:
    """The names that `functools.update_wrapper(name, step)` or `name.__wrapped__ = step` makes wrappers of the step."""
    for each in _inner(node):
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name) and each.value.id == step:
            for target in each.targets:
                if isinstance(target, ast.Attribute) and target.attr == "__wrapped__":
                    yield from (name.id for name in (target.value,) if isinstance(name, ast.Name))
        elif isinstance(each, ast.Expr) and isinstance(each.value, ast.Call):
            last = each.value.func.attr if isinstance(each.value.func, ast.Attribute) else _name(each.value.func)
            handed = [_name(argument) for argument in each.value.args]
            if last == "update_wrapper" and handed[1:2] == [step]:
                yield handed[0]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
