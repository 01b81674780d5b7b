"""`self._graph`: the flow's steps as the nodes of a graph, for code that asks Metaflow's own."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_KINDS = {"split-static": "split", "split-foreach": "foreach", "split-parallel": "foreach"}


class Node(NamedTuple):
    """One step: its kind (`start`, `linear`, `split`, `foreach`, `split-switch`, `join`, `end`), and what is around it."""

    name: str
    type: str
    doc: str
    source_file: str
    out_funcs: list[str]
    in_funcs: set[str]
    matching_join: str | None
    split_parents: list[str]
    is_inside_foreach: bool
    condition: str | None
    switch_cases: Mapping[str, str]
    foreach_param: str | None
    parallel_foreach: bool


class FlowGraph:
    """The steps by their names, in their order."""

    def __init__(self, name: str, info: Mapping[str, Any]) -> None:
        self.name = name
        self.doc = info["doc"]
        self.start_step, self.end_step = info["start_step"], info["end_step"]
        steps = info["steps"]
        parents = _parents(steps, self.start_step)
        self.nodes = {each: _node(steps, each, parents.get(each, ())) for each in steps}
        self.sorted_nodes = list(steps)

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def __contains__(self, name: object) -> bool:
        return name in self.nodes

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self.nodes)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("the graph of the flow (`self._graph`) is no artifact")


def _node(steps: Mapping[str, Any], name: str, parents: tuple[str, ...]) -> Node:
    step = steps[name]
    around = parents[:-1] if parents and steps[parents[-1]].get("matching_join") == name else parents
    return Node(
        name=name,
        type=_KINDS.get(step["type"]) or step["type"],
        doc=step["doc"],
        source_file=step["source_file"],
        out_funcs=list(step["next"]),
        in_funcs={other for other in steps if name in steps[other]["next"]},
        matching_join=step.get("matching_join"),
        split_parents=list(parents),
        is_inside_foreach=any(_KINDS.get(steps[each]["type"]) == "foreach" for each in around),
        condition=step.get("condition"),
        switch_cases=step.get("switch_cases", {}),
        foreach_param=step.get("foreach_artifact"),
        parallel_foreach=step["type"] == "split-parallel",
    )


def _parents(steps: Mapping[str, Any], start: str) -> dict[str, tuple[str, ...]]:
    """The splits and foreaches that are open around each step, the outermost first; a join is still inside its own."""
    found: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(start, ())]
    while waiting:
        name, opened = waiting.pop()
        if name in found or name not in steps:
            continue
        found[name] = opened
        step = steps[name]
        if opened and steps[opened[-1]].get("matching_join") == name:
            opened = opened[:-1]
        if step["type"] in _KINDS:
            opened = (*opened, name)
        waiting += [(follower, opened) for follower in step["next"]]
    return found
