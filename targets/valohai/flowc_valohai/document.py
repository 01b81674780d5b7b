"""The file: a step for each container, then the pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from compiler.backends import Options
from compiler.backends.command import (
    argv,
    environment,
    flow_image,
    legible,
    members_argv,
    own_image,
    step_environment,
    ways_text,
)
from compiler.backends.fields import names, whole
from compiler.backends.names import spelled
from compiler.backends.secrets import secret_environment
from compiler.ir.plan import Begin, Plan, Resources, Task
from compiler.slotted_class import record
from flowc_valohai.graph import INDEX, Node, nodes
from flowc_valohai.parameters import of_first_step, of_pipeline
from flowc_valohai.scalars import folded, scalar, shell

_OWNER = "${VH_PIPELINE_ID:?}"
_RUN = f"valohai-{_OWNER}"
"""A run by the pipeline's own id; the shell says so where there is none, since a step was started alone."""

_GIVEN = "valohai:${VH_CONFIG_DIR:?}/parameters.json"
"""The values of the first step's parameters, in a file of Valohai's: no shell reads them."""

_MEMBER = f"{{parameter-value:{INDEX}}}"
_FILLED = frozenset((_OWNER, _RUN, _GIVEN, _MEMBER))
_REPORT = "valohai:"
_LONGEST_NAME = 100
_MB = 1.048576
"""Megabytes of a mebibyte."""


def deployment_name(plan: Plan, options: Options) -> str:
    """The pipeline's name, and the beginning of the name of each step."""
    return spelled(options.name or plan.name, "_", _LONGEST_NAME)


def document(plan: Plan, options: Options) -> str:
    """The text of the file."""
    containers = {task.step: task for task in plan.root.containers()}
    writer = _Writer(plan, options, deployment_name(plan, options), containers, nodes(plan))
    path = legible(plan.flow.path).replace("\n", " ")
    lines = [f"# Compiled from {path} by flowc: change the flow and compile it again."]
    for node in writer.nodes:
        lines += ["", "- step:", *(f"    {line}" for line in writer.step(node))]
    lines += ["", "- pipeline:", *(f"    {line}" for line in writer.pipeline())]
    return "\n".join(lines) + "\n"


@record
class _Writer:
    """What all parts of one file share; `containers` are the plan's by their first steps."""

    plan: Plan
    options: Options
    name: str
    containers: Mapping[str, Task]
    nodes: tuple[Node, ...]

    def step(self, node: Node) -> Iterator[str]:
        """The lines of a node's step."""
        task = node.task
        yield f"name: {scalar(f'{self.name}.{node.name}')}"
        yield f"image: {scalar((task and own_image(task, self.options)) or flow_image(self.options))}"
        if task and task.doc:
            yield f"description: {scalar(legible(task.doc))}"
        yield "command: >-"
        yield from (f"  {line}" for line in folded(self.command(node)))
        parameters = tuple(self.parameters(node))
        if parameters:
            yield "parameters:"
            yield from (f"  {line}" for line in parameters)
        yield "environment-variables:"
        for name, value in self.variables(task).items():
            yield f"  - {{name: {scalar(name)}, default: {scalar(value)}}}"
        yield from self.machine(task)

    def command(self, node: Node) -> tuple[str, ...]:
        """What the step runs."""
        task = node.task
        if task is None:
            return shell(members_argv(node.splits, self.containers, run=_RUN), _FILLED)
        given = _GIVEN if self.plan.parameters else ""
        index = _MEMBER if node.members else "-"
        words = argv(task, run=_RUN, index=index, retry="here", owner=_OWNER, parameters=given)
        ways = ways_text(task, self.containers)
        if ways:
            words = (*words, "--when", ways)
        if task.reports == "fan" and not node.members:
            words = (*words, "--report", _REPORT)
        return shell(words, _FILLED)

    def parameters(self, node: Node) -> Iterator[str]:
        """The items of the step's parameters."""
        if node.members:
            yield f"- {{name: {INDEX}, type: string}}"
        elif node.task and isinstance(node.task.loads, Begin):
            yield from of_first_step(self.plan)

    def variables(self, task: Task | None) -> dict[str, str]:
        """The step's variables; where it reports its command says."""
        shared = environment(self.plan, self.options, "")
        del shared["FLOWC_REPORT"]
        own = {**step_environment(task), **secret_environment(task, "aws-secrets-manager")} if task else {}
        return {**shared, **own}

    def machine(self, task: Task | None) -> Iterator[str]:
        """What the step asks of the machine, and for how long."""
        target = self.options.target
        groups = names(target.get("environment_variable_groups"))
        if groups:
            yield f"environment-variable-groups: [{', '.join(map(scalar, groups))}]"
        where = target.get("environment")
        if isinstance(where, str):
            yield f"environment: {scalar(where)}"
        if target.get("autorestart", task is not None and task.attempts > 1) is True:
            yield "autorestart: true"
        limit = task and _limit(task)
        if limit:
            yield f"time-limit: {limit}"
        silence = whole(target.get("no_output_timeout")) or limit
        if silence:
            yield f"no-output-timeout: {silence}"
        yield from _resources(task.resources if task else Resources())

    def pipeline(self) -> Iterator[str]:
        """The lines of the pipeline."""
        yield f"name: {scalar(self.name)}"
        parameters = tuple(of_pipeline(self.plan, self.nodes[0].name))
        if parameters:
            yield "parameters:"
            yield from (f"  {line}" for line in parameters)
        yield "nodes:"
        for node in self.nodes:
            yield f"  - name: {scalar(node.name)}"
            yield f"    type: {'task' if node.members else 'execution'}"
            yield f"    step: {scalar(f'{self.name}.{node.name}')}"
        edges = [edge for node in self.nodes for edge in node.edges()]
        yield "edges:" if edges else "edges: []"
        yield from (f"  - [{scalar(source)}, {scalar(target)}]" for source, target in edges)


def _limit(task: Task) -> int | None:
    """The seconds that all attempts of all steps of an execution may take; None where some step has no `@timeout`."""
    if task.chunk or any(each.deadline is None or each.repeats for each in task.steps):
        return None
    seconds = 0.0
    for each in task.steps:
        pauses = each.retry.times * each.retry.pause if each.retry else 0.0
        seconds += each.attempts * (each.deadline or 0) + pauses
    return ceil(seconds)


def _resources(asked: Resources) -> Iterator[str]:
    if asked.cpu is None and asked.memory is None and asked.gpu is None:
        return
    yield "resources:"
    if asked.cpu is not None:
        yield f"  cpu: {{min: {asked.cpu:g}}}"
    if asked.memory is not None:
        yield f"  memory: {{min: {ceil(asked.memory * _MB)}}}"
    if asked.gpu:
        yield f"  devices: {{nvidia.com/gpu: {asked.gpu}}}"
