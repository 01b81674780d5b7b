"""The transition of a step whose code did not reach it: read from the source, where `@catch` goes on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowc.exceptions import InvalidNextException
from flowc.lean import TYPE_CHECKING
from flowc.work import Transition

if TYPE_CHECKING:
    from flowc.sources import Loaded


def static_transition(loaded: Loaded, step: str) -> Transition | None:
    """What the step's only plain `self.next(self.a, …)` says; None where it has none, as in the last step."""
    found = {tuple(targets) for targets in _targets(loaded, step)}
    if not found:
        return None
    if len(found) > 1:
        raise InvalidNextException(f"step {step!r} has several transitions: @catch does not know which to take")
    names = found.pop()
    joins = len(names) == 1 and names[0] in loaded.steps and loaded.steps[names[0]].join
    return Transition(names, "split" if len(names) > 1 else "", "", None, None, joins)


def _targets(loaded: Loaded, step: str) -> Iterator[list[str]]:
    code = loaded.steps[step].code
    with open(code.co_filename, "rb") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name and _begins(node, code.co_firstlineno):
            this = node.args.args[0].arg
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and _is_next(call.func, this):
                    yield [argument.attr for argument in call.args if isinstance(argument, ast.Attribute)]


def _begins(node: ast.FunctionDef, line: int) -> bool:
    return line in (node.lineno, *(decorator.lineno for decorator in node.decorator_list))


def _is_next(function: ast.expr, this: str) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "next"
        and isinstance(function.value, ast.Name)
        and function.value.id == this
    )
