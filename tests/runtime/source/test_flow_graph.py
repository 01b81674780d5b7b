"""`self._graph` has the nodes as Metaflow's graph has them."""

from __future__ import annotations

import pickle

import pytest
from flowc.source.flow_graph import FlowGraph


def _step(kind: str, *following: str, **more: object) -> dict[str, object]:
    return {"type": kind, "next": list(following), "doc": "", "source_file": "f.py", **more}


INFO = {
    "doc": "Says.",
    "start_step": "start",
    "end_step": "end",
    "steps": {
        "start": _step("split-foreach", "a", foreach_artifact="xs", matching_join="jj"),
        "a": _step("split-static", "b", "c", matching_join="j"),
        "b": _step("split-switch", "j", "b", condition="x", switch_cases={"1": "j", "2": "b"}),
        "c": _step("linear", "j"),
        "j": _step("join", "jj"),
        "jj": _step("join", "gang"),
        "gang": _step("split-parallel", "node", matching_join="end"),
        "node": _step("linear", "end"),
        "end": _step("join"),
    },
}


def test_each_node_knows_what_is_around_it() -> None:
    graph = FlowGraph("F", INFO)
    told = {node.name: (node.type, sorted(node.in_funcs), node.split_parents, node.is_inside_foreach) for node in graph}
    assert told == {
        "start": ("foreach", [], [], False),
        "a": ("split", ["start"], ["start"], True),
        "b": ("split-switch", ["a", "b"], ["start", "a"], True),
        "c": ("linear", ["a"], ["start", "a"], True),
        "j": ("join", ["b", "c"], ["start", "a"], True),
        "jj": ("join", ["j"], ["start"], False),
        "gang": ("foreach", ["jj"], [], False),
        "node": ("linear", ["gang"], ["gang"], True),
        "end": ("join", ["node"], ["gang"], False),
    }
    assert (graph["start"].foreach_param, graph["gang"].parallel_foreach, graph["b"].condition) == ("xs", True, "x")
    assert ("a" in graph, "x" in graph, len(graph), graph.sorted_nodes[0]) == (True, False, 9, "start")


def test_the_graph_is_no_artifact() -> None:
    with pytest.raises(TypeError, match="no artifact"):
        pickle.dumps(FlowGraph("F", INFO))
