"""The transition of a step whose code did not reach it, read from the source: `@catch` goes on, or a decorator has left it out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from flowc.artifacts.work import Transition
from flowc.exceptions import InvalidNextException
from flowc.language.decorators import StepMarks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def static_transition(steps: Mapping[str, StepMarks], step: str) -> Transition | None:
    """What the step's only plain `self.next(self.a, …)` says; None where it has none, as in the last step."""
    found = {tuple(targets) for targets in _targets(steps, step)}
    if not found:
        return None
    if len(found) > 1:
        raise InvalidNextException(f"step {step!r} has several transitions: @catch does not know which to take")
    names = found.pop()
    joins = len(names) == 1 and names[0] in steps and steps[names[0]].join
    return Transition(names, "split" if len(names) > 1 else "", "", None, None, joins)


def repeat_next(flow: Any, marks: StepMarks, said: Mapping[str, Any]) -> None:
    """Call `self.next(...)` as the last statement of the step does, with other values for the keywords that it has.

    Nothing where the step has no transition. Raises InvalidNextException where `said` would change the graph.
    """
    found = list(_calls(marks))
    if not found:
        return
    call, this = found[-1]
    known = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    unknown = [name for name in said if name not in known]
    if unknown:
        raise InvalidNextException(
            f"a decorator of step {marks.name!r} gives self.next {unknown[0]!r}, which the step's own does not have: "
            "the graph is what the source says"
        )

    def worth(node: ast.expr) -> Any:
        try:
            return eval(compile(ast.Expression(node), marks.code.co_filename, "eval"), marks.names, {this: flow})
        except NameError as error:
            raise InvalidNextException(
                f"step {marks.name!r} did not run to its end, and its self.next(...) needs what it would have set: {error}"
            ) from None

    keywords = {name: said[name] if name in said else worth(node) for name, node in known.items()}
    flow.next(*[worth(node) for node in call.args], **keywords)


def _targets(steps: Mapping[str, StepMarks], step: str) -> Iterator[list[str]]:
    for call, _ in _calls(steps[step]):
        yield [argument.attr for argument in call.args if isinstance(argument, ast.Attribute)]


def _calls(marks: StepMarks) -> Iterator[tuple[ast.Call, str]]:
    """The calls of `self.next` in a step's source, each with what the step calls `self`, in their order."""
    code = marks.code
    with open(code.co_filename, "rb") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name and _begins(node, code.co_firstlineno):
            this = node.args.args[0].arg
            found = [each for each in ast.walk(node) if isinstance(each, ast.Call) and _is_next(each.func, this)]
            for call in sorted(found, key=lambda each: (each.lineno, each.col_offset)):
                yield call, this


def _begins(node: ast.FunctionDef, line: int) -> bool:
    return line in (node.lineno, *(decorator.lineno for decorator in node.decorator_list))


def _is_next(function: ast.expr, this: str) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "next"
        and isinstance(function.value, ast.Name)
        and function.value.id == this
    )
