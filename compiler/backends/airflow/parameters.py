"""The flow's parameters as Airflow's `Param`s: the trigger form asks for them, the scheduler checks them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from compiler.backends.airflow.literals import Call, Source
from compiler.backends.command import legible
from compiler.ir.flow import Dynamic, Parameter, Value

SHOWN_BYTES = 4096
"""A default longer than this stays in the code: nobody reviews it in a DAG file, and a run's parameters have a limit."""

JSON_TYPES: tuple[Source, ...] = ("object", "array", "string", "number", "boolean")
_TYPES: Mapping[str, tuple[Source, ...]] = {
    "str": ("string",),
    "int": ("integer",),
    "float": ("number",),
    "bool": ("boolean",),
    "json": JSON_TYPES,
    "file": ("string",),
}


def params(parameters: tuple[Parameter, ...], *, may_require: bool = True) -> dict[str, Source]:
    """One `Param` each, by the name of the command line.

    What is `null` when a run starts was not given: the container takes the default from the code. Where an event starts the
    run (`may_require` is False), it may bring what is required, and the container says what is missing.
    """
    return {parameter.name: _param(parameter, parameter.required and may_require) for parameter in parameters}


def _param(parameter: Parameter, required: bool) -> Call:
    types = _types(parameter)
    # The path of a file of the code is nothing that a run could be given.
    shown = parameter.has_default and parameter.type != "file" and _shown(parameter.default)
    named: list[tuple[str, Source]] = []
    if not shown and not required:
        types = (*types, "null")
    named.append(("type", types[0] if len(types) == 1 else types))
    if parameter.choices and not parameter.multiple and all(legible(choice) == choice for choice in parameter.choices):
        named.append(("enum", (*parameter.choices, *(() if "null" not in types else (None,)))))
    if parameter.help:
        named.append(("description", legible(parameter.help)))
    if required and not shown:
        return Call("Param", named=tuple(named))
    default = parameter.default if shown else None
    assert not isinstance(default, Dynamic)
    return Call("Param", (default,), tuple(named))


def _types(parameter: Parameter) -> tuple[Source, ...]:
    """JSON Schema's types, the one that the form shows first."""
    if parameter.multiple:
        return ("array",)
    if parameter.separator is not None:
        return ("string", "array")
    types = _TYPES.get(parameter.type, ("string",))
    first = _type_of(parameter.default)
    return (first, *(each for each in types if each != first)) if len(types) > 1 and first else types


def _type_of(default: Value | Dynamic) -> str | None:
    if isinstance(default, Mapping):
        return "object"
    if isinstance(default, tuple | list):
        return "array"
    return "string" if isinstance(default, str) else None


def _shown(default: Value | Dynamic) -> bool:
    if default is None or isinstance(default, Dynamic):
        return False
    if isinstance(default, float) and not math.isfinite(default):
        return False
    import json  # noqa: PLC0415 - many flows have no parameter

    text = json.dumps(default, default=dict, ensure_ascii=False)
    return len(text) <= SHOWN_BYTES and legible(text) == text and "\\u0000" not in text
