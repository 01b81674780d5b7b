"""How a flow and a plan print: for people, and for the golden files that show what a change changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from compiler.ir.flow import (
    Config,
    Decorator,
    Dynamic,
    End,
    Flow,
    Foreach,
    Gang,
    Goto,
    Parameter,
    Split,
    Step,
    Switch,
    Transition,
    Value,
)
from compiler.ir.plan import (
    Begin,
    Branches,
    Choice,
    Edge,
    Enter,
    EventTrigger,
    FanOut,
    FlowTrigger,
    Follow,
    Gather,
    Load,
    Loads,
    Merge,
    Node,
    Option,
    Packages,
    Plan,
    Resources,
    Scope,
    Secret,
    Task,
    Trigger,
    entry,
)


def flow_text(flow: Flow) -> str:
    """The facts of a flow: head, parameters, each step in the author's order. Lines are left out: a change stays where it is."""
    blocks = ["\n".join(_flow_head(flow))]
    blocks += ["\n".join(_step(step)) for step in flow.steps.values()]
    return "\n\n".join(blocks) + "\n"


def plan_text(plan: Plan) -> str:
    """The decisions of a plan: each task in order, indented by its scope, with what it waits for and what it loads."""
    lines = [f"plan {plan.name}", *_plan_head(plan), "", *_scope(plan.root, "")]
    return "\n".join(lines) + "\n"


def graph_text(plan: Plan) -> str:
    """The graph alone: a line a step, indented by foreach and branch, with where it goes and the first line of its docstring.

    A `+` is before a step that is in the container of the one above.
    """
    rows = list(_graph(plan.flow, plan.root, ""))
    width = max(len(left) for left, _ in rows)
    goes = max(len(right) for _, right in rows)
    docs = [_first_line(plan.flow.steps[left.split()[-1]].doc) for left, _ in rows]
    lines = [f"{left:<{width}}  {right:<{goes}}  {doc}".rstrip() for (left, right), doc in zip(rows, docs, strict=True)]
    legend = ["", "+ in the container of the step above"] if any("+" in left for left, _ in rows) else []
    return "\n".join([f"{plan.flow.name}  {_first_line(plan.flow.doc)}".rstrip(), *lines, *legend]) + "\n"


def value_text(value: Value | Dynamic) -> str:
    """A value as JSON on one line; what only run time knows as its source between `<` and `>`."""
    return f"<{value.text}>" if isinstance(value, Dynamic) else json.dumps(value, ensure_ascii=False, default=dict)


def transition_text(transition: Transition) -> str:
    """Where a step goes, in a few words."""
    match transition:
        case Goto(target=target):
            return f"-> {target}"
        case Split(targets=targets):
            return f"-> {', '.join(targets)}"
        case Foreach(target=target, items=items):
            return f"-> {target} for each of {items}"
        case Switch(condition=condition, cases=cases):
            return f"-> by {condition}: " + ", ".join(f"{value_text(case.key)} {case.target}" for case in cases)
        case Gang(target=target, width=width):
            return f"-> {target} on {value_text(width)} nodes"
        case End():
            return "end"


def _flow_head(flow: Flow) -> Iterator[str]:
    yield f"flow {flow.name}  {flow.path}"
    if flow.doc:
        yield f"  {json.dumps(_first_line(flow.doc), ensure_ascii=False)}"
    yield from _decorators(flow.decorators)
    yield from map(_config, flow.configs)
    yield from map(_parameter, flow.parameters)
    if flow.constants:
        yield f"  constants {', '.join(flow.constants)}"


def _config(config: Config) -> str:
    called = "" if config.name == config.attribute else f" (--config {config.name})"
    return f"  config {config.attribute}{called} = {value_text(config.value)}"


def _parameter(parameter: Parameter) -> str:
    name = parameter.attribute
    called = "" if parameter.name == name else f" (--{parameter.name})"
    many = " multiple" if parameter.multiple else ""
    many += f" separated by {json.dumps(parameter.separator)}" if parameter.separator else ""
    many += f" of {', '.join(parameter.choices)}" if parameter.choices else ""
    many += " required" if parameter.required else ""
    default = f" = {value_text(parameter.default)}" if parameter.has_default else ""
    return f"  parameter {name}{called}: {parameter.type}{many}{default}"


def _step(step: Step) -> Iterator[str]:
    yield f"{step.name}{'(inputs)' if step.is_join else ''}"
    if step.doc:
        yield f"  {json.dumps(_first_line(step.doc), ensure_ascii=False)}"
    yield from _decorators(step.decorators)
    for verb, accesses in (("reads", step.reads), ("writes", step.writes)):
        if accesses:
            yield f"  {verb} {', '.join(access.name for access in accesses)}"
    if step.calls_unknown:
        yield "  may set artifacts that its text does not name"
    yield f"  {transition_text(step.next)}"


def _decorators(decorators: tuple[Decorator, ...]) -> Iterator[str]:
    for decorator in decorators:
        arguments = ", ".join(f"{name}={value_text(value)}" for name, value in decorator.arguments)
        yield f"  @{decorator.name}({arguments})" if arguments else f"  @{decorator.name}"


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0].strip()


def _plan_head(plan: Plan) -> Iterator[str]:
    if plan.schedule:
        yield f"  schedule {plan.schedule.cron} {plan.schedule.timezone or 'UTC'}"
    if plan.project:
        yield f"  project {plan.project.name} branch {plan.project.branch}"
    yield from map(_trigger, plan.triggers)
    for hook in plan.hooks:
        yield f"  on {hook.on} {hook.function}{' in ' + hook.image if hook.image else ''}"
    if plan.packages:
        yield f"  packages {_packages(plan.packages)}"
    for feature, count in Counter(feature for feature, _ in plan.features).items():
        yield f"  feature {feature}{f' ({count})' if count > 1 else ''}"
    yield from _options(plan.options)


def _trigger(trigger: Trigger) -> str:
    match trigger:
        case EventTrigger(event=event, parameters=pairs):
            filled = "".join(f", {name} from {field}" for name, field in pairs)
            return f"  starts on event {event}{filled}"
        case FlowTrigger(deployment=deployment):
            return f"  starts after {deployment}"


def _packages(packages: Packages) -> str:
    python = (f"python {packages.python}",) if packages.python else ()
    conda = (f"conda {' '.join(packages.conda)}",) if packages.conda else ()
    pypi = (f"pypi {' '.join(packages.pypi)}",) if packages.pypi else ()
    return ", ".join((*python, *conda, *pypi))


def _secret(secret: Secret) -> str:
    facts = [f"{secret.kind}.{secret.name}" if secret.kind else secret.name]
    facts += [f"role {secret.role}"] if secret.role else []
    facts += [f"region {secret.region}"] if secret.region else []
    facts += ["as text"] if secret.as_text else []
    facts += [f"in {secret.variable}"] if secret.variable else []
    facts += ["may override"] if secret.override else []
    return ", ".join(facts)


def _scope(scope: Scope, indent: str) -> Iterator[str]:
    for node in scope.nodes:
        task = entry(node)
        yield from (f"{indent}{line}" for line in _task(task))
        if task.group:
            yield f"{indent}  one container, {task.title}"
            yield from (f"{indent}    {line}" for each in task.group for line in _task(each))
        match node:
            case Task():
                pass
            case FanOut(body=body, kind=kind, width=width):
                yield f"{indent}  {kind}{'' if width is None else ' ' + value_text(width)}"
                yield from _scope(body, indent + "    ")
            case Branches(arms=arms):
                for arm in arms:
                    yield f"{indent}  arm {entry(arm.nodes[0]).step}"
                    yield from _scope(arm, indent + "    ")


def _task(task: Task) -> Iterator[str]:
    portions = f" in portions of {task.counts_by}" if task.counts_by > 1 else ""
    marks = f"{'  reports ' + task.reports if task.reports else ''}{portions}{'  repeats' if task.repeats else ''}"
    yield f"{task.step}{marks}{'  last' if task.is_end else ''}"
    if task.after:
        yield f"  after {' or '.join(map(_edge, task.after))}"
    if task.prerequisites and task.prerequisites != (task.after,):
        yield f"  needs {' and '.join(' or '.join(map(_edge, group)) for group in task.prerequisites)}"
    if task.ways:
        yield f"  only by {' or '.join(map(_edge, task.ways))}"
    yield f"  {_loads(task.loads)}"
    yield from _decided(task)


def _decided(task: Task) -> Iterator[str]:
    if task.retry:
        alone = ", for what happens to it alone" if task.retry.only_system else ""
        yield f"  retry {task.retry.times} times, {task.retry.pause:g} s between{alone}"
    if task.timeout is not None:
        yield f"  timeout {task.timeout:g} s"
    if task.catch:
        yield "  catch"
    if task.image:
        yield f"  image {task.image}"
    if task.resources != Resources():
        yield f"  resources {_resources(task.resources)}"
    for name, value in task.environment:
        yield f"  environment {name}={json.dumps(value, ensure_ascii=False)}"
    for secret in task.secrets:
        yield f"  secret {_secret(secret)}"
    if task.variant:
        yield f"  packages {_packages(task.packages) if task.packages else 'none'}, in the image of {task.variant}"
    yield from _options(task.options)


def _resources(asked: Resources) -> str:
    sizes = {
        "cpu": asked.cpu,
        "gpu": asked.gpu,
        "memory": asked.memory,
        "disk": asked.disk,
        "shared_memory": asked.shared_memory,
    }
    return ", ".join(f"{name} {size:g}" for name, size in sizes.items() if size is not None)


def _options(options: tuple[Option, ...]) -> Iterator[str]:
    for option in options:
        yield f"  option @{option.decorator}({option.name}={value_text(option.value)})"


def _edge(edge: Edge) -> str:
    return f"{edge.node} case {'/'.join(map(str, edge.cases))}" if edge.cases else edge.node


def _loads(loads: Loads) -> str:
    match loads:
        case Begin():
            return "begins the run"
        case Follow(load=load):
            return f"loads {_load(load)}"
        case Enter(split=split, gang=gang):
            return f"meets its gang, and loads {split}" if gang else f"loads its item of {split}"
        case Merge(split=split, arms=arms):
            return f"merges the arms of {split}: " + ", ".join(_arm(name, load) for name, load in arms)
        case Gather(split=split, load=load):
            return f"gathers {_load(load)} over {split}"


def _arm(name: str, load: Load) -> str:
    text = _load(load)
    return name if text == name else f"{name} from {text}"


def _load(load: Load) -> str:
    return ", else ".join(map(_choice, load.choices))


def _choice(choice: Choice) -> str:
    conditions = " and ".join(f"{switch} took {'/'.join(map(str, cases))}" for switch, cases in choice.when)
    return f"{choice.step} if {conditions}" if conditions else choice.step


def _graph(flow: Flow, scope: Scope, indent: str) -> Iterator[tuple[str, str]]:
    for node in scope.nodes:
        for task in entry(node).steps:
            sign = "" if task.step == entry(node).step else "+ "
            yield (
                f"{indent}{sign}{task.step}",
                f"{transition_text(flow.steps[task.step].next)}{_portions(entry(node), task)}",
            )
        for inner in _inner(node):
            yield from _graph(flow, inner, indent + "  ")


def _portions(container: Task, task: Task) -> str:
    """How many members one container does, behind its first step."""
    if container.chunk is None or task.step != container.step:
        return ""
    at_once = f", {container.chunk.workers} at once" if container.chunk.workers > 1 else ""
    return f"  [{container.chunk.size} a container{at_once}]"


def _inner(node: Node) -> tuple[Scope, ...]:
    match node:
        case Task():
            return ()
        case FanOut(body=body):
            return (body,)
        case Branches(arms=arms):
            return arms
