"""How the nodes of a level stand: in series where all ways pass a node, beside each other where they part, in rows where neither holds.

A level without switches is a row of nodes. The arms of switches may meet anywhere; most do where they would in a structured program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from compiler.slotted_class import fresh, mutable, record

Piece = str | tuple[Literal["series", "beside"], tuple["Piece", ...]]


@record
class Arrangement:
    """How nodes stand, the ways between them, and the bends that ways have got to pass others. `curved`: what stands in rows."""

    piece: Piece
    ways: tuple[tuple[str, str], ...]
    bends: tuple[str, ...]
    curved: frozenset[str]


def arranged(graph: Mapping[str, Sequence[str]], bend: Callable[[], str]) -> Arrangement:
    """The arrangement of an acyclic graph, whose successors stand in the author's order; `bend` gives a new name."""
    work = _Work({name: list(after) for name, after in graph.items()}, bend)
    piece = work.series(ordered(graph))
    ways = tuple((source, target) for source, after in work.after.items() for target in after)
    return Arrangement(piece, ways, tuple(work.bends), frozenset(work.curved))


def ordered(graph: Mapping[str, Sequence[str]]) -> list[str]:
    """The nodes, each after all before it, what parts in the author's order."""
    done: list[str] = []
    seen: set[str] = set()
    led_to = {target for after in graph.values() for target in after}
    for root in reversed([name for name in graph if name not in led_to]):
        waiting = [(root, list(graph[root]))]
        seen.add(root)
        while waiting:
            name, left = waiting[-1]
            while left and left[-1] in seen:
                left.pop()
            if left:
                following = left.pop()
                seen.add(following)
                waiting.append((following, list(graph[following])))
            else:
                waiting.pop()
                done.append(name)
    return done[::-1]


@mutable
class _Work:
    """The work on one level; `after` gets the bends."""

    after: dict[str, list[str]]
    bend: Callable[[], str]
    bends: list[str] = fresh(default_factory=list)
    curved: set[str] = fresh(default_factory=set)

    def series(self, members: list[str]) -> Piece:
        """The members, in their order, around the nodes that all ways pass."""
        parts: list[Piece] = []
        between: list[str] = []
        cuts = self._cuts(members)
        for name in members:
            if name in cuts:
                parts += self._parting(between, members)
                parts.append(name)
                between = []
            else:
                between.append(name)
        parts += self._parting(between, members)
        return parts[0] if len(parts) == 1 else ("series", tuple(parts))

    def _cuts(self, members: list[str]) -> set[str]:
        """The members that no way goes past."""
        place = {name: at for at, name in enumerate(members)}
        led_to = {target for name in members for target in self.after[name]}
        reach = max((at for name, at in place.items() if name not in led_to), default=0)
        found = set[str]()
        for name, at in place.items():
            if reach <= at:
                found.add(name)
            reach = max([reach, *(place.get(target, len(members)) for target in self.after[name] or ("",))])
        return found

    def _parting(self, between: list[str], around: list[str]) -> list[Piece]:
        """What stands between two such nodes: parts that have nothing to do with each other."""
        if not between:
            return []
        groups = self._groups(between)
        if len(groups) == 1:
            return [self.rows(between) if len(between) == len(around) else self.series(between)]
        return [("beside", tuple(map(self.series, groups)))]

    def _groups(self, members: list[str]) -> list[list[str]]:
        """The members in groups that no way leads between, in their order."""
        near: dict[str, list[str]] = {name: [] for name in members}
        for name in members:
            for target in self.after[name]:
                if target in near:
                    near[name].append(target)
                    near[target].append(name)
        group: dict[str, int] = {}
        for name in members:
            waiting = [] if name in group else [name]
            number = len(set(group.values())) if waiting else 0
            while waiting:
                each = waiting.pop()
                if each not in group:
                    group[each] = number
                    waiting += near[each]
        found: dict[int, list[str]] = {}
        for name in members:
            found.setdefault(group[name], []).append(name)
        return list(found.values())

    def rows(self, members: list[str]) -> Piece:
        """Members by how far they are from the first ones; a way past a row has a bend in it."""
        row = dict.fromkeys(members, 0)
        for name in members:
            for target in self.after[name]:
                if target in row:
                    row[target] = max(row[target], row[name] + 1)
        last = max(row.values())
        for name in members:
            self.after[name] = [self._way(row, row[name], target, last) for target in self.after[name]]
        self.curved |= row.keys()
        found: list[list[str]] = [[name for name in row if row[name] == 0]]
        for number in range(1, last + 1):
            found.append(self._sorted([name for name in row if row[name] == number], found[-1]))
        return "series", tuple(("beside", tuple(each)) if len(each) > 1 else each[0] for each in found)

    def _way(self, row: dict[str, int], begin: int, target: str, last: int) -> str:
        """The first node on a way to a target, past all rows between; one that leads out passes all of them."""
        end = row.get(target, last + 1)
        for number in range(end - 1, begin, -1):
            name = self.bend()
            self.bends.append(name)
            self.after[name] = [target]
            row[name] = number
            target = name
        return target

    def _sorted(self, names: list[str], above: list[str]) -> list[str]:
        """A row by where what leads to it stands in the one above, so that ways cross seldom."""
        places: dict[str, list[int]] = {name: [] for name in names}
        for at, name in enumerate(above):
            for target in self.after[name]:
                if target in places:
                    places[target].append(at)
        return sorted(names, key=lambda name: sum(places[name]) / max(len(places[name]), 1))
