"""The page: what an author has written is text in it, and its policy lets no other script, style or address in."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from compiler.ir.plan import Plan
from compiler.ir.text import graph_text
from compiler.picture.drawing import Bend, Beside, Block, Card, Drawing, Frame, Label, Series
from compiler.picture.escaping import plain, script
from compiler.picture.facts import Json, Made, step_facts, target_facts
from compiler.picture.placing import (
    APART,
    FOLDED,
    GAP,
    PAD,
    TITLE,
    folded_at_first,
    folded_width,
    place,
    size_of,
    title_width,
)
from compiler.picture.svg import STYLE, elements, title_of

_HERE = Path(__file__).parent


def page(drawing: Drawing, plan: Plan, made: Sequence[Made]) -> str:
    """The page, the same bytes for the same arguments."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - the other forms need none

    jinja = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    folded = folded_at_first(drawing)
    placed = place(drawing, folded)
    style = STYLE + (_HERE / "page.css").read_text(encoding="utf-8")
    code = (_HERE / "page.js").read_text(encoding="utf-8")
    return (
        jinja.get_template("page.html.j2").render(
            name=plain(drawing.name),
            doc=plain(plan.flow.doc or ""),
            facts=[plain(each) for each in drawing.facts],
            since=plain(drawing.since),
            targets=target_facts(made),
            steps=len(plan.flow.steps),
            width=f"{placed.width:.0f}",
            height=f"{placed.height:.0f}",
            graph="\n".join(elements(drawing, placed, folded, live=True)),
            text=plain(graph_text(plan)),
            data=script(json.dumps(_data(drawing, plan, made, folded), ensure_ascii=True, separators=(",", ":"))),
            style=style,
            code=code,
            policy=_policy(style, code),
        )
        + "\n"
    )


def _policy(style: str, code: str) -> str:
    """Nothing but this style and this script, and no address at all."""
    return (
        f"default-src 'none'; script-src 'sha256-{_digest(code)}'; style-src 'sha256-{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(drawing: Drawing, plan: Plan, made: Sequence[Made], folded: Collection[str]) -> dict[str, Json]:
    """What the script reads: the blocks with their sizes, the lines, and what is told of each step."""
    facts: Mapping[str, Mapping[str, Json]] = step_facts(plan, made)
    measures: dict[str, Json] = {"gap": GAP, "apart": APART, "pad": PAD, "title": TITLE, "folded": FOLDED}
    marks: dict[str, Json] = {card.key: list[Json](card.marks) for card in drawing.cards}
    return {
        "measures": measures,
        "block": _block(drawing.block),
        "lines": [[each.source, each.target, each.opens, each.ends, each.is_curved] for each in drawing.lines],
        "folded": list[Json](sorted(folded)),
        "steps": {key: {**each, "marks": marks[key]} for key, each in facts.items()},
    }


def _block(block: Block) -> dict[str, Json]:
    match block:
        case Series(parts=parts):
            return {"series": [_block(each) for each in parts]}
        case Beside(parts=parts):
            return {"beside": [_block(each) for each in parts]}
        case Frame(key=key, kind=kind, inside=inside):
            return {
                "frame": key,
                "kind": kind,
                "inside": _block(inside),
                "titles": [title_of(block, is_folded=False), title_of(block, is_folded=True)],
                "least": title_width(block),
                "narrow": folded_width(block),
            }
        case Card() | Label() | Bend():
            width, height = size_of(block)
            return {"key": block.key, "size": [width, height]}
