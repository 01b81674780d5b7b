"""The flow's parameters: of the first step, and of the pipeline where the source says a default."""

from __future__ import annotations

import json
from collections.abc import Iterator

from compiler.backends.command import legible
from compiler.ir.flow import Dynamic, Parameter, Value
from compiler.ir.plan import Plan
from flowc_valohai.scalars import scalar

_MOST_DEFAULT = 4096


def default_text(parameter: Parameter) -> str | None:
    """The default as one would write it on a command line; None where it is left to the code."""
    if not parameter.has_default or parameter.multiple or parameter.separator or parameter.type == "file":
        return None
    text = _text(parameter, parameter.default)
    if text is None or len(text.encode("utf-8", "surrogatepass")) > _MOST_DEFAULT or legible(text) != text:
        return None
    return text if not parameter.choices or text in parameter.choices else None


def _text(parameter: Parameter, value: Value | Dynamic) -> str | None:
    if value is None or isinstance(value, Dynamic):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value or None  # an empty one may not be told from none
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(value, default=dict) if parameter.type == "json" else None


def of_first_step(plan: Plan) -> Iterator[str]:
    """The items of the first step's `parameters`: texts, which the step converts as a command line does."""
    for parameter in plan.parameters:
        yield f"- name: {scalar(parameter.name)}"
        yield "  type: string"
        if not parameter.required:
            yield "  optional: true"
        default = default_text(parameter)
        if default is not None:
            yield f"  default: {scalar(default)}"
        if parameter.help:
            yield f"  description: {scalar(legible(parameter.help))}"
        if parameter.choices and all(legible(choice) == choice for choice in parameter.choices):
            yield f"  choices: [{', '.join(map(scalar, parameter.choices))}]"


def of_pipeline(plan: Plan, first: str) -> Iterator[str]:
    """The items of the pipeline's `parameters`. One without a default would give the first step an empty text."""
    for parameter in plan.parameters:
        default = default_text(parameter)
        if default is not None:
            yield f"- name: {scalar(parameter.name)}"
            yield f"  default: {scalar(default)}"
            yield f"  targets: [{scalar(f'{first}.parameter.{parameter.name}')}]"
