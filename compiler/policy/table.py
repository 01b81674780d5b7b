"""`[tool.flowc.policy]`: its keys, what each takes, and what the policy team's table says by them.

A key has its value, or a table with `value` and, as `reason`, why: `retry` and `timeout` take the words of their decorators there.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from typing import cast

from compiler.backends.targets import known_targets
from compiler.diagnostics import Note, Report
from compiler.frontend.decorators.language import FLOW, STEP
from compiler.frontend.findings.suggest import did_you_mean
from compiler.ir.flow import Span, Value
from compiler.policy import findings
from compiler.slotted_class import fresh, record

TABLE = "policy"
REQUIRABLE = frozenset((*STEP, *FLOW)) - {"parallel"}
_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600}
_LONGEST_PATTERN, _DAY = 500, 24 * 60


@record
class Key:
    """One key of the table: what its value is where the settings say this, or None; how that is told; an example.

    `words` stand in its long form, as one table beside `reason`; one word is its value itself.
    """

    reads: Callable[[Value], Value]
    wants: str
    example: str
    words: tuple[str, ...] = ("value",)


@record
class Demand:
    """What the policy asks for by one key, and why, where it says so."""

    key: str
    value: Value
    reason: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The value of a key that is a list of text."""
        return cast("tuple[str, ...]", self.value)

    @property
    def number(self) -> float:
        """The value of a key that is a number."""
        return cast(float, self.value)


@record
class Policy:
    """The table, read. `place` is where one of its keys stands; `locked`: no comment silences what a flow breaks."""

    place: Callable[[str], Span]
    demands: Mapping[str, Demand] = fresh(default_factory=dict)
    locked: bool = False
    rules: tuple[str, ...] = ()

    def note(self, key: str) -> Note:
        """The key as the second place of a finding."""
        return Note(self.place(key), "the policy says so here")


def _texts(value: Value) -> Value:
    is_list = isinstance(value, tuple) and all(isinstance(each, str) and each for each in value)
    return value if is_list and value else None


def _decorators(value: Value) -> Value:
    return value if _texts(value) and set(_words(value)) <= REQUIRABLE else None


def _targets(value: Value) -> Value:
    return value if _texts(value) and all(each in known_targets(each) for each in _words(value)) else None


def _words(value: Value) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, tuple) else ()


def _whole(least: int) -> Callable[[Value], Value]:
    return lambda value: value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None


def _minutes(value: Value) -> Value:
    return value if _whole(1)(value) and cast(int, value) <= _DAY else None


def _number(value: Value) -> Value:
    return (
        value if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf") else None
    )


def _seconds(value: Value) -> Value:
    """A number of seconds, or a table of hours, minutes and seconds."""
    parts = value if isinstance(value, Mapping) else {"seconds": value}
    numbers = [_number(part) for part in parts.values()]
    if any(number is None for number in numbers):
        return None
    return sum(_UNITS[unit] * cast(float, number) for unit, number in zip(parts, numbers, strict=True)) or None


def _owner(value: Value) -> Value:
    return ("*",) if value is True else _texts(value)


def _pattern(value: Value) -> Value:
    return value if isinstance(value, str) and not fault_of(value) else None


def _never(value: Value) -> Value:
    return value if value is False else None


_GLOBS = "a list of texts, each with `*` for any letters"
_PATTERN = f"a regular expression of at most {_LONGEST_PATTERN} letters"
_MEBIBYTES = "a number of mebibytes"
KEYS: Mapping[str, Key] = {
    "require": Key(_decorators, "a list of decorators of the flow language", 'require = ["retry", "timeout"]'),
    "retry": Key(_whole(1), "a whole number of retries from 1 on", "retry = 2", ("times",)),
    "timeout": Key(_seconds, "a number of seconds above 0", "timeout = { hours = 6 }", tuple(_UNITS)),
    "cpu": Key(_number, "a number of CPUs", "cpu = 16"),
    "gpu": Key(_whole(0), "a whole number of GPUs", "gpu = 1"),
    "memory": Key(_number, _MEBIBYTES, "memory = 65536"),
    "disk": Key(_number, _MEBIBYTES, "disk = 102400"),
    "shared_memory": Key(_number, _MEBIBYTES, "shared_memory = 1024"),
    "images": Key(_texts, _GLOBS, 'images = ["registry.example.com/*"]'),
    "registries": Key(_texts, _GLOBS, 'registries = ["registry.example.com"]'),
    "tags": Key(_texts, "a list of tags, each alone or with its value: `team=*`", 'tags = ["team=*"]'),
    "owner": Key(_owner, "true, or " + _GLOBS, 'owner = ["team-*"]'),
    "flow_name": Key(_pattern, _PATTERN, "flow_name = '[A-Z][A-Za-z]+Flow'"),
    "step_name": Key(_pattern, _PATTERN, "step_name = '[a-z_]+'"),
    "forbidden_targets": Key(_targets, "a list of targets", 'forbidden_targets = ["airflow"]'),
    "catchup": Key(_never, "false", "catchup = false"),
    "schedule": Key(_minutes, f"a whole number of minutes from 1 to {_DAY}", "schedule = 60", ("minutes",)),
}
"""What a flow is asked for, in the order of docs/policy.md."""

_LOCKED, _RULES = "locked", "rules"


def read_policy(table: Mapping[str, Value], place: Callable[[str], Span], report: Report) -> Policy:
    """The policy; what cannot be understood is reported at its line, and the rest holds."""
    demands: dict[str, Demand] = {}
    for name, said in table.items():
        if name in KEYS:
            demand = _demand(name, KEYS[name], said, place, report)
            demands |= {name: demand} if demand else {}
        elif name not in (_LOCKED, _RULES):
            meant = did_you_mean(name, (*KEYS, _LOCKED, _RULES))
            report.add(findings.UNKNOWN_KEY, place(name), table=f"[tool.flowc.{TABLE}]", key=name, meant=meant)
    locked, rules = table.get(_LOCKED, False), table.get(_RULES)
    if not isinstance(locked, bool):
        _refuse(_LOCKED, "true or false", "locked = true", locked, place, report)
    if rules is not None and _texts(rules) is None:
        _refuse(_RULES, "a list of names", 'rules = ["acme"]', rules, place, report)
        rules = None
    return Policy(place, demands, locked is not False, tuple(dict.fromkeys(cast("tuple[str, ...]", rules or ()))))


def _demand(name: str, key: Key, said: Value, place: Callable[[str], Span], report: Report) -> Demand | None:
    reason: Value = ""
    if isinstance(said, Mapping):
        if strange := [word for word in said if word not in (*key.words, "reason")]:
            table, meant = f"[tool.flowc.{TABLE}.{name}]", did_you_mean(strange[0], (*key.words, "reason"))
            report.add(findings.UNKNOWN_KEY, place(name), table=table, key=strange[0], meant=meant)
            return None
        reason = said.get("reason", "")
        said = {word: said[word] for word in key.words if word in said}
        said = next(iter(said.values()), None) if len(key.words) == 1 else said
    if not isinstance(reason, str):
        _refuse(f"reason` of `{name}", "a text", 'reason = "Spot nodes go away."', reason, place, report, name)
        return None
    value = key.reads(said)
    if value is None:
        why = fault_of(said) if key.reads is _pattern and isinstance(said, str) else ""
        _refuse(name, key.wants + (why and f" ({why})") + _unknown(key, said), key.example, said, place, report)
        return None
    return Demand(name, value, " ".join(reason.split()))


def _unknown(key: Key, said: Value) -> str:
    """What is told of the first word of a list that is no decorator, or no target."""
    for word in _words(said):
        known = REQUIRABLE if key.reads is _decorators else known_targets(word) if key.reads is _targets else ()
        if known and word not in known:
            return f", which `{word}` is not{did_you_mean(word, tuple(known))}"
    return ""


def _refuse(
    key: str, wanted: str, example: str, found: Value, place: Callable[[str], Span], report: Report, at: str = ""
) -> None:
    shown = "nothing" if found is None else str(list(found) if isinstance(found, tuple) else found)
    facts = {"key": key, "wanted": wanted, "example": example, "found": shown.replace("`", "'")}
    report.add(findings.WRONG_VALUE, place(at or key), **facts)


def fault_of(pattern: str) -> str:
    """Why a text is no regular expression that is used here; empty where it is one."""
    if not 0 < len(pattern) <= _LONGEST_PATTERN:
        return "this one is empty" if not pattern else f"this one has {len(pattern)}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        return str(error).replace("`", "'") or type(error).__name__
    return ""
