"""The picture as JSON: steps with all that is told of them, ways, and regions in each other."""

from __future__ import annotations

import json
from collections.abc import Sequence

from compiler.ir.plan import Plan
from compiler.legible import legible_json
from compiler.picture.diagrams import ways
from compiler.picture.drawing import Block, Card, Drawing, Frame, within
from compiler.picture.facts import Json, Made, step_facts, target_facts

VERSION = 1
"""Counts up when a reader of the last version would misread the next; a new field is none."""


def document(drawing: Drawing, plan: Plan, made: Sequence[Made]) -> dict[str, Json]:
    """`{"version": 1, "flow": …, "steps": […], "ways": […], "regions": […], "gone": […]}`; docs/graph.md has the fields."""
    facts = step_facts(plan, made)
    names = {card.key: card.step for card in drawing.cards}
    cards = [card for card in drawing.cards if not card.key.startswith("gone")]
    return {
        "version": VERSION,
        "flow": drawing.name,
        "path": plan.flow.path,
        "doc": plan.flow.doc or "",
        "facts": list(drawing.facts),
        "since": drawing.since or None,
        "targets": target_facts(made),
        "steps": [{**facts[card.key], "marks": list(card.marks), "state": card.state} for card in cards],
        "ways": [
            {"from": names[way.source], "to": names[way.target], "keys": way.text or None} for way in ways(drawing)
        ],
        "regions": _regions(drawing.block),
        "gone": [{"step": card.step, "went": card.doc} for card in drawing.cards if card.key.startswith("gone")],
    }


def document_text(drawing: Drawing, plan: Plan, made: Sequence[Made]) -> str:
    """The document as text."""
    return legible_json(json.dumps(document(drawing, plan, made), indent=2, ensure_ascii=False)) + "\n"


def _regions(block: Block) -> list[Json]:
    if isinstance(block, Frame) and block.kind != "gone":
        return [
            {"kind": block.kind, "title": block.title, "steps": _own(block.inside), "regions": _regions(block.inside)}
        ]
    return [] if isinstance(block, Frame) else [found for each in within(block) for found in _regions(each)]


def _own(block: Block) -> list[Json]:
    """The steps that stand in no region within."""
    if isinstance(block, Card):
        return [block.step]
    return [] if isinstance(block, Frame) else [found for each in within(block) for found in _own(each)]
