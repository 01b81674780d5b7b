"""The pipeline: a DAG for the flow, one for the body of each foreach, and one around each step that a switch may leave out.

A task whose condition does not hold is skipped, and the back end omits whatever depends on a skipped task. So a step of a switch's
arm stands alone in a DAG without a condition, which succeeds either way: what follows, and the step where arms meet, depend on that.
"""

from __future__ import annotations

from compiler.backends import Options
from compiler.backends.command import legible, loads_text, step_word
from compiler.backends.yaml_text import Comment, Inline, Tree
from compiler.ir.flow import Parameter
from compiler.ir.plan import Begin, Edge, FanOut, Plan, Scope, Task, entry
from compiler.slotted_class import record
from flowc_kfp.containers import PARAMETERS, Containers, case_input, constant, declared, retry_policy
from flowc_kfp.names import Names, Places, pipeline_name, places

_RUN = constant("{{$.pipeline_job_uuid}}")
_INDEX = Inline({"componentInputParameter": "index"})
_TOLD = r"A JSON object of the flow's parameters; in its texts `{`, `}` and `$` are \u007b, \u007d and \u0024."


def pipeline_documents(plan: Plan, options: Options) -> list[dict[str, Tree]]:
    """The specification, and a second document where Kubernetes is told more."""
    containers = Containers(plan, options, Names())
    tasks = _Writer(plan, options, containers, places(plan)).tasks(plan.root, constant("-"))
    described: dict[str, Tree] = {"description": inert(plan.flow.doc)} if plan.flow.doc else {}
    spec: dict[str, Tree] = {
        Comment(f"Compiled from {plan.flow.path} by flowc: change the flow and compile it again."): "",
        "pipelineInfo": {"name": pipeline_name(plan, options), **described},
        "root": {"dag": {"tasks": tasks}, "inputDefinitions": {"parameters": {PARAMETERS: _parameters(plan)}}},
        "components": containers.components,
        "deploymentSpec": {"executors": containers.executors},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
    }
    platform: Tree = {"kubernetes": {"deploymentSpec": {"executors": containers.kubernetes}}}
    return [spec, {"platforms": platform}] if containers.kubernetes else [spec]


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
            # all of them: what a switch has left out has succeeded as well
            edges = (edge for group in task.prerequisites for edge in group)
            after: list[Tree] = list(dict.fromkeys(self.places.ended(edge.node) for edge in edges))
            if task.ways:
                found[self.places.arms[task.step]] = self.arm(node, index, after)
            else:
                found |= self.node(node, index, after, ())
        return found

    def node(self, node: Task | FanOut, index: Inline, after: list[Tree], ways: tuple[Edge, ...]) -> dict[str, Tree]:
        """The task of a step, and after a step that splits the loop over its body."""
        name = self.places.steps[entry(node).step]
        found = {name: self.step(entry(node), index, after, ways)}
        if isinstance(node, FanOut):
            found[self.places.each[node.split.step]] = self.loop(node, name)
        return found

    def step(self, task: Task, index: Inline, after: list[Tree], ways: tuple[Edge, ...]) -> Tree:
        """The task of a step; `ways` are the cases of switches any of which lets it run."""
        inputs: dict[str, Tree] = {"run": _RUN}
        if isinstance(task.loads, Begin):
            inputs[PARAMETERS] = Inline({"componentInputParameter": PARAMETERS})
        else:
            inputs |= {"step": constant(step_word(task)), "index": index, "load": constant(loads_text(task.loads))}
        inputs |= {name: Inline({"componentInputParameter": name}) for name in map(case_input, range(len(ways)))}
        found = _task(self.containers.component(task, len(ways)), self.places.steps[task.step], inputs, after)
        # what an earlier run has done is not in this run's place in the store
        found["cachingOptions"] = {}
        if ways:
            taken = ((case_input(at), case) for at, way in enumerate(ways) for case in way.cases)
            terms = (f"inputs.parameter_values['{name}'] == '{case}'" for name, case in taken)
            found["triggerPolicy"] = {"condition": " || ".join(terms)}
        if task.restarts:
            found["retryPolicy"] = retry_policy(task)
        return found

    def loop(self, fan: FanOut, split: str) -> Tree:
        """The loop over a foreach's children, whose index paths its split tells, each once with its own."""
        name = self.places.each[fan.split.step]
        component = self.containers.names.claim(f"comp-{name}")
        body: dict[str, Tree] = {}
        self.containers.components[component] = body  # before those of its own steps
        body |= {"inputDefinitions": declared(["index"], items="LIST"), "dag": {"tasks": self.tasks(fan.body, _INDEX)}}
        found = _task(component, name, {"items": _output(split, "fan")}, [split])
        found["parameterIterator"] = {"itemInput": "index", "items": Inline({"inputParameter": "items"})}
        if self.options.max_workers and fan.kind == "foreach":
            found["iteratorPolicy"] = {"parallelismLimit": self.options.max_workers}
        return found

    def arm(self, node: Task | FanOut, index: Inline, after: list[Tree]) -> Tree:
        """The DAG around a step of an arm, which hands on the case of a switch, or nothing where that did not run."""
        task = entry(node)
        name, inner = self.places.arms[task.step], self.places.steps[task.step]
        component = self.containers.names.claim(f"comp-{name}")
        cases: dict[str, Tree] = {
            case_input(at): _output(self.places.ended(way.node), "case") for at, way in enumerate(task.ways)
        }
        body: dict[str, Tree] = {"inputDefinitions": declared(["index", *cases])}
        self.containers.components[component] = body
        dag: dict[str, Tree] = {}
        if task.reports == "case":
            body["outputDefinitions"] = declared(["case"])
            told = Inline({"producerSubtask": inner, "outputParameterKey": "case"})
            dag["outputs"] = {"parameters": {"case": Inline({"valueFromParameter": told})}}
        body["dag"] = {**dag, "tasks": self.node(node, _INDEX, [], task.ways)}
        return _task(component, name, {"index": index, **cases}, after)


def _task(component: str, name: str, inputs: dict[str, Tree], after: list[Tree]) -> dict[str, Tree]:
    """A task; its name once more, for back ends of 2.5 look for producers by that one."""
    found: dict[str, Tree] = {"taskInfo": Inline({"name": name}), "componentRef": Inline({"name": component})}
    if after:
        found["dependentTasks"] = after
    found["inputs"] = {"parameters": inputs}
    return found


def _output(task: str, name: str) -> Inline:
    return Inline({"taskOutputParameter": Inline({"producerTask": task, "outputParameterKey": name})})


def _parameters(plan: Plan) -> dict[str, Tree]:
    """The one input of the pipeline, and in its description what it may hold."""
    told = inert("\n".join([_TOLD, *map(_described, plan.parameters)]))
    found: dict[str, Tree] = {"parameterType": "STRING", "description": told}
    is_optional = not any(parameter.required for parameter in plan.parameters)
    return found | ({"defaultValue": "{}", "isOptional": True} if is_optional else {})


def _described(parameter: Parameter) -> str:
    default = "required" if parameter.required else "optional"
    if parameter.has_default and isinstance(parameter.default, bool | int | float | str):
        default = f"default {parameter.default!r}"
    return f"{parameter.name} ({parameter.type}, {default})" + (f": {parameter.help}" if parameter.help else "")


def inert(prose: str) -> str:
    """Prose for people in which no tag of Argo's or of Kubeflow's begins."""
    lines = (line.rstrip() for line in legible(prose).replace("\t", "    ").strip().splitlines())
    return "\n".join(lines).replace("{{", "{ {")
