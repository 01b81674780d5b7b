"""`@airflow_external_task_sensor` and `@airflow_s3_key_sensor`: what a run waits for before its first step.

Their texts are Airflow's own: a `{{ ds }}` in a key is a template there, as the author means it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping

from compiler.backends.airflow.literals import Call, Source
from compiler.backends.airflow.models import is_texts
from compiler.backends.airflow.segments import MOST_ID
from compiler.backends.fields import is_text
from compiler.backends.names import within
from compiler.ir.flow import Decorator, Dynamic, Flow, Span, Value
from compiler.slotted_class import record

STATES = frozenset(
    [
        "queued",
        "running",
        "success",
        "shutdown",
        "failed",
        "up_for_retry",
        "up_for_reschedule",
        "upstream_failed",
        "skipped",
    ]
)
_TASK_ID = r"[A-Za-z0-9_.-]+"
_DELTA = frozenset(["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"])


def _is_flag(value: Value) -> bool:
    return isinstance(value, bool)


def _is_amount(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _are_states(value: Value) -> bool:
    return (is_text(value) and value in STATES) or (is_texts(value) and set(_listed(value)) <= STATES)


def _is_text_or_texts(value: Value) -> bool:
    return is_text(value) or (is_texts(value) and bool(value))


_STATES = (_are_states, f"a list of {', '.join(f'`{state}`' for state in sorted(STATES))}")
_TEXT = (is_text, "a text")
_FLAG = (_is_flag, "True or False")
_SECONDS = (_is_amount, "a number of seconds")

_Takes = tuple[Callable[[Value], bool], str]
_BOTH: Mapping[str, _Takes] = {
    "timeout": _SECONDS,
    "poke_interval": _SECONDS,
    "mode": (lambda value: value in ("poke", "reschedule"), "`poke` or `reschedule`"),
    "exponential_backoff": _FLAG,
    "pool": _TEXT,
    "soft_fail": _FLAG,
    "name": (lambda value: isinstance(value, str) and re.fullmatch(_TASK_ID, value) is not None, "a task id"),
    "description": _TEXT,
}
_OPTIONS: Mapping[str, Mapping[str, _Takes]] = {
    "airflow_external_task_sensor": {
        **_BOTH,
        "external_dag_id": _TEXT,
        "external_task_ids": (_is_text_or_texts, "a list of texts"),
        "allowed_states": _STATES,
        "failed_states": _STATES,
        "check_existence": _FLAG,
    },
    "airflow_s3_key_sensor": {
        **_BOTH,
        "bucket_key": (_is_text_or_texts, "a text or a list of texts"),
        "bucket_name": _TEXT,
        "wildcard_match": _FLAG,
        "aws_conn_id": _TEXT,
        "verify": (lambda value: is_text(value) or _is_flag(value), "True, False or a path"),
    },
}
_NEEDED = {"airflow_external_task_sensor": "external_dag_id", "airflow_s3_key_sensor": "bucket_key"}
_OPERATORS = {"airflow_external_task_sensor": "ExternalTaskSensor", "airflow_s3_key_sensor": "S3KeySensor"}
_DEFAULTS: Mapping[str, Value] = {
    "timeout": 3600,
    "poke_interval": 60,
    "mode": "reschedule",
    "exponential_backoff": True,
}
_OWN_DEFAULTS: Mapping[str, Mapping[str, Value]] = {
    "airflow_external_task_sensor": {"allowed_states": ("success",), "check_existence": True},
    "airflow_s3_key_sensor": {},
}
_LISTS = frozenset({"external_task_ids", "allowed_states", "failed_states"})


@record
class Wrong:
    """An option that has no spelling: its name, what it is, what would do, and where it stands."""

    option: str
    value: str
    wants: str
    span: Span


def sensors(flow: Flow) -> tuple[Decorator, ...]:
    """The sensors in the author's order."""
    return tuple(each for each in flow.decorators if each.name in _OPERATORS)


def wrong(flow: Flow) -> Iterator[Wrong]:
    """What of the sensors' options Airflow cannot be told."""
    names: set[str] = set()
    for number, sensor in enumerate(sensors(flow), 1):
        needed = _NEEDED[sensor.name]
        if sensor.get(needed) is None:
            yield Wrong(needed, "not given", "what it waits for", sensor.span)
        for option, value in sensor.arguments:
            told = _wrong(sensor, option, value)
            if told:
                shown = f"`{value.text}`" if isinstance(value, Dynamic) else f"`{value!r}`"
                yield Wrong(option, shown, told, sensor.span_of(option))
        name = task_id(sensor, number)
        if name in flow.steps or name in names:
            yield Wrong("name", f"`{name}`", "a name of its own", sensor.span_of("name"))
        names.add(name)


def _wrong(sensor: Decorator, option: str, value: Value | Dynamic) -> str | None:
    if value is None:
        return None
    if option == "execution_delta":
        return None if _delta(value) else "`timedelta(…)` with numbers"
    takes, wants = _OPTIONS[sensor.name][option]
    return None if not isinstance(value, Dynamic) and takes(value) else wants


def task_id(sensor: Decorator, number: int) -> str:
    """The author's name for it, or one that no step has."""
    name = sensor.get("name")
    return within(name, MOST_ID) if isinstance(name, str) else f"_sensor_{number}"


def sensor_call(sensor: Decorator, number: int) -> Call:
    """The operator of a sensor whose options `wrong` let pass; Metaflow's defaults where the author says nothing."""
    named: dict[str, Source] = {"task_id": task_id(sensor, number)}
    said = {option: value for option, value in sensor.arguments if value is not None and option != "name"}
    needed = _NEEDED[sensor.name]
    given = {needed: said[needed], **_DEFAULTS, **_OWN_DEFAULTS[sensor.name], **said}
    for option, value in given.items():
        if option == "execution_delta":
            named[option] = Call("timedelta", named=_delta(value))
        else:
            assert not isinstance(value, Dynamic), "a value that `wrong` let pass"
            name = "doc" if option == "description" else option
            named[name] = [*_listed(value)] if option in _LISTS else value
    return Call(_OPERATORS[sensor.name], named=tuple(named.items()))


def _listed(value: Value) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple | list) else (str(value),)


def _delta(value: Value | Dynamic) -> tuple[tuple[str, Source], ...]:
    """The arguments of a `timedelta(…)` whose text says them all; nothing where it does not."""
    call = ast.parse(value.text, mode="eval").body if isinstance(value, Dynamic) else None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) not in (
        "timedelta",
        "datetime.timedelta",
        "dt.timedelta",
    ):
        return ()
    found = dict(zip(("days", "seconds"), call.args, strict=False)) | {
        each.arg: each.value for each in call.keywords if each.arg
    }
    named = [(name, number.value) for name, number in found.items() if isinstance(number, ast.Constant)]
    numbers = [(name, number) for name, number in named if name in _DELTA and isinstance(number, int | float)]
    return tuple(numbers) if len(numbers) == len(call.args) + len(call.keywords) else ()
