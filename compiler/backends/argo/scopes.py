"""DAG templates: one for the flow, and one for each foreach's body, called once an item with the item's index path."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.backends.argo.containers import Containers
from compiler.backends.argo.names import Names, task_name
from compiler.backends.argo.parameters import has_input
from compiler.backends.yaml_text import Inline, Tree
from compiler.ir.plan import Edge, FanOut, Plan, Scope, Task, entry
from compiler.slotted_class import record

ROOT = "main"
NOWHERE = "-"
_INDEX = "{{inputs.parameters.index}}"


@record
class _Writer:
    """What every scope of one flow shares. `each` names the task that runs a foreach's body, by the step that splits."""

    plan: Plan
    containers: Containers
    each: dict[str, str]
    bodies: dict[str, str]
    named: dict[str, str]
    """The task of each container, by its first step."""

    def templates(self, scope: Scope, name: str, index: str) -> Iterator[Tree]:
        """The scope's template, then those of the foreaches in it."""
        template: dict[str, Tree] = {"name": name}
        if index != NOWHERE:
            template["inputs"] = {"parameters": [Inline({"name": "index"})]}
        template["dag"] = {"tasks": [task for node in scope.flat for task in self.tasks(node, index)]}
        yield template
        for node in scope.flat:
            if isinstance(node, FanOut):
                yield from self.templates(node.body, self.bodies[node.split.step], _INDEX)

    def tasks(self, node: Task | FanOut, index: str) -> Iterator[Tree]:
        """The task of a step, and after a step that splits the task that runs its body."""
        task = entry(node)
        yield self.step(task, index)
        if isinstance(node, FanOut):
            name = self.named[task.step]
            item = "{{item}}" if index == NOWHERE else f"{index}.{{{{item}}}}"
            yield {
                "name": self.each[task.step],
                "depends": f"{name}.Succeeded",
                "template": self.bodies[task.step],
                "withSequence": Inline({"count": f"{{{{tasks.{name}.outputs.parameters.fan}}}}"}),
                "arguments": {"parameters": [Inline({"name": "index", "value": item})]},
            }

    def step(self, task: Task, index: str) -> Tree:
        """The task of one step."""
        tree: dict[str, Tree] = {"name": self.named[task.step]}
        depends, when = self.conditions(task)
        if depends:
            tree["depends"] = depends
        if when:
            tree["when"] = when
        tree["template"] = self.containers.of_step[task.step]
        arguments = self.containers.arguments(task, index, has_input(self.plan))
        if arguments:
            tree["arguments"] = {"parameters": arguments}
        return tree

    def conditions(self, task: Task) -> tuple[str, str]:
        """`depends` and `when`: all of the groups, of each group any one."""
        depends: list[str] = []
        when: list[str] = []
        for group in task.prerequisites:
            after, cases = self.group(group)
            depends.append(f"({after})" if " || " in after and len(task.prerequisites) > 1 else after)
            when += [cases] if cases else []
        return " && ".join(depends), " && ".join(f"({cases})" if len(when) > 1 else cases for cases in when)

    def group(self, group: tuple[Edge, ...]) -> tuple[str, str]:
        """Alternatives: the last steps of switch arms, or a switch itself with the cases that lead straight here."""
        if not any(edge.cases for edge in group):
            return " || ".join(f"{self.ended(edge)}.Succeeded" for edge in group), ""
        if len(group) == 1:
            return f"{self.ended(group[0])}.Succeeded", self.taken(group[0])
        # what was not taken is skipped or omitted, a switch too; one that failed must not let the step run
        after = ("({0}.Succeeded || {0}.Skipped || {0}.Omitted)".format(self.ended(edge)) for edge in group)
        cases = (
            self.taken(edge) if edge.cases else f"{{{{tasks.{self.ended(edge)}.status}}}} == Succeeded"
            for edge in group
        )
        return " && ".join(after), " || ".join(cases)

    def ended(self, edge: Edge) -> str:
        """The task whose end an edge waits for: a foreach's body, or the step."""
        return self.each.get(edge.node) or self.named[edge.node]

    def taken(self, edge: Edge) -> str:
        """The condition that a switch took one of the edge's cases."""
        case = f"{{{{tasks.{self.named[edge.node]}.outputs.parameters.case}}}}"
        return " || ".join(f"{case} == {number}" for number in edge.cases)


def scopes(plan: Plan, containers: Containers, names: Names) -> tuple[Tree, ...]:
    """The DAG templates, the flow's first."""
    splits = [node.split.step for node in _fans(plan.root)]
    tasks = Names(task_name(step) for step in plan.tasks)
    named = _named(plan, tasks)
    each = {step: tasks.claim(f"{task_name(step)}-each") for step in splits}
    bodies = {step: names.claim(name) for step, name in each.items()}
    return tuple(_Writer(plan, containers, each, bodies, named).templates(plan.root, ROOT, NOWHERE))


def node_names(plan: Plan) -> dict[str, str]:
    """By the first step of each container, what its task is called."""
    return _named(plan, Names(task_name(step) for step in plan.tasks))


def _named(plan: Plan, tasks: Names) -> dict[str, str]:
    return {
        task.step: tasks.claim(task_name(task.title)) if len(task.group) > 1 else task_name(task.step)
        for task in plan.root.containers()
    }


def _fans(scope: Scope) -> Iterator[FanOut]:
    for node in scope.flat:
        if isinstance(node, FanOut):
            yield node
            yield from _fans(node.body)
