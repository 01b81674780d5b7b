"""The pipeline: a node for each container, and the edges between them.

Every node runs, and always ends well: one that no switch has chosen does nothing (`--when`). So a node follows all that may come
before it. A step in a foreach is a node of the type `task`, an execution for each index path of a list, which the split has left
as metadata. A split that is in a foreach itself runs many times, and no edge hands on what all of them say: behind it a node of its
own reads the widths from the store, and tells all members at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.ir.plan import FanOut, Plan, Scope, Task, entry
from compiler.slotted_class import record

MEMBERS = "flowc_members"
"""The metadata that holds the index paths of a foreach's members."""

INDEX = "index"
"""The parameter that says which of them an execution is."""


@record
class Node:
    """A node, its container (None: it tells the members of the foreaches of `splits`), and what it follows, by names of nodes.

    `members` names the node that tells of which members it is one; empty at the flow's own level. `splits`: the steps that
    split around it, from the outside in.
    """

    name: str
    task: Task | None
    splits: tuple[Task, ...]
    after: tuple[str, ...]
    members: str = ""

    def edges(self) -> Iterator[tuple[str, str]]:
        """The edges that lead to it, each as its source and its target."""
        if self.members:
            yield f"{self.members}.metadata.{MEMBERS}", f"{self.name}.parameter.{INDEX}"
        for other in self.after:
            if other != self.members:
                yield f"{other}.dependency.*", f"{self.name}.dependency.*"


def node_names(plan: Plan) -> dict[str, str]:
    """By the first step of each container, the name of its node: no step's name holds a `-`."""
    return {task.step: task.title.replace(" ", "-") for task in plan.root.containers()}


def nodes(plan: Plan) -> tuple[Node, ...]:
    """All nodes of the pipeline, in order."""
    return tuple(_nodes(plan.root, (), "", node_names(plan)))


def _nodes(scope: Scope, splits: tuple[Task, ...], members: str, named: Mapping[str, str]) -> Iterator[Node]:
    ends = {entry(node).step: tuple(_ends(node, named)) for node in scope.flat}
    for node in scope.flat:
        task = entry(node)
        after = dict.fromkeys(end for group in task.prerequisites for edge in group for end in ends[edge.node])
        yield Node(named[task.step], task, splits, tuple(after), members)
        if isinstance(node, FanOut):
            within, told = (*splits, task), named[task.step]
            if splits:
                yield Node(f"{task.step}-members", None, within, (told,))
                told = f"{task.step}-members"
            yield from _nodes(node.body, within, told, named)


def _ends(node: Task | FanOut, named: Mapping[str, str]) -> Iterator[str]:
    """The nodes that have ended where a node of the plan has, its body with it."""
    if isinstance(node, Task):
        yield named[node.step]
        return
    within = {entry(inner).step: inner for inner in node.body.flat}
    for step in node.body.tails:
        yield from _ends(within[step], named)
