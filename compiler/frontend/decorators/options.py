"""Values of the portable decorators: types, ranges, and what does not go together."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Mapping

from compiler.diagnostics import Report, clipped
from compiler.frontend.decorators.language import MANAGERS, TRIGGERS
from compiler.frontend.findings import fc5xx, fc6xx
from compiler.ir.flow import Decorator, Dynamic, Flow, Foreach, Gang, Span, Step, Switch, Value
from compiler.slotted_class import replaced

_Fits = Callable[[Value], bool]
_HALF = "[\ud800-\udfff]"


def _number(value: Value) -> float | int | None:
    """A number however it is spelled: `2.0`, `"2"` and `"1_000"` are whole ones; None for what is none."""
    if isinstance(value, str):
        for read in (int, float):
            with contextlib.suppress(ValueError):
                value = read(value)
                break
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return value
    return (int(value) if value.is_integer() else value) if math.isfinite(value) else None


def _is_number(value: Value) -> bool:
    return _number(value) is not None


def _is_whole(value: Value) -> bool:
    return isinstance(_number(value), int)


def with_numbers(decorators: tuple[Decorator, ...]) -> tuple[Decorator, ...]:
    """Decorators whose numbers are numbers, in one spelling, whatever the author wrote: targets print them, plans count."""
    return tuple(_with_numbers(each) for each in decorators)


def _with_numbers(decorator: Decorator) -> Decorator:
    kinds = _KINDS.get(decorator.name, {})
    arguments = tuple(
        (option, _spelt(value) if option in kinds and kinds[option][1] in (_is_number, _is_whole) else value)
        for option, value in decorator.arguments
    )
    return decorator if arguments == decorator.arguments else replaced(decorator, arguments=arguments)


def _spelt(value: Value | Dynamic) -> Value | Dynamic:
    number = None if isinstance(value, Dynamic) else _number(value)
    return value if number is None else number


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and value != ""


def _is_texts(value: Value) -> bool:
    return _is_text(value) or (isinstance(value, tuple) and all(_is_text(each) for each in value))


def _is_map(value: Value) -> bool:
    return isinstance(value, Mapping)


def _is_map_or_text(value: Value) -> bool:
    return _is_map(value) or _is_texts(value)


def _is_list(value: Value) -> bool:
    return isinstance(value, tuple)


def _is_bool(value: Value) -> bool:
    return isinstance(value, bool)


_Kind = tuple[str, _Fits, str]
_COUNT: _Kind = ("a whole number", _is_whole, "write it without quotes and unit")
_AMOUNT: _Kind = ("a number", _is_number, "write it without quotes and unit")
_MEBIBYTES: _Kind = ("a whole number of MiB", _is_whole, "write the number of MiB: `4096` for 4 GiB")
_FLAG: _Kind = ("True or False", _is_bool, "write `True` or `False`")
_TEXT: _Kind = ("a text", _is_text, "write it in quotes")
_TEXTS: _Kind = ("a text or a list of texts", _is_texts, "write `['a', 'b']`")
_LIST: _Kind = ("a list", _is_list, "write `[...]`")
_MAP: _Kind = ("a dict", _is_map, "write `{'key': 'value'}`")
_MAP_OR_TEXTS: _Kind = ("a dict or a text", _is_map_or_text, "write `{'key': 'value'}`")

_SIZES: dict[str, _Kind] = {
    "cpu": _AMOUNT,
    "gpu": _COUNT,
    "memory": _MEBIBYTES,
    "disk": _MEBIBYTES,
    "shared_memory": _MEBIBYTES,
}
_KINDS: dict[str, dict[str, _Kind]] = {
    "retry": {"times": _COUNT, "minutes_between_retries": _AMOUNT, "only_system": _FLAG},
    "timeout": {"seconds": _AMOUNT, "minutes": _AMOUNT, "hours": _AMOUNT},
    "catch": {"var": _TEXT, "print_exception": _FLAG},
    "environment": {"vars": _MAP},
    "resources": _SIZES,
    "kubernetes": {
        **_SIZES,
        **dict.fromkeys(
            ("image", "image_pull_policy", "service_account", "namespace", "gpu_vendor", "tmpfs_path", "qos"), _TEXT
        ),
        **dict.fromkeys(("executable", "compute_pool", "priority_class"), _TEXT),
        **dict.fromkeys(("use_tmpfs", "tmpfs_tempdir"), _FLAG),
        **dict.fromkeys(("tmpfs_size", "port", "hostname_resolution_timeout"), _COUNT),
        **dict.fromkeys(("secrets", "image_pull_secrets"), _TEXTS),
        **dict.fromkeys(("persistent_volume_claims", "ephemeral_volume_claims", "extended_resources"), _MAP),
        **dict.fromkeys(("security_context", "affinity", "labels", "annotations"), _MAP),
        "tolerations": _LIST,
        "node_selector": _MAP_OR_TEXTS,
    },
    "batch": {
        **_SIZES,
        **dict.fromkeys(
            ("image", "queue", "iam_role", "execution_role", "tmpfs_path", "log_driver", "executable"), _TEXT
        ),
        **dict.fromkeys(("use_tmpfs", "tmpfs_tempdir", "privileged"), _FLAG),
        **dict.fromkeys(
            ("max_swap", "swappiness", "inferentia", "trainium", "efa", "tmpfs_size", "ephemeral_storage"), _COUNT
        ),
        **dict.fromkeys(("host_volumes", "log_options"), _TEXTS),
        "aws_batch_tags": _MAP,
        "efs_volumes": _MAP_OR_TEXTS,
    },
    "schedule": {"cron": _TEXT, "timezone": _TEXT, "hourly": _FLAG, "daily": _FLAG, "weekly": _FLAG},
    "project": {"name": _TEXT, "branch": _TEXT, "production": _FLAG},
    "secrets": {"role": _TEXT, "allow_override": _FLAG},
    "card": {
        **dict.fromkeys(("type", "id"), _TEXT),
        **dict.fromkeys(("timeout", "refresh_interval"), _AMOUNT),
        **dict.fromkeys(("save_errors", "customize"), _FLAG),
        "options": _MAP,
        "scope": ("`'task'`", lambda value: value == "task", "remove it: a card is that of a task"),
        "rank": ("left out", lambda value: False, "put the decorators into the order in which the cards are to stand"),
    },
    "trigger": {},
    "trigger_on_finish": {},
    "exit_hook": {"options": _MAP},
    **{
        key: {"packages": _MAP, "libraries": _MAP, "python": _TEXT, "disabled": _FLAG}
        for key in ("conda", "conda_base")
    },
    **{key: {"packages": _MAP, "python": _TEXT, "disabled": _FLAG} for key in ("pypi", "pypi_base")},
}

_RUN_TIME = ("environment", "card")
"""The decorators that the shim reads off the step itself, values that only run time knows included."""

_NONE_COUNTS = frozenset((("retry", "times"), ("retry", "minutes_between_retries"), ("project", "name")))
"""Options for which None is no value; for all others it means that they are not given."""

_LEAST: dict[str, float] = dict.fromkeys(("cpu", "memory", "disk", "shared_memory"), 1)
"""What sizes are at least; all other numbers are at least 0."""

_LEAST_CPU = 0.001


def check_options(flow: Flow, report: Report) -> None:
    """Report every option whose value is not one."""
    for decorator in flow.decorators:
        _check_values(decorator, report)
        if decorator.name == "schedule":
            from compiler.frontend.decorators.schedules import check_schedule  # noqa: PLC0415 - most flows have no such decorator

            check_schedule(decorator, report)
        elif decorator.name == "project":
            _check_project(decorator, report)
        elif decorator.name == "exit_hook":
            from compiler.frontend.decorators.hooks import check_hooks  # noqa: PLC0415 - as above

            check_hooks(decorator, report)
        _check_packages(decorator, report)
    if any(decorator.name in TRIGGERS for decorator in flow.decorators):
        from compiler.frontend.decorators.triggers import check_triggers  # noqa: PLC0415 - as above

        check_triggers(flow, report)
    for step in flow.steps.values():
        for decorator in step.decorators:
            _check_values(decorator, report)
            _check_step(step, decorator, report)
        _check_companions(step, report)


def _check_companions(step: Step, report: Report) -> None:
    """Report the options that say nothing without others, which may stand in another decorator of the container."""
    container = [each for each in step.decorators if each.name in ("resources", "kubernetes", "batch")]
    places = {each.name: each for each in container}
    if "kubernetes" in places and "batch" in places:
        below = max((places["kubernetes"], places["batch"]), key=lambda each: (each.span.line, each.span.col))
        report.add(fc5xx.TWO_PLACES, below.span, step=step.name)
    given = {option for each in container for option, value in each.arguments if value is not None}
    for decorator in container:
        for (name, option, needed), wanted in _COMPANIONS.items():
            value = decorator.get(option)
            missing = [f"`{each}`" for each in wanted if each not in given]
            if decorator.name == name and value and needed in (_in_small(value), None) and missing:
                report.add(
                    fc5xx.WITHOUT_COMPANION,
                    decorator.span_of(option),
                    name=name,
                    option=option,
                    missing=" and ".join(missing),
                )


def _in_small(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


_COMPANIONS: dict[tuple[str, str, str | None], tuple[str, ...]] = {
    ("batch", "log_options", None): ("log_driver",),
    ("kubernetes", "qos", "guaranteed"): ("cpu", "memory"),
}
"""What else an option of a decorator (with this value) wants."""


def _check_values(decorator: Decorator, report: Report) -> None:
    kinds = _KINDS.get(decorator.name)
    if kinds is None:
        return
    for option, value in decorator.arguments:
        what = unholdable(value)
        if what:
            place = decorator.span_of(option)
            report.add(fc6xx.UNHOLDABLE, place, name=decorator.name, option=option, what=what)
            continue
        if isinstance(value, Dynamic):
            if decorator.name not in _RUN_TIME:
                place = decorator.span_of(option)
                report.add(fc5xx.DYNAMIC_VALUE, place, text=value.text, name=decorator.name, option=option)
        elif option in kinds and (value is not None or (decorator.name, option) in _NONE_COUNTS):
            _check_value(decorator, option, value, kinds[option], report)


def unholdable(value: Value | Dynamic) -> str | None:
    """What in a value neither the environment of a process nor a manifest can hold; None where there is nothing."""
    if isinstance(value, str):
        return "a NUL" if "\0" in value else "half of a surrogate pair" if re.search(_HALF, value) else None
    if isinstance(value, Mapping):
        value = (*value, *value.values())
    return next(filter(None, map(unholdable, value)), None) if isinstance(value, tuple) else None


def _check_value(decorator: Decorator, option: str, value: Value, kind: _Kind, report: Report) -> None:
    want, fits, cure = kind
    place = decorator.span_of(option)
    if not fits(value):
        report.add(
            fc5xx.WRONG_TYPE, place, name=decorator.name, option=option, want=want, found=shown(value), cure=cure
        )
    elif fits in (_is_number, _is_whole):
        number = _number(value) or 0
        least = _LEAST_CPU if option == "cpu" else _LEAST.get(option, 0)
        if number < least:
            text = "more than 0" if option == "cpu" else f"at least {least}"
            facts = {"want": text, "found": shown(value), "cure": "give a larger number, or leave it out"}
            report.add(fc5xx.OUT_OF_RANGE, place, name=decorator.name, option=option, **facts)
        elif number > _MOST_OF.get(option, _MOST):
            want = f"at most {_MOST_OF.get(option, _MOST)}"
            facts = {"want": want, "found": shown(value), "cure": "give a smaller number"}
            report.add(fc5xx.OUT_OF_RANGE, place, name=decorator.name, option=option, **facts)
    elif option == "labels" and isinstance(value, Mapping):
        _check_labels(value, place, report)


_MOST = 2**31 - 1
"""What Kubernetes and AWS Batch read a number into has no more bits."""

_MOST_OF = {"swappiness": 100}


def _check_labels(labels: Mapping[str, Value], place: Span, report: Report) -> None:
    """Kubernetes refuses a pod whose labels are not what it calls one (its page "Labels and Selectors")."""
    for key, value in labels.items():
        prefix, slash, name = key.rpartition("/")
        if not re.fullmatch(_LABEL, name) or (slash and not re.fullmatch(_DOMAIN, prefix)):
            report.add(fc5xx.LABEL, place, text=key, what="key")
        if isinstance(value, str) and value and not re.fullmatch(_LABEL, value):
            report.add(fc5xx.LABEL, place, text=value, what="value")


_LABEL = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_DOMAIN = r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"


def shown(value: Value) -> str:
    """A value as a message shows it: its source's look, cut short."""
    text = repr(list(value)) if isinstance(value, tuple) else repr(value)
    return f"`{clipped(text, _LONGEST)}`"


_LONGEST = 40


def _check_packages(decorator: Decorator, report: Report) -> None:
    if decorator.name in MANAGERS:
        from compiler.frontend.decorators.needs import check_packages  # noqa: PLC0415 - few flows have them

        check_packages(decorator, report)


def _check_step(step: Step, decorator: Decorator, report: Report) -> None:
    if decorator.name == "timeout":
        given = [value for _, value in decorator.arguments]
        if not any(
            _number(value) if not isinstance(value, Dynamic) and _is_number(value) else value for value in given
        ):
            report.add(fc5xx.NO_DURATION, decorator.span)
    elif decorator.name == "catch":
        _check_catch(step, decorator, report)
    elif decorator.name == "secrets":
        from compiler.frontend.decorators.needs import check_secrets  # noqa: PLC0415 - few steps have them

        check_secrets(decorator, report)
    _check_packages(decorator, report)


def _check_catch(step: Step, decorator: Decorator, report: Report) -> None:
    variable = decorator.get("var")
    if isinstance(variable, str) and variable and (not variable.isidentifier() or variable.startswith("__")):
        report.add(fc5xx.CATCH_NAME, decorator.span_of("var"), found=shown(variable))
    if isinstance(step.next, Foreach | Gang):
        report.add(fc5xx.CATCH_ON_SPLIT, decorator.span, step=step.name, what="how many tasks follow")
    elif isinstance(step.next, Switch):
        report.add(fc5xx.CATCH_ON_SPLIT, decorator.span, step=step.name, what="which step follows")


_PROJECT_NAME = r"[a-z0-9_]+"
_LONGEST_PROJECT = 128


def _check_project(decorator: Decorator, report: Report) -> None:
    given = [name for name, _ in decorator.arguments]
    if "name" not in given:
        report.add(fc5xx.PROJECT_WITHOUT_NAME, decorator.span)
    for option in ("name", "branch"):
        value = decorator.get(option)
        if isinstance(value, str) and value and not re.fullmatch(_PROJECT_NAME, value):
            report.add(fc5xx.PROJECT_NAME, decorator.span_of(option), text=value, what=option, more="")
        elif isinstance(value, str) and len(value) > _LONGEST_PROJECT:
            report.add(
                fc5xx.PROJECT_NAME, decorator.span_of(option), text=value[:20] + "…", what=option, more=", at most 128"
            )
