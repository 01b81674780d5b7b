"""The steps as a graph: their order, and which switches tell which step came before. Linear and iterative."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from compiler.ir.flow import End, Foreach, Gang, Goto, Split, Step, Switch
from compiler.slotted_class import record

if TYPE_CHECKING:
    from compiler.ir.plan import Choice, Load

Graph = Mapping[str, Sequence[str]]
"""Successors (or predecessors) of each node, without repeats and self-loops."""

_Way = tuple[tuple[tuple[str, tuple[int, ...]], ...], str]
"""The cases that lead to a node, switch by switch, and the node."""


def successors(step: Step) -> tuple[str, ...]:
    """The steps that a transition names, each once, in the author's order; a step's own name (recursion) is left out."""
    match step.next:
        case Goto(target=target) | Foreach(target=target) | Gang(target=target):
            targets: tuple[str, ...] = (target,)
        case Split(targets=names):
            targets = names
        case Switch(cases=cases):
            targets = tuple(case.target for case in cases)
        case End():
            targets = ()
    return tuple(dict.fromkeys(target for target in targets if target != step.name))


def predecessors(graph: Graph) -> dict[str, list[str]]:
    """The same graph with its edges turned round; every node has an entry."""
    before: dict[str, list[str]] = {node: [] for node in graph}
    for node, targets in graph.items():
        for target in targets:
            before[target].append(node)
    return before


def order(graph: Graph) -> tuple[str, ...]:
    """The nodes of an acyclic graph, each after all before it, and otherwise as the graph lists them; nodes on cycles are left out."""
    place = {node: position for position, node in enumerate(graph)}
    waiting = {node: len(before) for node, before in predecessors(graph).items()}
    ready = [place[node] for node, count in waiting.items() if not count]
    heapq.heapify(ready)
    names, done = list(graph), []
    while ready:
        node = names[heapq.heappop(ready)]
        done.append(node)
        for target in graph[node]:
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(ready, place[target])
    return tuple(done)


@record
class Level:
    """A level of one scope, its splits collapsed to single nodes: where a switch's arms part and meet.

    `after` and `before` hold the edges between its nodes, `place` their topological order,
    `cases` the targets of each switch by the position of its key.
    """

    after: Graph
    before: Graph
    place: Mapping[str, int]
    cases: Mapping[str, tuple[str, ...]]

    def load(self, ends: Sequence[str], meeting: str | None) -> Load:
        """Which of `ends` ran, told by the switches alone.

        `ends` are the nodes directly before `meeting`, or the last nodes of the level where `meeting` is None. The result has an
        entry without conditions where there is one end, else one entry a way, every switch that decides it in its conditions.
        """
        from compiler.ir.plan import Choice, Load  # noqa: PLC0415 - only a plan asks

        if len(ends) == 1:
            return Load((Choice((), ends[0]),))
        root, region = self._region(ends)
        return Load(_joined(self._ways(root, region, frozenset(ends), meeting)))

    def _region(self, ends: Sequence[str]) -> tuple[str, set[str]]:
        """The last node that all ways to `ends` pass, and every node from it to them."""
        return _narrow(ends, self.before, lambda node: -self.place[node])

    def _ways(self, root: str, region: set[str], ends: frozenset[str], meeting: str | None) -> list[_Way]:
        found: list[_Way] = []
        open_ways: list[_Way] = [((), root)]
        while open_ways:
            when, node = open_ways.pop()
            if node in self.cases:
                passed = self._certain(node, region, ends)
                if passed is not None:
                    open_ways.append((when, passed))
                    continue
                branches = self._arms(node, region, meeting)
                found += [((*when, (node, keys)), node) for target, keys in branches if target == meeting]
                open_ways += [
                    ((*when, (node, keys)), target) for target, keys in reversed(branches) if target != meeting
                ]
            elif node in ends:
                found.append((when, node))
            else:
                open_ways.extend((when, target) for target in self.after[node] if target in region)
        return found

    def _arms(self, switch: str, region: set[str], meeting: str | None) -> list[tuple[str, tuple[int, ...]]]:
        """The targets of a switch on the way, each with the positions of its keys; when it has decided it no longer repeats."""
        keys: dict[str, list[int]] = {}
        for position, target in enumerate(self.cases[switch]):
            if target != switch and (target in region or target == meeting):
                keys.setdefault(target, []).append(position)
        return [(target, tuple(positions)) for target, positions in keys.items()]

    def _certain(self, switch: str, region: set[str], ends: frozenset[str]) -> str | None:
        """The next node that every way from `switch` to the ends passes, if there is one before they part for good."""
        if switch in ends:
            return None
        frontier = [target for target in self.after[switch] if target in region]
        inside = {node: [target for target in self.after[node] if target in region] for node in frontier}
        seen, heap = set(frontier), [(self.place[node], node) for node in frontier]
        heapq.heapify(heap)
        while len(heap) > 1:
            _, node = heapq.heappop(heap)
            if node in ends:
                return None
            for target in inside.setdefault(node, [t for t in self.after[node] if t in region]):
                if target not in seen:
                    seen.add(target)
                    heapq.heappush(heap, (self.place[target], target))
        return heap[0][1]


def _narrow(ends: Sequence[str], before: Graph, key: Callable[[str], int]) -> tuple[str, set[str]]:
    """Walk back from `ends` until a single node is left on the front; that node and all that were seen."""
    seen, heap = set(ends), [(key(node), node) for node in ends]
    heapq.heapify(heap)
    while len(heap) > 1:
        _, node = heapq.heappop(heap)
        for earlier in before[node]:
            if earlier not in seen:
                seen.add(earlier)
                heapq.heappush(heap, (key(earlier), earlier))
    return heap[0][1], seen


def _joined(ways: Iterable[_Way]) -> tuple[Choice, ...]:
    """Ways that differ only in the last switch's keys, and lead to the same step, as one."""
    from compiler.ir.plan import Choice  # noqa: PLC0415 - as above

    joined: dict[tuple[object, ...], Choice] = {}
    for when, step in ways:
        if not when:
            return (Choice((), step),)
        *rest, (switch, keys) = when
        same = (tuple(rest), switch, step)
        earlier = joined.get(same)
        if earlier:
            keys = tuple(sorted({*keys, *earlier.when[-1][1]}))
        joined[same] = Choice((*rest, (switch, keys)), step)
    return tuple(joined.values())
