"""Artifacts through the graph, as far as the text tells: which each join carries on to the steps behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.difference.code import FlowCode, Merging
from compiler.difference.part_changes import (
    ArtifactChange,
    ArtifactRead,
    ArtifactSet,
    ArtifactUnread,
    ArtifactUnset,
    JoinCarries,
    JoinLoses,
)
from compiler.ir.flow import Access, Flow
from compiler.ir.graph import order, predecessors, successors


def artifact_changes(old: Flow, new: Flow, codes: tuple[FlowCode, FlowCode]) -> Iterator[ArtifactChange]:
    """What steps of both sides set and read otherwise, and what joins carry on; the flows have the same names for the same steps."""
    carried = carried_by_joins(old, codes[0].merges), carried_by_joins(new, codes[1].merges)
    for name, step in new.steps.items():
        before = old.steps.get(name)
        if before is None:
            continue
        yield from (ArtifactSet(name, each) for each in _more(step.writes, before.writes))
        yield from (ArtifactUnset(name, each) for each in _more(before.writes, step.writes))
        yield from (ArtifactRead(name, each) for each in _more(step.reads, before.reads))
        yield from (ArtifactUnread(name, each) for each in _more(before.reads, step.reads))
        if name in carried[0] and name in carried[1]:
            yield from (JoinCarries(name, each) for each in sorted(carried[1][name] - carried[0][name]))
            yield from (JoinLoses(name, each) for each in sorted(carried[0][name] - carried[1][name]))


def _more(these: tuple[Access, ...], those: tuple[Access, ...]) -> list[str]:
    known = {each.name for each in those}
    return list(dict.fromkeys(each.name for each in these if each.name not in known))


def carried_by_joins(flow: Flow, merges: Mapping[str, Merging]) -> dict[str, frozenset[str]]:
    """For each join the artifacts of the branches that it has merged; of what a join sets itself there is nothing to merge."""
    graph = {name: successors(step) for name, step in flow.steps.items()}
    before = predecessors(graph)
    left: dict[str, frozenset[str]] = {}
    found: dict[str, frozenset[str]] = {}
    for name in order(graph):
        step = flow.steps[name]
        arriving = frozenset[str]().union(*(left.get(each, frozenset()) for each in before[name]))
        own = frozenset(access.name for access in step.writes)
        if step.is_join:
            found[name] = _merged(arriving - own, merges.get(name))
            arriving = found[name]
        left[name] = arriving | own
    return found


def _merged(arriving: frozenset[str], merging: Merging | None) -> frozenset[str]:
    """What `merge_artifacts` takes of what arrives; where only run time knows its lists, all."""
    if merging is None:
        return frozenset()
    if merging.include:
        return arriving & merging.include
    return arriving - (merging.exclude or frozenset())
