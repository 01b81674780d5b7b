"""Decorators of the author's own: what each is, as far as its text tells, across the modules of the repository."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

from compiler.frontend.text.modules import Function, Module, Modules, Origin
from compiler.ir.flow import Span
from compiler.slotted_class import record

WRAPPER = "user_step_decorator"
"""What every user step decorator is called in the IR; its argument `name` is that of its function or class."""

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
