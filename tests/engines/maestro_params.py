"""Parameters of a workflow instance or a step: evaluated in each other's scope, handed on, overridden by a run or by a task's output."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.engines.maestro_reader import MODES, TYPES, check_param
from tests.engines.maestro_sel import EvaluationError, evaluated, interpolated

Json = dict[str, Any]
SIZE_LIMIT = 750_000
"""`Constants.JSONIFIED_PARAMS_STRING_SIZE_LIMIT`: characters of all parameters of an instance or a step as JSON, values and results."""
START, END = "MAESTRO_OUTPUT_START_TOKEN", "MAESTRO_OUTPUT_END_TOKEN"


class OutputError(Exception):
    """Maestro refuses what a task left between its words."""


class Scope:
    """`ParamEvaluator`: a name is what is evaluated already, then what the workflow has, then what is still to be evaluated."""

    def __init__(self, asked: Json, outer: Mapping[str, Any], answer: Callable[..., Any]) -> None:
        self._asked, self._outer, self._answer = asked, outer, answer
        self._values: Json = {}
        self._visited: set[str] = set()

    def all(self) -> Json:
        """All values, by name. Raises EvaluationError."""
        for name in self._asked:
            self._evaluate(name)
        told = {
            name: {**param, "evaluated_result": self._values[name], "evaluated_time": 0, "name": name}
            for name, param in self._asked.items()
        }
        size = len(json.dumps(told, ensure_ascii=False, separators=(",", ":")))
        if size > SIZE_LIMIT:
            raise EvaluationError(f"Parameters' total size [{size}] is larger than system limit [{SIZE_LIMIT}]")
        return self._values

    def _evaluate(self, name: str) -> Any:
        if name not in self._values:
            if name in self._visited:
                raise EvaluationError(f"param [{name}] definition contains a cyclic reference chain")
            self._visited.add(name)
            self._values[name] = self._evaluated(self._asked[name])
        return self._values[name]

    def _value(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        if name in self._outer:
            return self._outer[name]
        if name not in self._asked:
            raise EvaluationError(f"Cannot find the referenced param [{name}]")
        return self._evaluate(name)

    def _evaluated(self, param: Json) -> Any:
        kind = param["type"]
        if "expression" in param:
            return _typed(kind, evaluated(param["expression"], self._value, self._answer))
        value = param["value"]
        match kind:
            case "MAP":
                return {name: self._evaluated(inner) for name, inner in value.items()}
            case "STRING":
                return interpolated(value, self._value)
            case "STRING_ARRAY":
                return [interpolated(item, self._value) for item in value]
            case "STRING_MAP":
                return {interpolated(key, self._value): interpolated(item, self._value) for key, item in value.items()}
        return value


def _typed(kind: str, value: Any) -> Any:
    """`Parameter.setEvaluatedResult`: a LONG also takes text that is one."""
    if kind == "LONG" and isinstance(value, str):
        return int(value)
    if not isinstance(value, TYPES[kind]) or (kind == "BOOLEAN") != isinstance(value, bool):
        raise EvaluationError(f"{value!r} is no {kind}")
    return value


def merged(base: Json, given: Json) -> Json:
    """`ParamsMergeHelper.mergeParams`: what a run gives over what the definition has, maps key by key."""
    found = dict(base)
    for name, param in given.items():
        check_param(name, param)
        before = found.get(name)
        if before and before.get("mode", "MUTABLE") in ("CONSTANT", "IMMUTABLE"):
            raise EvaluationError(f"Cannot modify param with mode [{before['mode']}] for parameter [{name}]")
        if before and before["type"] != param["type"]:
            raise EvaluationError(f"ParameterDefinition type mismatch name [{name}]")
        if param["type"] == "MAP" and before:
            found[name] = {**before, "value": merged(before["value"], param["value"])}
        else:
            found[name] = param
    return found


def definitions(asked: Json, values: Json) -> Json:
    """`Parameter.toDefinition`: each evaluated parameter as one whose value is the result, but an immutable one as it was."""
    return {
        name: param if param.get("mode") == "IMMUTABLE" else _definition(param, values[name])
        for name, param in asked.items()
    }


def _definition(param: Json, value: Any) -> Json:
    if param["type"] == "MAP" and "value" in param:
        value = {key: _definition(inner, value[key]) for key, inner in param["value"].items()}
    return {key: item for key, item in param.items() if key != "expression"} | {"value": value}


def output_of(log: str) -> Json:
    """`Fabric8RuntimeExecutor.getJobOutput` and `OutputData`: what stands between the last of each word."""
    first, last = log.rfind(START) + len(START), log.rfind(END)
    if last < 0 or first >= last:
        return {}
    try:
        found = json.loads(log[first:last])
    except ValueError as error:
        raise OutputError(f"no JSON: {error}") from None
    if not isinstance(found, dict) or set(found) - {"params", "artifacts"}:
        raise OutputError(f"fields that no output has: {found}")
    for name, artifact in found.get("artifacts", {}).items():
        if (name, artifact.get("type"), set(artifact)) != ("maestro_retry", "RETRY", {"type", "retryable"}):
            raise OutputError(f"an artifact that is not known here: {artifact}")
    return found


def with_output(asked: Json, output: Json) -> Json:
    """`ParamsMergeHelper.mergeOutputDataParams`: results over parameters that the step has, of their type, and that may change."""
    for name, param in output.items():
        if name not in asked:
            raise OutputError(f"Invalid output parameter [{name}], not defined in params")
        if (
            set(param) - {"type", "value", "evaluated_result", "evaluated_time", "mode"}
            or param.get("mode", "MUTABLE") not in MODES
        ):
            raise OutputError(f"fields that no parameter has: {param}")
        if asked[name]["type"] != param["type"] or asked[name].get("mode", "MUTABLE") != "MUTABLE":
            raise OutputError(f"{name} is not the parameter's to change")
        if not isinstance(param["evaluated_time"], int):
            raise OutputError(f"{name} is not evaluated")
    return {name: param["evaluated_result"] for name, param in output.items()}
