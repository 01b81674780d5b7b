"""`@trigger`, `@trigger_on_finish` and `@exit_hook` as decisions: what starts a run, and what follows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.ir.flow import Decorator, Dynamic, Flow, Parameter, Value
from compiler.ir.plan import EventTrigger, FlowTrigger, Hook, Project, Trigger

NAMESPACED = "namespaced"
"""The key of an event's name that `namespaced_event_name` completes."""

_PREFIX = "mfns"
"""What a namespaced event's name begins with, as in Metaflow."""


def hooks(flow: Flow) -> tuple[Hook, ...]:
    """The functions of every `@exit_hook`, those of success first."""
    return tuple(_hooks(flow))


def _hooks(flow: Flow) -> Iterator[Hook]:
    found = [each for each in flow.decorators if each.name == "exit_hook"]
    for decorator in found:
        for name in texts(decorator.get("on_success")):
            yield Hook(name, "success", _image(decorator), decorator.span_of("on_success"))
    for decorator in found:
        for name in texts(decorator.get("on_error")):
            yield Hook(name, "error", _image(decorator), decorator.span_of("on_error"))


def _image(decorator: Decorator) -> str | None:
    options = decorator.get("options")
    found = options.get("image") if isinstance(options, Mapping) else None
    return found if isinstance(found, str) else None


def triggers(flow: Flow, project: Project | None) -> tuple[Trigger, ...]:
    """What must come before a run starts. An event alone, without a mapping, fills each parameter from the field of its name."""
    return tuple(_triggers(flow, project))


def _triggers(flow: Flow, project: Project | None) -> Iterator[Trigger]:
    for decorator in flow.decorators:
        if decorator.name == "trigger":
            events = listed(decorator, "event", "events")
            for event in events:
                yield _event(decorator, event, flow.parameters, project, alone=len(events) == 1)
        elif decorator.name == "trigger_on_finish":
            for one in listed(decorator, "flow", "flows"):
                yield _finished(decorator, one, project)


def listed(decorator: Decorator, one: str, many: str) -> tuple[Value, ...]:
    """What the author gives under the one name or, as a list, under the other."""
    single, several = decorator.get(one), decorator.get(many)
    if single and not isinstance(single, Dynamic):
        return (single,)
    return several if isinstance(several, tuple) else ()


def _event(
    decorator: Decorator, event: Value, parameters: tuple[Parameter, ...], project: Project | None, *, alone: bool
) -> EventTrigger:
    span = decorator.span_of("event" if decorator.get("event") else "events")
    name = event.get("name", event) if isinstance(event, Mapping) else event
    pairs = mapping(event.get("parameters")) if isinstance(event, Mapping) else ()
    if alone and not pairs:
        pairs = tuple((parameter.name, parameter.name) for parameter in parameters)
    names = {each: parameter.name for parameter in parameters for each in (parameter.attribute, parameter.name)}
    return EventTrigger(_event_name(name, project), tuple((names.get(key, key), field) for key, field in pairs), span)


def _event_name(name: Value, project: Project | None) -> str:
    if not isinstance(name, Mapping):
        return str(name)
    space = f"{_PREFIX}.{project.name}.{project.branch}" if project else _PREFIX
    return f"{space}.{name[NAMESPACED]}"


def mapping(value: Value) -> tuple[tuple[str, str], ...]:
    """`{parameter: field}`, or a list of pairs and of names that mean themselves."""
    if isinstance(value, Mapping):
        return tuple((key, str(field)) for key, field in value.items())
    found = value if isinstance(value, tuple) else ()
    return tuple((each, each) if isinstance(each, str) else _pair(each) for each in found)


def _pair(value: Value) -> tuple[str, str]:
    assert isinstance(value, tuple), "a pair that the frontend let pass"
    parameter, field = value
    return str(parameter), str(field)


def _finished(decorator: Decorator, one: Value, own: Project | None) -> FlowTrigger:
    """Another flow; where the author names no project, that of the same project and branch."""
    span = decorator.span_of("flow" if decorator.get("flow") else "flows")
    if isinstance(one, str) and "." in one:
        project, _, rest = one.partition(".")
        branch, _, flow = rest.rpartition(".")
        return FlowTrigger(flow, project, branch, span)
    said = one if isinstance(one, Mapping) else {"name": one}
    named, branched = said.get("project"), said.get("project_branch")
    whole = (
        str(named) if named else own.name if own else None,
        str(branched) if branched else own.branch if own else None,
    )
    return FlowTrigger(str(said["name"]), *whole, span)


def texts(value: Value | Dynamic) -> tuple[str, ...]:
    """A list of texts; one text is a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(str(each) for each in value) if isinstance(value, tuple) else ()
