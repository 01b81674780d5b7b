"""What EventBridge makes of a rule and an event: the input that it starts its target with, or nothing.

Written from AWS's documentation of event patterns and input transformers; an error for everything that our output does not use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|<[A-Za-z0-9]+>')
_VARIABLE = re.compile(r"<([A-Za-z0-9]+)>")


def target_input(rule: Mapping[str, Any], event: Mapping[str, Any]) -> Any:
    """The machine's input, or None where the pattern does not match; `rule` has the properties of an `AWS::Events::Rule`."""
    assert set(rule) <= {"Name", "Description", "EventBusName", "State", "EventPattern", "Targets"}
    assert rule["State"] == "ENABLED"
    if not _matches(rule["EventPattern"], event):
        return None
    (target,) = rule["Targets"]
    transformer = target["InputTransformer"]
    paths = {name: _at(event, path) for name, path in transformer["InputPathsMap"].items()}
    return json.loads(_PIECE.sub(lambda match: _filled(match[0], paths), transformer["InputTemplate"]))


def _matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    return all(
        _matches(wanted, event.get(key) or {}) if isinstance(wanted, dict) else _any(wanted, key, event)
        for key, wanted in pattern.items()
    )


def _any(wanted: list[Any], key: str, event: Mapping[str, Any]) -> bool:
    assert wanted
    return any(_one(each, key, event) for each in wanted)


def _one(wanted: Any, key: str, event: Mapping[str, Any]) -> bool:
    if not isinstance(wanted, dict):
        return key in event and bool(event[key] == wanted)
    ((operator, value),) = wanted.items()
    if operator == "exists":
        return (key in event) is bool(value)
    assert operator == "suffix", operator
    return str(event.get(key, "")).endswith(value)


def _at(event: Mapping[str, Any], path: str) -> Any:
    found: Any = event
    for part in path.removeprefix("$.").split("."):
        found = found[part]
    return found


def _filled(piece: str, values: Mapping[str, Any]) -> str:
    """Between quotes the plain text, without any escape; elsewhere JSON."""
    if piece.startswith("<"):
        return json.dumps(values[piece[1:-1]])
    return _VARIABLE.sub(lambda match: str(values[match[1]]), piece)
