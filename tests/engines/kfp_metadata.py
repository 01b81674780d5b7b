"""What the back end of Kubeflow Pipelines knows of a run, and how its driver finds the inputs of a task there.

After backend/src/v2 of kubeflow/pipelines 2.17: `metadata/client.go` (names of executions, `GetExecutionsInDAG`), `driver/resolve.go`
(`resolveInputs`, `resolveUpstreamParameters`, `GetProducerTask`, `getDAGTasks`), `metadata/converter.go` (values and texts). What
none of our pipelines has (artifacts, collected outputs of loops, `oneof`, selectors, final states) is Unsupported, never passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.engines.argo_nodes import Unsupported
from tests.engines.argo_tags import Json

Spec = dict[str, Json]


class DriverError(Exception):
    """The driver ends with an error: the task fails."""


@dataclass(slots=True)
class Execution:
    """One execution in ML Metadata. `outputs` are those of a container, `producers` the outputs of a DAG by the task that has them."""

    id: int
    task: str
    parent: Execution | None
    is_dag: bool
    inputs: dict[str, Json]
    iteration: int | None = None
    count: int | None = None
    producers: Mapping[str, Spec] | None = None
    outputs: dict[str, Json] = field(default_factory=dict)
    children: list[Execution] = field(default_factory=list)


@dataclass(slots=True)
class Metadata:
    """The executions of a run; `run` is its id."""

    run: str
    last: int = 0

    def create(self, task: str, parent: Execution | None, **known: object) -> Execution:
        """A new execution below another one."""
        self.last += 1
        made = Execution(self.last, task, parent, **known)  # type: ignore[arg-type]  # its own fields
        if parent is not None:
            parent.children.append(made)
        return made


def object_of(value: Json) -> Spec:
    """An object of the IR; nothing where there is none."""
    if value is None:
        return {}
    assert isinstance(value, dict)
    return value


def resolved(
    task: Spec, name: str, component: Spec, dag: Execution, run: str, iteration: int | None
) -> dict[str, Json]:
    """The inputs of a task of a DAG, or of one iteration of a loop, whose DAG that loop is."""
    iterator = object_of(task.get("parameterIterator"))
    items_name = str(object_of(iterator.get("items")).get("inputParameter", ""))
    item_name = str(iterator.get("itemInput", ""))
    if iteration is not None:
        found = dict(dag.inputs)
        items = found.pop(items_name)
        assert isinstance(items, list)
        found[item_name] = items[iteration]
    else:
        given = object_of(object_of(task.get("inputs")).get("parameters"))
        found = {key: _value(object_of(spec), dag, name, run) for key, spec in given.items()}
    beside = items_name if iteration is not None else item_name
    definitions = object_of(object_of(component.get("inputDefinitions")).get("parameters"))
    for key, definition in definitions.items():
        if not iterator or key != beside:
            found[key] = _converted(key, object_of(definition), found)
    return found


def _value(spec: Spec, dag: Execution, name: str, run: str) -> Json:
    (kind,) = spec
    if kind == "componentInputParameter":
        key = str(spec[kind])
        if key not in dag.inputs:
            raise DriverError(f"parent DAG does not have input parameter {key}")
        if dag.inputs[key] is None:
            raise DriverError(f"the resolved input parameter is null: {key}")
        return dag.inputs[key]
    if kind == "taskOutputParameter":
        told = object_of(spec[kind])
        return _upstream(str(told["producerTask"]), str(told["outputParameterKey"]), dag)
    if kind == "runtimeValue":
        constant = object_of(spec[kind])["constant"]
        known: dict[str, Json] = {"{{$.pipeline_job_uuid}}": run, "{{$.pipeline_task_name}}": name}
        return known.get(constant, constant) if isinstance(constant, str) else constant
    raise Unsupported(f"an input by {kind}")


def _upstream(producer: str, key: str, dag: Execution) -> Json:
    """The output of a task of the same DAG: of a container, or of the task that a DAG names for it.

    A container that was not triggered has no outputs: its value is nothing, which a text takes as the empty one.
    """
    tasks = dict(_tasks(dag))
    place = _indexed(f"{producer}_{dag.id}", dag.iteration)
    if place not in tasks:
        raise DriverError(f"producer task, {place}, not in tasks")
    found = tasks[place]
    while found.is_dag:
        if found.count is not None or (found.parent and found.parent.count is not None):
            raise Unsupported("outputs that a loop collects")
        if found.producers is None or key not in found.producers:
            raise DriverError(f"task, {found.task}, does not have an output {key}")
        told = object_of(found.producers[key].get("valueFromParameter"))
        place, key = f"{told['producerSubtask']}_{found.id}", str(told["outputParameterKey"])
        if place not in tasks:
            raise DriverError(f"subTaskName, {place}, not in tasks")
        found = tasks[place]
    return found.outputs.get(key)


def _tasks(dag: Execution) -> Iterator[tuple[str, Execution]]:
    """All executions below a DAG by the names by which the driver knows them, in nested DAGs too."""
    seen: set[str] = set()
    for child in dag.children:
        name = _indexed(f"{child.task}_{dag.id}", dag.iteration if child.iteration is None else child.iteration)
        if name in seen:
            raise DriverError(f"two tasks have the same task name {name}")
        seen.add(name)
        yield name, child
        if child.is_dag:
            yield from _tasks(child)


def _indexed(name: str, iteration: int | None) -> str:
    return name if iteration is None else f"{name}_idx_{iteration}"


_KINDS: Mapping[str, type] = {"LIST": list, "STRUCT": dict, "BOOLEAN": bool}


def _converted(key: str, definition: Spec, found: Mapping[str, Json]) -> Json:
    """The input as its type has it: anything is a text where one is wanted, nothing the empty one; else its kind must be right."""
    kind = str(definition["parameterType"])
    if key not in found:
        raise DriverError(f"neither value nor default value provided for non-optional parameter {key}")
    value = found[key]
    if kind == "STRING":
        return value if isinstance(value, str) else "" if value is None else _text(value)
    if not isinstance(value, _KINDS[kind]):
        raise DriverError(f"input parameter {key} type mismatch: expect {kind}, got {value!r}")
    return value


def _text(value: Json) -> str:
    if isinstance(value, float):
        return repr(int(value) if value.is_integer() else value)
    return json.dumps(value, separators=(",", ":"))


def output_value(text: str, kind: str) -> Json:
    """What a file of a container says, as an output of its type."""
    if kind == "STRING":
        return text
    if kind != "LIST":
        raise Unsupported(f"an output of type {kind}")
    value = json.loads(text)
    if not isinstance(value, list):
        raise DriverError(f"failed to read output parameter: {text!r} is no list")
    return list(value)
