"""The pipeline: a DAG for the flow, one for the body of each foreach, and one around each step that a switch may leave out.

A task whose condition does not hold is skipped, and the back end omits whatever depends on a skipped task. So a step of a switch's
arm stands alone in a DAG without a condition, which succeeds either way: what follows, and the step where arms meet, depend on that.
"""

from __future__ import annotations

from compiler.backends import Options
from compiler.backends.command import legible, loads_text, step_word
from compiler.ir.flow import Dynamic, Parameter
from compiler.ir.plan import Begin, Edge, FanOut, Plan, Scope, Task, entry
from compiler.slotted_class import record
from flowc_kfp.containers import PARAMETERS, REPORTED, Containers, case_input, constant, declared, retry_policy
from flowc_kfp.names import Names, Places, pipeline_name, places
from flowc_kfp.yaml_text import Inline, Tree, document, visible

SCHEMA, SDK = "2.1.0", "kfp-2.17.0"
NOWHERE = constant("-")
RUN = constant("{{$.pipeline_job_uuid}}")
_INDEX = Inline({"componentInputParameter": "index"})
_MARK = "Compiled from {path} by flowc: change the flow and compile it again."


def pipeline_text(plan: Plan, options: Options) -> str:
    """The file: the specification, and a second document where Kubernetes is told more."""
    containers = Containers(plan, options, Names())
    writer = _Writer(plan, options, containers, places(plan))
    tasks = writer.tasks(plan.root, NOWHERE)
    info: dict[str, Tree] = {"name": pipeline_name(plan, options)}
    if plan.flow.doc:
        info["description"] = inert(plan.flow.doc)
    spec: dict[str, Tree] = {
        "pipelineInfo": info,
        "root": {"dag": {"tasks": tasks}, "inputDefinitions": {"parameters": {PARAMETERS: _parameters(plan)}}},
        "components": containers.components,
        "deploymentSpec": {"executors": containers.executors},
        "schemaVersion": SCHEMA,
        "sdkVersion": SDK,
    }
    if options.target.get("pipeline_root"):
        spec["defaultPipelineRoot"] = str(options.target["pipeline_root"])
    text = f"# {visible(_MARK.format(path=plan.flow.path))}\n{document(spec)}"
    if containers.kubernetes:
        executors: Tree = {"executors": containers.kubernetes}
        text += "---\n" + document({"platforms": {"kubernetes": {"deploymentSpec": executors}}})
    return text


@record
class _Writer:
    """What every scope of one flow shares."""

    plan: Plan
    options: Options
    containers: Containers
    places: Places

    def tasks(self, scope: Scope, index: Inline) -> dict[str, Tree]:
        """The tasks of a scope's DAG; `index` is the index path there, as an input."""
        found: dict[str, Tree] = {}
        for node in scope.flat:
            task = entry(node)
            after = self.after(task.prerequisites)
            if task.ways:
                found[self.places.arms[task.step]] = self.arm(node, index, after)
            else:
                found |= self.node(node, index, after)
        return found

    def after(self, groups: tuple[tuple[Edge, ...], ...]) -> list[Tree]:
        """The tasks that end before: all, for whatever a switch left out has succeeded as well."""
        return list(dict.fromkeys(self.places.ended(edge.node) for group in groups for edge in group))

    def node(self, node: Task | FanOut, index: Inline, after: list[Tree], ways: tuple[Edge, ...] = ()) -> dict[str, Tree]:
        """The task of a step, and after a step that splits the loop over its body."""
        task = entry(node)
        name = self.places.steps[task.step]
        found: dict[str, Tree] = {name: self.step(task, index, after, ways)}
        if isinstance(node, FanOut):
            found[self.places.each[task.step]] = self.loop(node, name)
        return found

    def step(self, task: Task, index: Inline, after: list[Tree], ways: tuple[Edge, ...]) -> Tree:
        """The task of a step; `ways` are the cases of switches any of which lets it run."""
        inputs: dict[str, Tree] = {"run": RUN}
        if isinstance(task.loads, Begin):
            inputs[PARAMETERS] = Inline({"componentInputParameter": PARAMETERS})
        else:
            inputs |= {"step": constant(step_word(task)), "index": index, "load": constant(loads_text(task.loads))}
        inputs |= {name: Inline({"componentInputParameter": name}) for name in map(case_input, range(len(ways)))}
        name = self.places.steps[task.step]
        found = _task(self.containers.component(task, len(ways)), name, inputs, after)
        # a task that was done before may not be left out: it has another run's place in the store
        found["cachingOptions"] = {}
        if ways:
            found["triggerPolicy"] = {"condition": " || ".join(_holds(at, way) for at, way in enumerate(ways))}
        if task.attempts > 1:
            found["retryPolicy"] = retry_policy(task)
        return found

    def loop(self, fan: FanOut, split: str) -> Tree:
        """The loop over a foreach's children, whose index paths its split tells, each once with its own."""
        name = self.places.each[fan.split.step]
        component = self.containers.names.claim(f"comp-{name}")
        inputs: dict[str, Tree] = {"items": Inline({"taskOutputParameter": _output(split, "fan")})}
        definitions = declared(["index"])["parameters"] | declared(["items"], "LIST")["parameters"]
        self.containers.components[component] = body = {}
        body |= {"inputDefinitions": {"parameters": definitions}, "dag": {"tasks": self.tasks(fan.body, _INDEX)}}
        found = _task(component, name, inputs, [split])
        found["parameterIterator"] = {"itemInput": "index", "items": Inline({"inputParameter": "items"})}
        if self.options.max_workers and fan.kind == "foreach":
            found["iteratorPolicy"] = {"parallelismLimit": self.options.max_workers}
        return found

    def arm(self, node: Task | FanOut, index: Inline, after: list[Tree]) -> Tree:
        """The DAG around a step of an arm: it always succeeds, and hands on the case of a switch, or nothing where that did not run."""
        task = entry(node)
        name, inner = self.places.arms[task.step], self.places.steps[task.step]
        component = self.containers.names.claim(f"comp-{name}")
        cases = {case_input(number): self.case(way.node) for number, way in enumerate(task.ways)}
        self.containers.components[component] = body = {"inputDefinitions": declared(["index", *cases])}
        dag: dict[str, Tree] = {"tasks": self.node(node, _INDEX, [], task.ways)}
        if task.reports == "case":
            body["outputDefinitions"] = {"parameters": {"case": Inline({"parameterType": REPORTED["case"]})}}
            told = Inline({"producerSubtask": inner, "outputParameterKey": "case"})
            dag["outputs"] = {"parameters": {"case": Inline({"valueFromParameter": told})}}
        body["dag"] = dag
        return _task(component, name, {"index": index, **cases}, after)

    def case(self, switch: str) -> Tree:
        """The case of a switch; the text is empty where an earlier one left it out."""
        return Inline({"taskOutputParameter": _output(self.places.ended(switch), "case")})


def _task(component: str, name: str, inputs: dict[str, Tree], after: list[Tree]) -> dict[str, Tree]:
    """A task; its name once more, for back ends of 2.5 look for producers by that one."""
    found: dict[str, Tree] = {"taskInfo": Inline({"name": name}), "componentRef": Inline({"name": component})}
    if after:
        found["dependentTasks"] = after
    found["inputs"] = {"parameters": inputs}
    return found


def _output(task: str, name: str) -> Inline:
    return Inline({"producerTask": task, "outputParameterKey": name})


def _holds(number: int, way: Edge) -> str:
    value = f"inputs.parameter_values['{case_input(number)}']"
    return " || ".join(f"{value} == '{case}'" for case in way.cases)


def _parameters(plan: Plan) -> dict[str, Tree]:
    """The one input of the pipeline, and in its description what it may hold."""
    lines = ["JSON object of the flow's parameters; in its texts `{`, `}` and `$` are written \\u007b, \\u007d and \\u0024", *map(_described, plan.parameters)]
    found: dict[str, Tree] = {"parameterType": "STRING", "description": inert("\n".join(lines))}
    if not any(parameter.required for parameter in plan.parameters):
        found |= {"defaultValue": "{}", "isOptional": True}
    return found


def _described(parameter: Parameter) -> str:
    default = "required" if parameter.required else "optional"
    if parameter.has_default and isinstance(parameter.default, bool | int | float | str):
        default = f"default {parameter.default!r}"
    return f"{parameter.name} ({parameter.type}, {default})" + (f": {parameter.help}" if parameter.help else "")


def inert(prose: str) -> str:
    """Prose for people in which no tag of Argo's or of Kubeflow's begins."""
    lines = (line.rstrip() for line in legible(prose).replace("\t", "    ").strip().splitlines())
    return "\n".join(lines).replace("{{", "{ {")
