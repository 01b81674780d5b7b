"""What is told of each step beside the picture: its place, what it reads and writes, and what each target makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from compiler.backends import Backend, NamesNodes, Options, refuse
from compiler.backends.command import flow_image, own_image
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.call.target_settings import decided
from compiler.diagnostics import Report
from compiler.difference.parts.steps import written
from compiler.difference.sides import configured_targets
from compiler.ir.flow import Access, Flow, Step, Value
from compiler.ir.plan import Plan, Task
from compiler.ir.text import transition_text
from compiler.picture.drawing import key_of
from compiler.picture.marks import duration, sizes
from compiler.slotted_class import record
from compiler.workspace.package import default_image
from compiler.workspace.settings import Settings

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@record
class Made:
    """What a target makes of a flow: its plan there, its options, and what it refuses, each with the line."""

    backend: Backend
    plan: Plan
    options: Options
    refused: tuple[tuple[int, str], ...] = ()


def step_facts(plan: Plan, made: Sequence[Made]) -> dict[str, dict[str, Json]]:
    """By the key of each step in the picture, all that is told of it."""
    types = _types(plan.flow)
    targets = [(each, dict(_nodes(each))) for each in made]
    found: dict[str, dict[str, Json]] = {}
    for name, step in plan.flow.steps.items():
        found[key_of(name)] = _facts(plan.flow, step, types)
        found[key_of(name)]["targets"] = [_target(each, nodes, name) for each, nodes in targets]
    return found


def target_facts(made: Sequence[Made]) -> list[Json]:
    """What is told of each target: what it calls the flow, and what it refuses."""
    return [
        {
            "target": each.backend.name,
            "deployment": each.backend.deployment(each.plan, each.options),
            "refuses": [{"line": line, "message": text} for line, text in each.refused],
        }
        for each in made
    ]


def _facts(flow: Flow, step: Step, types: Mapping[str, str]) -> dict[str, Json]:
    return {
        "step": step.name,
        "path": flow.path,
        "line": step.span.line,
        "doc": step.doc or "",
        "goes": transition_text(step.next),
        "is_join": step.is_join,
        "decorators": [written(each) for each in step.decorators],
        "reads": list(_artifacts(step.reads, types)),
        "writes": list(_artifacts(step.writes, types)),
        "may_set_more": step.calls_unknown,
    }


def _artifacts(found: Sequence[Access], types: Mapping[str, str]) -> Iterator[Json]:
    for each in found:
        yield {"name": each.name, "type": types.get(each.name), "line": each.span.line}


def _types(flow: Flow) -> dict[str, str]:
    """The types that the text declares: those of parameters, and which names are configs and constants."""
    found = dict.fromkeys(flow.constants, "constant")
    found |= {each.attribute: "config" for each in flow.configs}
    many = {each.attribute: f"list of {each.type}" if each.multiple else each.type for each in flow.parameters}
    return found | {name: f"parameter, {kind}" for name, kind in many.items()}


def _nodes(made: Made) -> Iterator[tuple[str, tuple[Task, Task, str]]]:
    """By each step, its task, the container that it is in, and what the engine calls that."""
    names = made.backend.nodes(made.plan) if isinstance(made.backend, NamesNodes) else {}
    for container in made.plan.root.containers():
        for task in container.steps:
            yield task.step, (task, container, names.get(container.step, ""))


def _target(made: Made, nodes: Mapping[str, tuple[Task, Task, str]], name: str) -> Json:
    task, container, node = nodes[name]
    tries = f"{container.attempts} attempt{'' if container.attempts == 1 else 's'}"
    pause = f", {container.retry.pause:g} s between" if container.retry and container.attempts > 1 else ""
    return {
        "target": made.backend.name,
        "node": node,
        "image": own_image(container, made.options) or flow_image(made.options),
        "resources": list(sizes(container.resources)),
        "attempts": tries + pause,
        "deadline": "" if container.deadline is None else duration(container.deadline),
        "shares": container.title if container.group else "",
        "members": container.chunk.size if container.chunk else 1,
        "options": [f"@{each.decorator}({each.name}=…)" for each in task.options],
    }


DIGEST = "<digest>"
"""What stands in an image's name for the code's digest: a picture stays the same while only code changes."""


def made(flow: Flow, settings: Settings, targets: Sequence[str], given: Mapping[str, Value]) -> tuple[Made, ...]:
    """One a target: those that are named, else those of the settings, else all of ours."""
    own = settings.for_flow(flow.name)
    wanted = targets or own.words("targets") or configured_targets(own.targets) or tuple(BUILT_IN)
    return tuple(_made(flow, own, target, given) for target in dict.fromkeys(wanted))


def _made(flow: Flow, settings: Settings, target: str, given: Mapping[str, Value]) -> Made:
    backend = load_backend(target)
    assert backend is not None, target
    image = settings.text("image", target, {}) or default_image(
        flow.name, DIGEST, settings.text("registry", target, {})
    )
    plan, options = decided(flow, settings, backend, given, image)
    found = Report()
    refuse(plan, backend, options, found)
    refused = tuple((each.span.line, each.message) for each in found if each.rule.severity == "error")
    return Made(backend, plan, options, refused)
