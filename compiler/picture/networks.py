"""The graph for programs that work on networks: GraphML and GEXF, by networkx, which is imported here and nowhere else."""

from __future__ import annotations

import io
import re
from typing import Literal

from compiler.mistakes import CallError
from compiler.picture.diagrams import ways
from compiler.picture.drawing import Card, Drawing, Frame, walk
from compiler.picture.escaping import plain

_CHANGING = r"\s*<meta\b.*?</meta>"
"""What GEXF says of who has written it, and on which day."""


def network(drawing: Drawing, form: Literal["graphml", "gexf"]) -> str:
    """A directed graph whose nodes are steps. Raises CallError without networkx."""
    try:
        import networkx  # type: ignore[import-untyped]  # noqa: PLC0415 - it has no types, and the other forms do without
    except ImportError as error:
        raise CallError(f"the form {form} needs networkx: pip install 'flowc[graph]'") from error
    graph = networkx.DiGraph(name=plain(drawing.name))
    regions = _regions(drawing)
    for card in drawing.cards:
        state = "gone" if card.key.startswith("gone") else card.state
        facts = {"doc": card.doc, "marks": ", ".join(card.marks), "region": regions.get(card.key, ""), "state": state}
        graph.add_node(
            _name(card.key, card.step), label=plain(card.step), **{key: plain(text) for key, text in facts.items()}
        )
    names = {card.key: _name(card.key, card.step) for card in drawing.cards}
    for way in ways(drawing):
        graph.add_edge(names[way.source], names[way.target], keys=plain(way.text))
    written = io.BytesIO()
    if form == "graphml":
        networkx.write_graphml_xml(graph, written)
    else:
        networkx.write_gexf(graph, written)
    text = written.getvalue().decode()
    return (re.sub(_CHANGING, "", text, flags=re.DOTALL) if form == "gexf" else text).rstrip("\n") + "\n"


def _name(key: str, step: str) -> str:
    """A node's name: its step; of one that is gone with a sign that no step has."""
    return plain(f"-{step}" if key.startswith("gone") else step)


def _regions(drawing: Drawing) -> dict[str, str]:
    """By each card the frames around it, outer ones first."""
    found: dict[str, str] = {}
    for frame in (each for each in walk(drawing.block) if isinstance(each, Frame)):
        for each in walk(frame.inside):
            if isinstance(each, Card):
                key = each.key
                found[key] = f"{found[key]} > {frame.title}" if key in found else frame.title
    return found
