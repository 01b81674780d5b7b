"""A DAG template's run: dependencies, conditions, fan-outs, and the phase of the whole."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from tests.engines.argo_expressions import NIL, ExpressionError, compile_expression, go_json, should_execute
from tests.engines.argo_nodes import (
    FAILURES,
    Call,
    Limit,
    Node,
    NodeError,
    NodeKind,
    Phase,
    Unsupported,
    inputs_of,
    obj,
    objects,
    parameters_of,
)  # fmt: skip
from tests.engines.argo_tags import ABSENT, Json, TagError, Values, nested, substitute

T = TypeVar("T")
RESULTS = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
_DEPENDENCY = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*?)\.([A-Z][a-zA-Z]+)|([a-zA-Z0-9][-a-zA-Z0-9]*)")


class Engine(Protocol):
    """What a DAG needs of the controller."""

    globals: dict[str, str]
    templates: dict[str, dict[str, Json]]

    def node(self, name: str, kind: NodeKind, template: str, phase: Phase = ..., message: str = ...) -> Node:
        """Record a new node."""
        ...

    def execute(self, call: Call) -> None:
        """Start a template call."""
        ...

    def soon(self, step: Callable[[], None]) -> None:
        """Do a step after those that are due."""
        ...

    def shuffled(self, items: list[T]) -> list[T]:
        """The items in an order of the seed."""
        ...

    def start_child(self, limit: Limit, begin: Callable[[], None]) -> None:
        """Begin a child, or let it wait for the template's `parallelism`."""
        ...

    def end_child(self, limit: Limit) -> None:
        """A child has ended."""
        ...


def dependencies(depends: str) -> tuple[tuple[str, ...], str]:
    """The tasks that a `depends` names, and the expression with every bare name written out."""
    names = dict.fromkeys(match[1] or match[3] for match in _DEPENDENCY.finditer(depends))

    def written_out(match: re.Match[str]) -> str:
        bare = match[3]
        return f"({bare}.Succeeded || {bare}.Skipped || {bare}.Daemoned)" if bare else match[0]

    return tuple(names), _DEPENDENCY.sub(written_out, depends)


@dataclass(slots=True)
class Task:
    """One task of a DAG: its manifest, its node once it has one, its children where it fans out."""

    body: dict[str, Json]
    after: tuple[str, ...]
    logic: str
    node: Node | None = None
    children: list[Node] = field(default_factory=list)
    width: int = 0
    started: bool = False

    @property
    def name(self) -> str:
        """The task's name in its template."""
        return str(self.body["name"])

    @property
    def expands(self) -> bool:
        """True where it is a fan-out."""
        return any(key in self.body for key in ("withItems", "withParam", "withSequence"))


class Dag:
    """One execution of a DAG template."""

    def __init__(self, engine: Engine, call: Call, template: dict[str, Json]) -> None:
        self.engine, self.call, self.template = engine, call, template
        self.node = engine.node(call.name, "DAG", call.template)
        self.node.inputs = inputs_of(template)
        self.dag = obj(template["dag"])
        self.tasks = {str(body["name"]): _task(body) for body in objects(self.dag["tasks"])}
        most = template.get("parallelism")
        self.limit = Limit(None if most is None else int(str(most)))
        self.ended = False

    def start(self) -> None:
        """Look at every task once; from then on each end looks again."""
        self.look()

    def look(self) -> None:
        """Begin every task whose dependencies have ended; end the DAG when all have."""
        for task in self.engine.shuffled([task for task in self.tasks.values() if not task.started]):
            if all(self.fulfilled(name) for name in task.after):
                task.started = True
                self.engine.soon(functools.partial(self.begin, task))
        if all(self.fulfilled(name) for name in self.tasks) and not self.ended:
            self.ended = True
            self.finish()

    def fulfilled(self, name: str) -> bool:
        """True where nothing more happens to that task."""
        node = self.tasks[name].node
        return node is not None and node.fulfilled

    def task_node(self, task: Task, kind: NodeKind, phase: Phase, message: str = "") -> None:
        """Give a task a node; look again where it has ended already."""
        task.node = self.engine.node(f"{self.call.name}.{task.name}", kind, str(task.body["template"]), phase, message)
        if task.node.fulfilled:
            self.engine.soon(self.look)

    def begin(self, task: Task) -> None:
        """All that the task names has ended: omit it, skip it, expand it or execute it."""
        try:
            if task.logic and not self.holds(task):
                return self.task_node(task, "Skipped", "Omitted", "omitted: depends condition not met")
            resolved = self.resolve(task)
            if resolved is None:
                return self.task_node(task, "Skipped", "Skipped", "when evaluated false")
            if not task.expands:
                return self.execute(task, resolved, f"{self.call.name}.{task.name}")
            items = self.expand(task, resolved)
        except (TagError, ExpressionError, NodeError) as error:
            return self.task_node(task, "Skipped", "Error", str(error))
        if not items:
            return self.task_node(task, "Skipped", "Skipped", "Skipped, empty params")
        self.task_node(task, "TaskGroup", "Running")
        for name, body in self.engine.shuffled(items):
            self.execute(task, body, f"{self.call.name}.{name}")
        return None

    def holds(self, task: Task) -> bool:
        """What the task's `depends` says now that all that it names has ended."""
        env = {name.replace("-", "_"): self.results(name) for name in task.after}
        expression = compile_expression(task.logic.replace("-", "_"))
        value = expression.run(env)
        if not isinstance(value, bool):
            raise ExpressionError(f"unable to cast {task.logic!r} to bool")
        return value

    def results(self, name: str) -> dict[str, bool]:
        """The task results that `depends` may ask for."""
        task = self.tasks[name]
        assert task.node
        phases = [child.phase for child in task.children]
        phase = task.node.phase
        values = (
            phase == "Succeeded", phase == "Failed", phase == "Error", phase == "Skipped", phase == "Omitted", False,
            "Succeeded" in phases, bool(phases) and set(phases) == {"Failed"},
        )  # fmt: skip
        return dict(zip(RESULTS, values, strict=True))

    def scope(self, task: Task) -> dict[str, str | None]:
        """What the task's strings may refer to: globals, the template's inputs, and its ancestors."""
        values: dict[str, str | None] = dict(self.engine.globals)
        values |= {f"inputs.parameters.{name}": value for name, value in inputs_of(self.template).items()}
        for name in self.ancestors(task):
            values |= self.visible(self.tasks[name])
        return values

    def ancestors(self, task: Task) -> set[str]:
        """The tasks before this one."""
        found: set[str] = set()
        todo = list(task.after)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self.tasks[name].after
        return found

    def visible(self, task: Task) -> dict[str, str | None]:
        """What an ended task shows to those after it."""
        assert task.node
        prefix = f"tasks.{task.name}"
        values: dict[str, str | None] = {f"{prefix}.status": task.node.phase}
        outputs = f"{prefix}.outputs.parameters"
        if task.children:
            values |= aggregated(outputs, task.children)
        for name, value in (task.node.outputs or {}).items():
            values[f"{outputs}.{name}"] = value
        if task.node.outputs is None and task.node.phase in ("Skipped", "Omitted"):
            for parameter in parameters_of(self.engine.templates[task.node.template], "outputs"):
                default = obj(parameter.get("valueFrom")).get("default")
                values[f"{outputs}.{parameter['name']}"] = None if default is None else str(default)
        return values

    def resolve(self, task: Task) -> dict[str, Json] | None:
        """The task with its references replaced; None where `when` is false."""
        values = self.scope(task)
        when = task.body.get("when")
        if when is not None:
            condition = substitute(when, values, _of_tasks)
            try:
                proceed = should_execute(str(condition))
            except ExpressionError:
                if not task.expands:
                    raise
                proceed = True
            if not proceed:
                return None
        body = {**task.body, "arguments": _absent_marked(obj(task.body.get("arguments")), values)}
        return obj(substitute(body, values, _of_tasks))

    def expand(self, task: Task, body: dict[str, Json]) -> list[tuple[str, dict[str, Json]]]:
        """The members of a fan-out: the name of each, and the task with `{{item}}` replaced, where every tag must be known."""
        single = {key: value for key, value in body.items() if key not in ("withItems", "withParam", "withSequence")}
        members: list[tuple[str, dict[str, Json]]] = []
        items = items_of(body)
        task.width = len(items)
        for i, item in enumerate(items):
            values = {**self.scope(task), **item_values(item)}
            label = str(values["item"]).replace("(", "").replace(")", "")
            expanded = obj(substitute(single, values, lambda _tag: True))
            members.append((f"{task.name}({i}:{label})", expanded))
        return members

    def execute(self, task: Task, body: dict[str, Json], name: str) -> None:
        """Execute one member, or the task itself."""
        if not should_execute(str(body.get("when", ""))):
            node = self.engine.node(name, "Skipped", str(body["template"]), "Skipped", "when evaluated false")
            return self.engine.soon(lambda: self.arrived(task, node, None))
        arguments = objects(obj(body.get("arguments")).get("parameters"))

        def begin() -> None:
            done = lambda node: self.arrived(task, node, self.limit)  # noqa: E731  a bound continuation
            self.engine.execute(Call(name, str(body["template"]), arguments, self.call.depth + 1, done, task.name))

        return self.engine.start_child(self.limit, begin)

    def arrived(self, task: Task, node: Node, limit: Limit | None) -> None:
        """A member, or the task, has ended."""
        if limit is not None:
            self.engine.end_child(limit)
        if not task.expands:
            task.node = node
            return self.look()
        task.children.append(node)
        assert task.node
        if len(task.children) == task.width:
            failed: list[Phase] = [child.phase for child in task.children if child.phase in FAILURES]
            task.node.phase = failed[-1] if failed else "Succeeded"
            return self.look()
        return None

    def finish(self) -> None:
        """Every task has ended: the phase of the whole, and its outputs."""
        failing: list[Phase] = [
            phase
            for name in self.leaves()
            for phase in self.phases(name)
            if phase in FAILURES and not self.goes_on(name, phase)
        ]
        self.node.phase = failing[0] if failing else "Succeeded"
        if not failing:
            self.outputs()
        self.call.done(self.node)

    def goes_on(self, name: str, phase: Phase) -> bool:
        """Whether the task's own `continueOn` says that this end of it fails nothing."""
        return obj(self.tasks[name].body.get("continueOn")).get(phase.lower()) is True

    def leaves(self) -> list[str]:
        """The tasks that nothing depends on, by name."""
        followed = {name for task in self.tasks.values() for name in task.after}
        return sorted(set(self.tasks) - followed)

    def phases(self, name: str) -> list[Phase]:
        """How the branch up to a task ended: its own phase, or those before it where it was skipped or omitted."""
        seen: set[str] = set()
        todo, found = [name], list[Phase]()
        while todo:
            task = self.tasks[todo.pop()]
            if task.name in seen:
                continue
            seen.add(task.name)
            assert task.node
            if task.node.phase in (*FAILURES, "Succeeded"):
                found.append(task.node.phase)
            else:
                todo += task.after
        return found

    def outputs(self) -> None:
        """The DAG template's own output parameters."""
        values: dict[str, str | None] = {
            f"inputs.parameters.{name}": value for name, value in inputs_of(self.template).items()
        }
        for task in self.tasks.values():
            values |= self.visible(task)
        found: dict[str, str] = {}
        for parameter in parameters_of(self.template, "outputs"):
            try:
                found[str(parameter["name"])] = _output(obj(parameter["valueFrom"]), values)
            except NodeError as error:
                self.node.phase, self.node.message = "Error", str(error)
                return
        self.node.outputs = found or None


def _task(body: dict[str, Json]) -> Task:
    names, logic = dependencies(str(body.get("depends", "")))
    return Task(body, tuple(names), logic)


def _of_tasks(tag: str) -> bool:
    return tag in ("tasks", "steps") or tag.startswith(("tasks.", "steps."))


def _absent_marked(arguments: dict[str, Json], values: Values) -> dict[str, Json]:
    """Arguments that are nothing but a reference to an absent optional count as not given."""
    marked: list[Json] = []
    for parameter in objects(arguments.get("parameters")):
        match = re.fullmatch(r"\{\{([^{}]*)\}\}", str(parameter.get("value", "")))
        name = match[1].strip() if match else ""
        marked.append({**parameter, "value": ABSENT} if values.get(name, "") is None else parameter)
    return {**arguments, "parameters": marked}


def items_of(body: dict[str, Json]) -> list[Json]:
    """What a fan-out goes over."""
    if "withItems" in body:
        items = body["withItems"]
    elif "withParam" in body:
        try:
            items = json.loads(str(body["withParam"]))
        except json.JSONDecodeError as error:
            raise NodeError(f"withParam value could not be parsed as a JSON list: {body['withParam']}") from error
    else:
        return _sequence(obj(body["withSequence"]))
    if not isinstance(items, list):
        raise NodeError(f"withParam value could not be parsed as a JSON list: {items}")
    return items


def _sequence(sequence: dict[str, Json]) -> list[Json]:
    unknown = set(sequence) - {"count", "start", "end"}
    if unknown:
        raise Unsupported(f"withSequence: {sorted(unknown)}")
    numbers = {key: _atoi(str(value)) for key, value in sequence.items()}
    start = numbers.get("start", 0)
    if "end" not in numbers and numbers["count"] == 0:
        return []
    end = numbers["end"] if "end" in numbers else start + numbers["count"] - 1
    return [str(i) for i in (range(start, end + 1) if start <= end else range(start, end - 1, -1))]


def _atoi(text: str) -> int:
    if not re.fullmatch(r"[-+]?[0-9]+", text):
        raise NodeError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)


def item_values(item: Json) -> dict[str, str]:
    """What `{{item}}` and `{{item.key}}` stand for."""
    if isinstance(item, str):
        return {"item": item}
    if isinstance(item, dict):
        keys = {f"item.{key}": value if isinstance(value, str) else go_json(value) for key, value in item.items()}
        return {"item": go_json(item), **keys}
    return {"item": go_json(item)}


def aggregated(prefix: str, children: list[Node]) -> dict[str, str | None]:
    """The outputs of a fan-out's members: JSON lists of strings in index order, without the members that failed."""
    ordered = sorted(children, key=_position)
    good = [child.outputs for child in ordered if child.phase == "Succeeded" and child.outputs]
    names = dict.fromkeys(name for outputs in good for name in outputs)
    lists = {f"{prefix}.{name}": go_json([o[name] for o in good if name in o]) for name in names}
    return {prefix: go_json([dict(outputs) for outputs in good]), **lists}


def _position(child: Node) -> int:
    match = re.search(r"\((\d+):[^()]*\)$", child.name)
    assert match, child.name
    return int(match[1])


def _output(source: dict[str, Json], values: Values) -> str:
    """A DAG's output parameter from one of its tasks."""
    try:
        if "expression" in source:
            value = compile_expression(str(source["expression"])).run(nested(values))
        else:
            tag = str(source["parameter"]).removeprefix("{{").removesuffix("}}").strip()
            value = values[tag]
    except (KeyError, ExpressionError) as error:
        value = NIL
        if "default" not in source:
            raise NodeError(f"unable to resolve {source}") from error
    if value is None or value is NIL:
        if "default" not in source:
            raise NodeError(f"{source} is an absent optional")
        return str(source["default"])
    return value if isinstance(value, str) else go_json(value)
