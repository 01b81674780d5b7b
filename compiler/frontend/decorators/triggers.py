"""`@trigger` and `@trigger_on_finish`: what must come before a run starts, and what the run takes from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.diagnostics import Report
from compiler.frontend.decorators.language import TRIGGERS
from compiler.frontend.findings import fc5xx
from compiler.frontend.findings.suggest import did_you_mean
from compiler.ir.flow import Decorator, Dynamic, Flow, Value
from compiler.ir.triggers import NAMESPACED, listed, mapping

_EVENT = r"[A-Za-z0-9_.-]+"
_FIELD = r"[A-Za-z0-9_]+"
_FLOW = r"[A-Za-z0-9_]+"
_PART = r"[a-z0-9_]+"
_BRANCH = r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*"
_EVENT_KEYS = ("name", "parameters")
_FLOW_KEYS = ("name", "project", "project_branch")
_OPTIONS = ("reset_at",)
_RESET_KEYS = ("cron", "timezone")
_WHOLE = 2
"""How many dots a flow's full name has at least: `project.branch.Flow`."""


def check_triggers(flow: Flow, report: Report) -> None:
    """Report triggers that name nothing, or what no event and no flow can be, and parameters that they leave without a value."""
    found = [decorator for decorator in flow.decorators if decorator.name in TRIGGERS]
    for decorator in found:
        _check(flow, decorator, report)
    if len(found) > 1:
        first, second = (f"@{each.name}" for each in found[:2])
        report.add(fc5xx.TWO_TRIGGERS, found[1].span, first=first, second=second, cure="one of the two")
    elif found and not any(isinstance(value, Dynamic) for _, value in found[0].arguments):
        _check_required(flow, found[0], report)


def _check(flow: Flow, decorator: Decorator, report: Report) -> None:
    one, many = TRIGGERS[decorator.name]
    given = [name for name in (one, many) if decorator.get(name)]
    if not given:
        report.add(fc5xx.NO_TRIGGER, decorator.span, name=decorator.name, one=one)
    elif len(given) > 1:
        report.add(fc5xx.TWO_TRIGGERS, decorator.span_of(many), first=one, second=many, cure=many)
    elif given == [many] and not isinstance(decorator.get(many), tuple | Dynamic):
        _wrong(decorator, many, decorator.get(many), "list", f"write `{many}=[...]`", report)
    else:
        check = _check_event if one == "event" else _check_flow
        for each in listed(decorator, one, many):
            check(flow, decorator, given[0], each, report)
        _check_twice(decorator, given[0], [_name(each) for each in listed(decorator, one, many)], report)
    _check_options(decorator, report)


def _wrong(decorator: Decorator, option: str, value: Value | Dynamic, what: str, cure: str, report: Report) -> None:
    text = f"`{value.text}`" if isinstance(value, Dynamic) else f"`{value!r}`"
    report.add(fc5xx.TRIGGER_FORM, decorator.span_of(option), text=text, what=what, name=decorator.name, cure=cure)


def _name(value: Value) -> str:
    named = value.get("name", value) if isinstance(value, Mapping) else value
    return str(named.get(NAMESPACED) if isinstance(named, Mapping) else named)


def _check_twice(decorator: Decorator, option: str, names: list[str], report: Report) -> None:
    for name in dict.fromkeys(each for each in names if names.count(each) > 1 and decorator.name == "trigger"):
        report.add(fc5xx.TRIGGER_REPEATED, decorator.span_of(option), what="the event", text=name)


def _check_event(flow: Flow, decorator: Decorator, option: str, event: Value, report: Report) -> None:
    cure = "write the event's name, or `{'name': 'event', 'parameters': {'parameter': 'field'}}`"
    if isinstance(event, Mapping) and "name" in event:
        _check_keys(decorator, option, event, _EVENT_KEYS, report)
        _check_mapping(flow, decorator, option, event, report)
    elif not isinstance(event, str) and not (isinstance(event, Mapping) and NAMESPACED in event):
        _wrong(decorator, option, event, "event", cure, report)
        return
    if not re.fullmatch(_EVENT, _name(event)):
        _wrong(decorator, option, _name(event), "event's name", "use letters, digits, `_`, `-` and `.`", report)


def _check_keys(
    decorator: Decorator, option: str, value: Mapping[str, Value], keys: tuple[str, ...], report: Report
) -> None:
    for key in value:
        if key not in keys:
            hint = did_you_mean(key, keys) or f"; there are {', '.join(f'`{each}`' for each in keys)}"
            report.add(fc5xx.UNKNOWN_OPTION, decorator.span_of(option), name=decorator.name, option=key, hint=hint)


def _check_mapping(flow: Flow, decorator: Decorator, option: str, event: Mapping[str, Value], report: Report) -> None:
    said = event.get("parameters")
    if not _is_mapping(said):
        cure = "write `{'parameter': 'field'}`, or a list of names and of pairs"
        _wrong(decorator, option, said, "mapping of parameters", cure, report)
        return
    known = {each: parameter.name for parameter in flow.parameters for each in (parameter.attribute, parameter.name)}
    filled: list[str] = []
    for parameter, field in mapping(said):
        if parameter not in known:
            hint = did_you_mean(parameter, known)
            report.add(fc5xx.TRIGGER_PARAMETER, decorator.span_of(option), text=parameter, hint=hint)
        elif known[parameter] in filled:
            report.add(fc5xx.TRIGGER_REPEATED, decorator.span_of(option), what="the parameter", text=parameter)
        filled.append(known.get(parameter, parameter))
        if not re.fullmatch(_FIELD, field):
            _wrong(decorator, option, field, "field of an event", "use letters, digits and `_`", report)


def _is_mapping(value: Value) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(field, str) for field in value.values())
    return value is None or (isinstance(value, tuple) and all(_is_pair(each) for each in value))


def _is_pair(value: Value) -> bool:
    pair = isinstance(value, tuple) and len(value) == len(("parameter", "field"))
    return isinstance(value, str) or (pair and all(isinstance(each, str) for each in value or ()))  # type: ignore[union-attr]


def _check_flow(flow: Flow, decorator: Decorator, option: str, one: Value, report: Report) -> None:
    cure = (
        "write the flow's name, `project.branch.Flow`, or `{'name': 'Flow', 'project': 'p', 'project_branch': 'prod'}`"
    )
    if not _is_flow(one):
        _wrong(decorator, option, one, "flow", cure, report)
    if isinstance(one, Mapping):
        _check_keys(decorator, option, one, _FLOW_KEYS, report)
        project = any(each.name == "project" for each in flow.decorators)
        if bool(one.get("project")) != bool(one.get("project_branch")) and not project:
            _wrong(decorator, option, one, "flow", "give both `project` and `project_branch`, or neither", report)


def _is_flow(one: Value) -> bool:
    if isinstance(one, str):
        project, _, rest = one.partition(".")
        branch, _, name = rest.rpartition(".")
        whole = one.count(".") >= _WHOLE and re.fullmatch(_PART, project) and re.fullmatch(_BRANCH, branch)
        return bool(whole and re.fullmatch(_FLOW, name)) if "." in one else re.fullmatch(_FLOW, one) is not None
    if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
        return False
    shapes = (("name", _FLOW), ("project", _PART), ("project_branch", _BRANCH))
    return all(one.get(key) is None or re.fullmatch(shape, str(one[key])) for key, shape in shapes)


def _check_options(decorator: Decorator, report: Report) -> None:
    options = decorator.get("options")
    if options is None or isinstance(options, Dynamic):
        return
    if not isinstance(options, Mapping):
        _wrong(
            decorator,
            "options",
            options,
            "dict of options",
            "write `options={'reset_at': {'cron': '0 0 * * *'}}`",
            report,
        )
        return
    _check_keys(decorator, "options", options, _OPTIONS, report)
    reset = options.get("reset_at")
    if reset is None:
        return
    if not isinstance(reset, Mapping) or not isinstance(reset.get("cron"), str):
        _wrong(decorator, "options", reset, "`reset_at`", "write `{'cron': '0 0 * * *', 'timezone': 'UTC'}`", report)
        return
    _check_keys(decorator, "options", reset, _RESET_KEYS, report)


def _check_required(flow: Flow, decorator: Decorator, report: Report) -> None:
    filled = set(_filled(flow, decorator))
    for parameter in flow.parameters:
        lacks = parameter.required and (not parameter.has_default or parameter.default is None)
        if lacks and not filled & {parameter.name, parameter.attribute}:
            report.add(fc5xx.REQUIRED_TRIGGERED, parameter.span, name=parameter.name)


def _filled(flow: Flow, decorator: Decorator) -> Iterator[str]:
    """The parameters that an event gives a value: by its mapping, or all of them by one event without any."""
    if decorator.name != "trigger":
        return
    events = listed(decorator, "event", "events")
    mapped = [mapping(event.get("parameters")) for event in events if isinstance(event, Mapping)]
    yield from (parameter for pairs in mapped for parameter, _ in pairs)
    if len(events) == 1 and not any(mapped):
        yield from (parameter.name for parameter in flow.parameters)
