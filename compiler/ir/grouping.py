"""Which tasks stand in one container: steps in a row (`fuse`), members of a foreach (`chunk`). Asked for, never on its own.

A plan goes in and a plan comes out in which a task may be a group; what was asked for by name and cannot be is among its obstacles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from compiler.ir.flow import Dynamic, Switch
from compiler.ir.plan import (
    Branches,
    Chunk,
    Edge,
    FanOut,
    Node,
    Obstacle,
    Plan,
    Retry,
    Scope,
    Task,
    attempts_of_all,
    entry,
)
from compiler.slotted_class import fresh, mutable, record, replaced


@record
class Grouping:
    """What is asked for. `fuse`: all steps in a row, or those of these names. `chunk`: by the first step of a foreach's body.

    `images` are those that settings name, by step or by the step whose packages an image has.
    """

    fuse: bool | tuple[str, ...] = False
    chunk: Mapping[str, Chunk] = fresh(default_factory=dict)
    images: Mapping[str, str] = fresh(default_factory=dict)


def grouped(plan: Plan, asked: Grouping) -> Plan:
    """The plan with groups. Pure; the same plan where nothing is asked for."""
    if not asked.fuse and not asked.chunk:
        return plan
    work = _Grouping(plan, asked)
    scope = work.scope(plan.root)
    return replaced(plan, root=_renamed(scope, work.heads), obstacles=tuple(work.obstacles()))


@mutable
class _Grouping:
    """The work on one plan. `heads`: by each step the first one of its group; `chunked`: the first steps of bodies that are."""

    plan: Plan
    asked: Grouping
    heads: dict[str, str] = fresh(default_factory=dict)
    chunked: set[str] = fresh(default_factory=set)
    refused: dict[str, str] = fresh(default_factory=dict)
    """Why steps do not share a container with the one before them."""
    left: set[str] = fresh(default_factory=set)
    """The steps before those."""
    uncut: dict[str, str] = fresh(default_factory=dict)
    """Why bodies are not done in portions, by their first step."""

    def scope(self, scope: Scope) -> Scope:
        """The scope with groups, those within its nodes too."""
        nodes = [self._within(node) for node in scope.nodes]
        followers: dict[str, int] = {}
        for node in nodes:
            for edge in entry(node).after:
                followers[edge.node] = followers.get(edge.node, 0) + 1
        chains: dict[str, list[Node]] = {}
        ends: dict[str, str] = {}
        """By the step that a chain ends with, the step that it begins with."""
        for node in nodes:
            before = self._joins(node, chains, ends, followers)
            head = ends.pop(before) if before else entry(node).step
            chains.setdefault(head, []).append(node)
            ends[entry(node).step] = head
        return Scope(tuple(self._chunked(self._one(chain)) for chain in chains.values()))

    def _within(self, node: Node) -> Node:
        match node:
            case Task():
                return node
            case FanOut(kind="gang"):
                return node
            case FanOut(body=body):
                return replaced(node, body=self.scope(body))
            case Branches(arms=arms):
                return replaced(node, arms=tuple(map(self.scope, arms)))

    def _joins(
        self, node: Node, chains: Mapping[str, Sequence[Node]], ends: Mapping[str, str], followers: Mapping[str, int]
    ) -> str:
        """The step of the task before, in whose container a node's own one can be; empty where it is to be alone."""
        task = entry(node)
        if len(task.after) != 1 or task.after[0].node not in ends:
            return ""
        edge = task.after[0]
        before = chains[ends[edge.node]][-1]
        if not self._is_wanted(edge.node) or not self._is_wanted(task.step):
            return ""
        reason = self._obstacle(before, edge, node, followers[edge.node])
        if reason:
            self.refused[task.step] = reason
            self.left.add(edge.node)
            return ""
        return edge.node

    def _is_wanted(self, step: str) -> bool:
        return self.asked.fuse is True or (isinstance(self.asked.fuse, tuple) and step in self.asked.fuse)

    def _obstacle(self, before: Node, edge: Edge, node: Node, followers: int) -> str:
        """Why two nodes, the second of which follows the first, are not one container; empty where nothing is against it."""
        if isinstance(before, FanOut | Branches):
            return f"`{edge.node}` splits, and what it splits into runs in between"
        if isinstance(node, FanOut) and node.kind == "gang":
            return "it opens a gang, whose nodes wait for each other"
        if followers > 1 or not self._is_only_way(edge):
            return f"`{edge.node}` chooses between several ways"
        return _difference(before, entry(node), self.asked.images)

    def _is_only_way(self, edge: Edge) -> bool:
        """Whether an edge is taken whatever a switch decides."""
        transition = self.plan.flow.steps[edge.node].next
        if not edge.cases or not isinstance(transition, Switch):
            return not edge.cases
        return set(edge.cases) == {at for at, case in enumerate(transition.cases) if case.target != edge.node}

    def _one(self, chain: Sequence[Node]) -> Node:
        """A chain as one node: its last one's kind, with all steps in it."""
        last = chain[-1]
        if len(chain) == 1:
            return last
        tasks = tuple(entry(node) for node in chain)
        task = _group(tasks)
        self.heads.update({each.step: task.step for each in tasks})
        return task if isinstance(last, Task) else replaced(last, split=task)

    def _chunked(self, node: Node) -> Node:
        """A foreach whose body one container does for several members, where that is asked for."""
        if not isinstance(node, FanOut):
            return node
        first = entry(node.body.nodes[0])
        chunk = self.asked.chunk.get(first.step)
        if chunk is None:
            return node
        reason = _uncut(node)
        if reason:
            self.uncut[first.step] = reason
            return node
        self.chunked.add(first.step)
        body = _group(first.steps, chunk)
        return replaced(node, body=Scope((body,)), split=replaced(node.split, counts_by=chunk.size))

    def obstacles(self) -> Iterator[Obstacle]:
        """What was asked for by name and is not so."""
        steps = self.plan.flow.steps
        shared = {*self.heads}
        for step in self.asked.fuse if isinstance(self.asked.fuse, tuple) else ():
            if step not in steps:
                yield Obstacle("fuse", step, "the flow has no such step", self.plan.flow.span)
            elif step in self.refused:
                yield Obstacle("fuse", step, self.refused[step], steps[step].span)
            elif step not in shared and step not in self.left:
                reason = "no other step that is to be fused stands directly before or behind it"
                yield Obstacle("fuse", step, reason, steps[step].span)
        for step in self.asked.chunk:
            if step not in steps:
                yield Obstacle("chunk", step, "the flow has no such step", self.plan.flow.span)
            elif step not in self.chunked:
                reason = self.uncut.get(step) or "it is not the first step of a foreach's body"
                yield Obstacle("chunk", step, reason, steps[step].span)


def _uncut(fan: FanOut) -> str:
    """Why the members of a fan-out are not done in portions."""
    if fan.kind == "gang":
        return "it is the node of a gang, and all of them run at once"
    first, *others = fan.body.nodes
    if others:
        steps = ", ".join(f"`{entry(node).step}`" for node in (first, *others))
        return f"the body of the foreach is {1 + len(others)} containers ({steps}): fuse them"
    if isinstance(first, FanOut):
        return "another foreach stands in this one: chunk that"
    return "" if isinstance(first, Task) else "the body of the foreach splits into branches"


def _difference(before: Task, task: Task, images: Mapping[str, str]) -> str:
    """What two containers differ in, for a person; empty where they are alike."""
    one, other = _container(before, images), _container(task, images)
    names = [name for name, value in one.items() if value != other[name]]
    return f"it asks for another container than `{before.step}`: {', '.join(names)}" if names else ""


def _container(task: Task, images: Mapping[str, str]) -> dict[str, object]:
    return {
        "image": task.named_image(images),
        "packages": task.variant,
        "resources": task.resources,
        "options": [
            (option.decorator, option.name, option.value.text if isinstance(option.value, Dynamic) else option.value)
            for option in task.options
        ],
        "environment": task.environment,
        "secrets": [replaced(secret, span=None) for secret in task.secrets],
    }


def _group(tasks: tuple[Task, ...], chunk: Chunk | None = None) -> Task:
    """Tasks as one container: known by its first step, and reporting what the last one does."""
    first, last = tasks[0], tasks[-1]
    times = attempts_of_all([task.attempts for task in tasks], chunk) - 1
    docs = [f"{task.step}: {task.doc}" for task in tasks if task.doc]
    return replaced(
        first,
        reports=last.reports,
        is_end=last.is_end,
        retry=Retry(times, 0, only_system=True) if times else None,
        timeout=None,
        catch=False,
        repeats=False,
        doc="\n\n".join(docs) or None if len(tasks) > 1 else first.doc,
        group=tasks,
        chunk=chunk,
    )


def _renamed(scope: Scope, heads: Mapping[str, str]) -> Scope:
    """The scope with each edge to a step of a group leading to the group."""
    if not heads:
        return scope
    return Scope(tuple(_renamed_node(node, heads) for node in scope.nodes))


def _renamed_node(node: Node, heads: Mapping[str, str]) -> Node:
    match node:
        case Task():
            return _renamed_task(node, heads)
        case FanOut(split=split, body=body):
            return replaced(node, split=_renamed_task(split, heads), body=_renamed(body, heads))
        case Branches(split=split, arms=arms):
            inner = tuple(_renamed(arm, heads) for arm in arms)
            return replaced(node, split=_renamed_task(split, heads), arms=inner)


def _renamed_task(task: Task, heads: Mapping[str, str]) -> Task:
    def edges(group: tuple[Edge, ...]) -> tuple[Edge, ...]:
        return tuple(replaced(edge, node=heads.get(edge.node, edge.node)) for edge in group)

    return replaced(
        task, after=edges(task.after), prerequisites=tuple(map(edges, task.prerequisites)), ways=edges(task.ways)
    )
