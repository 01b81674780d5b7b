"""`default_args` of `[tool.flowc.airflow]`: arguments that every task of the DAG has, typed where Airflow types them.

What would change the flow's meaning is refused by name. `retries` is an engine's answer for the steps whose author says none: each
has them as if `@retry` stood there, in the runtime, too, so that `@catch` waits for the last attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from compiler.backends import Options
from compiler.backends.airflow.literals import Call, Code, Source
from compiler.backends.fields import is_text, names
from compiler.ir.flow import Value
from compiler.ir.options import has
from compiler.ir.plan import Plan, Task, attempts_of_all
from compiler.slotted_class import record

RETRIES, DELAY, BACKOFF = "retries", "retry_delay", "retry_exponential_backoff"
_MOST = 1_000_000
_MINUTE = 60
_PAUSE = 300.0
"""Seconds between the attempts of a step where nobody says: Airflow's own."""

_OURS = "flowc itself gives it"
_SKIPS = "a step would run or wait by other rules than the flow's"
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        ("append_env", "arguments", "bash_command", "cmds", "do_xcom_push", "env", "env_vars", "image", "inlets",
         "map_index_template", "multiple_outputs", "outlets", "output_processor", "params", "pre_execute", "post_execute",
         "skip_on_exit_code", "task_id"), _OURS),
    **dict.fromkeys(("dag", "dag_id", "schedule", "start_date", "end_date", "catchup", "tags"), "it is the DAG's, and no task's"),
    **dict.fromkeys(("run_as_owner", "task_concurrency", "sla", "provide_context"), "not every Airflow from 2.11 to 3.x has it"),
}  # fmt: skip
"""Arguments that `default_args` may not give, and why."""
_ONLY: Mapping[str, Value] = {
    "depends_on_past": False,
    "ignore_first_depends_on_past": True,
    "trigger_rule": "all_success",
    "wait_for_downstream": False,
    "wait_for_past_depends_before_skipping": False,
}
"""Arguments that may say what holds anyway, as templates of Airflow's do; any other value would change the flow's meaning."""


@record
class _Kind:
    """What an argument takes, how a message says so, and how it is spelled. Values of a command line are texts."""

    wants: str
    read: Callable[[Value], Source | None]


def _number(value: Value) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number <= _MOST else None


def _whole(value: Value) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _seconds(value: Value) -> Source:
    number = _number(value)
    if number is None:
        return None
    return Call("timedelta", named=(("seconds", int(number) if number == int(number) else number),))


def _flag(value: Value) -> bool | None:
    words: Mapping[object, bool] = {"true": True, "false": False, "True": True, "False": False}
    return value if isinstance(value, bool) else words.get(value) if isinstance(value, str) else None


def _addresses(value: Value) -> Source:
    found = names(value) if isinstance(value, str | tuple | list) else []
    return value if found and isinstance(value, str) else found or None


def _function(value: Value) -> Source:
    is_path = isinstance(value, str) and "." in value and all(part.isidentifier() for part in value.split("."))
    return Code(str(value).rpartition(".")[2]) if is_path else None


_WHOLE, _SECONDS, _FLAG = (
    _Kind("a whole number", _whole),
    _Kind("a number of seconds", _seconds),
    _Kind("true or false", _flag),
)
_TEXT = _Kind("a text", lambda value: value if is_text(value) else None)
_FUNCTION = _Kind("the dotted path of a function", _function)
_CALLBACKS = tuple(f"on_{when}_callback" for when in ("execute", "failure", "retry", "skipped", "success"))
_KINDS: Mapping[str, _Kind] = {
    RETRIES: _WHOLE,
    DELAY: _SECONDS,
    "max_retry_delay": _SECONDS,
    BACKOFF: _FLAG,
    "execution_timeout": _SECONDS,
    "owner": _TEXT,
    "email": _Kind("an address, or a list of them", _addresses),
    "email_on_failure": _FLAG,
    "email_on_retry": _FLAG,
    "pool": _TEXT,
    "pool_slots": _WHOLE,
    "priority_weight": _WHOLE,
    "weight_rule": _TEXT,
    "queue": _TEXT,
    "run_as_user": _TEXT,
    "max_active_tis_per_dag": _WHOLE,
    "max_active_tis_per_dagrun": _WHOLE,
    **dict.fromkeys(_CALLBACKS, _FUNCTION),
}


def faults(options: Options) -> Iterator[tuple[str, str, str]]:
    """Each argument that is refused: its name, its value as it was written, what is wanted instead."""
    yield from wrong(_given(options))


def wrong(given: Mapping[str, Value]) -> Iterator[tuple[str, str, str]]:
    """What `faults` says of a table."""
    for key, value in given.items():
        if key in REFUSED:
            yield key, "given", f"left out: {REFUSED[key]}"
        elif key in _ONLY and value != _ONLY[key] and _flag(value) != _ONLY[key]:
            yield key, repr(value), f"{_ONLY[key]!r} or left out: {_SKIPS}"
        elif key in _KINDS and _KINDS[key].read(value) is None:
            yield key, repr(value), _KINDS[key].wants


def spelled(options: Options) -> dict[str, Source]:
    """The arguments as Python; what Airflow's operators take beyond the typed ones goes as it is written."""
    found: dict[str, Source] = {}
    for key, value in _given(options).items():
        if key not in _ONLY:
            found[key] = _KINDS[key].read(value) if key in _KINDS else value
    return found


def callbacks(options: Options) -> list[str]:
    """The dotted paths of the functions that the arguments name."""
    given = _given(options)
    return [str(given[key]) for key in _CALLBACKS if key in given]


def retries(options: Options) -> int:
    """How often a step is tried again whose author does not say it."""
    return _whole(_given(options).get(RETRIES, 0)) or 0


def attempts(task: Task, plan: Plan, options: Options) -> int:
    """How often Airflow may start a container; what several steps share, as often as each of them might want."""
    if task.group:
        return attempts_of_all([attempts(each, plan, options) for each in task.group], task.chunk)
    return task.attempts + (0 if has_own(task, plan) else retries(options))


def has_own(task: Task, plan: Plan) -> bool:
    """Whether the author says how often a step is tried again; `times=0` says it, too."""
    return has(plan.flow.steps[task.step], "retry")


def arguments(task: Task, plan: Plan, options: Options) -> dict[str, Source]:
    """What a step says itself of its attempts: what differs from the arguments of all."""
    times = attempts(task, plan, options) - 1
    if not retries(options):
        return {RETRIES: times, DELAY: _pause(task)} if times else {}
    if not task.group and not has_own(task, plan):
        return {RETRIES: times} if times != retries(options) else {}
    backoff: dict[str, Source] = {BACKOFF: False} if times and BACKOFF in _given(options) else {}
    return {RETRIES: times, DELAY: _pause(task), **backoff} if times else {RETRIES: 0}


def _pause(task: Task) -> int | float:
    pause = task.retry.pause if task.retry else 0
    return int(pause) if pause == int(pause) else pause


def as_decorator(options: Options) -> dict[str, object]:
    """The `@retry` that the steps without one have in the runtime; empty where there is none."""
    times = retries(options)
    pause = _number(_given(options).get(DELAY, _PAUSE))
    return {"times": times, "minutes_between_retries": (pause or 0) / _MINUTE} if times else {}


def _given(options: Options) -> Mapping[str, Value]:
    given = options.target.get("default_args", {})
    return given if isinstance(given, Mapping) else {}
