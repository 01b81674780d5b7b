"""What the tasks of a pipeline are called, and which step each is: read from the specification that the server has of it.

Names are unique in a pipeline (`flowc_kfp.names.Places`), and the names of a run's nodes are made of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.slotted_class import record

COMMAND = ["python", "-m", "flowc", "step"]


@record
class Named:
    """A task: the word of its container's command, empty for a loop (`is_loop`) and for what stands around an arm."""

    word: str
    is_loop: bool = False


def names_in(spec: object) -> dict[str, Named]:
    """The tasks of a pipeline by name; none where it is not one that flowc has compiled. `spec` is what a version has."""
    whole = _whole(spec)
    return dict(_tasks(table(whole.get("root")), whole))


def has_required(spec: object) -> bool:
    """Whether a run has to be given parameters."""
    declared = table(table(table(_whole(spec).get("root")).get("inputDefinitions")).get("parameters"))
    return any(not table(each).get("isOptional") and "defaultValue" not in table(each) for each in declared.values())


def table(value: object) -> dict[str, Any]:
    """An object of JSON; an empty one of what is none."""
    return value if isinstance(value, dict) else {}


def _whole(spec: object) -> dict[str, Any]:
    """The specification, which stands alone or beside that of the platform."""
    return table(table(spec).get("pipeline_spec")) or table(spec)


def _tasks(component: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[tuple[str, Named]]:
    components = table(whole.get("components"))
    for name, each in table(table(component.get("dag")).get("tasks")).items():
        task = table(each)
        inner = table(components.get(str(table(task.get("componentRef")).get("name"))))
        if "dag" in inner:
            yield name, Named("", "parameterIterator" in task)
            yield from _tasks(inner, whole)
        elif word := _word(task, inner, whole):
            yield name, Named(word)


def _word(task: Mapping[str, Any], component: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """The word of a step: the task's own, or that of the container where no other task shares it."""
    executors = table(table(whole.get("deploymentSpec")).get("executors"))
    container = table(table(executors.get(str(component.get("executorLabel")))).get("container"))
    words = container.get("args")
    if container.get("command") != COMMAND or not isinstance(words, list) or not words:
        return ""
    given = table(table(table(task.get("inputs")).get("parameters")).get("step"))
    return str(table(given.get("runtimeValue")).get("constant") or words[0])
