"""What a flow declares once its module has been imported: decorators, parameters, what mutators have changed.

`python -m flowc declare DESCRIPTOR ROOT FLOW` imports the module and writes one JSON object to the descriptor. The compiler starts
it (`--import`), in a process that has no network, no environment and no input, and sees no other.
"""

from __future__ import annotations

import json
import math
import os
import types
from collections.abc import Iterator, Mapping

from flowc.artifacts.failure import failure_of, is_authors
from flowc.exceptions import CallMistake
from flowc.language import configs
from flowc.language.decorators import Mark, StepMarks
from flowc.language.parameters import DeployTimeField, JSONType, Parameter
from flowc.source import isolation
from flowc.source.module import Loaded, prepare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DEEPEST = 60


def main(descriptor: int, root: str, flow: str) -> int:
    """Import, and tell what is declared or how that failed; the process's exit code."""
    os.set_inheritable(descriptor, False)
    isolation.isolate(descriptor)
    out = os.fdopen(descriptor, "wb")
    os.environ["FLOWC_MUTATED"] = "1"
    configs.DECLARING.append(lambda name: DeployTimeField(flow.rpartition(":")[2], name))
    os.chdir(root)
    try:
        told = _declared(prepare(flow, root))
    except CallMistake as error:
        told = {"mistake": str(error)}
    except BaseException as error:  # noqa: BLE001 - the author's module may raise anything
        told = {"failure": _failure(error)}
    with out:
        out.write(json.dumps(told).encode())
    return 0


def _failure(error: BaseException) -> dict[str, Any]:
    found = failure_of(error)
    frames = [(place.tb_frame.f_code.co_filename, place.tb_lineno) for place in _places(error)]
    frames = [(file, line) for file, line in frames if is_authors(file)]
    return {"type": type(error).__qualname__, "text": found.exception, "trace": found.stacktrace, "frames": frames}


def _places(error: BaseException) -> Iterator[types.TracebackType]:
    place = error.__traceback__
    while place is not None:
        yield place
        place = place.tb_next


def _declared(loaded: Loaded) -> dict[str, Any]:
    name = loaded.name
    return {
        "decorators": [_mark(mark, name) for mark in loaded.marks],
        "parameters": [_parameter(parameter) for parameter in loaded.parameters],
        "steps": {step: _step(marks, name) for step, marks in loaded.steps.items()},
        "mutated": loaded.is_mutated,
        "configs": {key: {part: _worth(each) for part, each in found.items()} for key, found in configs.TOLD.items()},
    }


def _step(marks: StepMarks, flow: str) -> dict[str, Any]:
    wrappers = [{"name": type(each).__name__, "by": each.inserted_by} for each in marks.wrappers]
    return {"decorators": [_mark(mark, flow) for mark in marks.decorators], "wrappers": wrappers}


def _mark(mark: Mark, flow: str) -> dict[str, Any]:
    arguments = {name: _worth(_read(mark, name, flow)) for name in mark.given}
    return {"name": mark.name, "arguments": arguments, "by": mark.inserted_by}


def _read(mark: Mark, option: str, flow: str) -> Any:
    value = mark.attributes[option]
    if mark.name in ("trigger", "trigger_on_finish"):
        return _called(value, flow, option)
    return _named(value) if mark.name == "exit_hook" else value


def _called(value: Any, flow: str, option: str) -> Any:
    """What a function that stands for a value gives; those inside of lists and dicts too."""
    if isinstance(value, types.FunctionType):
        return value(DeployTimeField(flow, option))
    if isinstance(value, (list, tuple)):
        return [_called(item, flow, option) for item in value]
    if isinstance(value, dict):
        return {_called(key, flow, option): _called(item, flow, option) for key, item in value.items()}
    return value


def _named(value: Any) -> Any:
    """The names of functions that are called later."""
    if isinstance(value, (list, tuple)):
        return [_named(item) for item in value]
    return f"{value.__module__}.{value.__qualname__}" if isinstance(value, types.FunctionType) else value


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "attribute": parameter.attribute,
        "name": parameter.name,
        "type": _type(parameter),
        "default": _worth(parameter.default),
        "callable": callable(parameter.default),
        "required": parameter.required,
        "help": parameter.help if isinstance(parameter.help, str) else None,
        "multiple": parameter.multiple,
        "separator": parameter.separator,
        "choices": [str(choice) for choice in parameter.choices],
        "by": parameter.inserted_by,
    }


def _type(parameter: Parameter) -> str:
    kind = parameter.type
    if kind is JSONType:
        return "json"
    return kind.__name__ if isinstance(kind, type) else "str"


def _worth(value: Any) -> dict[str, Any]:
    """`{"value": …}` where JSON has it, else `{"opaque": text}`."""
    try:
        return {"value": _plain(value, 0)}
    except TypeError:
        return {"opaque": type(value).__name__}


def _plain(value: Any, depth: int) -> Any:
    """The value as JSON has it. Raises TypeError."""
    if depth > _DEEPEST:
        raise TypeError(value)
    if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, Mapping) and all(type(key) is str for key in value):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    raise TypeError(value)
