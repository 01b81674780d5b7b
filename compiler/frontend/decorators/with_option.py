"""`--with retry:times=2`: decorators that a call adds to every step that has none of their name."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from compiler.diagnostics import Report
from compiler.documents import NotParsed, parse_json, shallow
from compiler.frontend.decorators.language import REPEATABLE, STEP
from compiler.frontend.decorators.options import check_options, with_numbers
from compiler.frontend.findings.suggest import did_you_mean
from compiler.ir.flow import Decorator, Flow, Span, Step, Value
from compiler.mistakes import CallError
from compiler.slotted_class import replaced

_NEXT = r",(?=\s*[A-Za-z_]\w*=)"
_HERE = Span("--with", 1, 1, 1, 2)
_ADDABLE = {name: options for name, options in STEP.items() if name != "parallel"}


def add(flow: Flow, specs: tuple[str, ...], report: Report) -> Flow:
    """The flow with these decorators on its steps, outermost; a value that is wrong there is found at each step.

    Raises CallError for what is no decorator of the language, or not one of its options.
    """
    added = with_numbers(tuple(_decorator(spec) for spec in specs))
    if not added:
        return flow
    steps = {name: _with(step, added) for name, step in flow.steps.items()}
    found = replaced(flow, steps=steps, added=added)
    mistakes = Report()
    check_options(found, mistakes)
    if mistakes.failed:
        report.take(mistakes)
    return found


def wrong_spec(spec: str) -> str | None:
    """Why a text adds no decorator; None where it does."""
    try:
        _decorator(spec)
    except CallError as error:
        return str(error).removeprefix(f"--with {spec}: ")
    return None


def _with(step: Step, added: tuple[Decorator, ...]) -> Step:
    present = {decorator.name for decorator in step.decorators}
    more = [each for each in added if each.name in REPEATABLE or each.name not in present]
    placed = tuple(Decorator(each.name, each.arguments, step.span) for each in more)
    return replaced(step, decorators=(*placed, *step.decorators))


def _decorator(spec: str) -> Decorator:
    name, _, text = spec.partition(":")
    if name not in _ADDABLE:
        raise CallError(f"--with {spec}: no decorator of steps is called `{name}`{did_you_mean(name, _ADDABLE)}")
    arguments: dict[str, Value] = {}
    for part in re.split(_NEXT, text) if text else ():
        option, equals, value = part.strip().partition("=")
        if not equals or option not in _ADDABLE[name]:
            listed = "; it takes " + (", ".join(_ADDABLE[name]) or "none")
            near = did_you_mean(option, _ADDABLE[name]) or listed
            raise CallError(f"--with {spec}: @{name} has no argument `{option}`{near}")
        arguments[option] = _value(value)
    return Decorator(name, tuple(arguments.items()), _HERE)


def _value(text: str) -> Value:
    """JSON, or a literal of Python's; else the text itself."""
    for read in (parse_json, ast.literal_eval):
        try:
            return _frozen(shallow(read(text)))
        except (NotParsed, ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return text


def _frozen(value: object) -> Value:
    if isinstance(value, Mapping):
        return {str(name): _frozen(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(value)
