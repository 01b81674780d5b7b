"""The picture in the languages of other drawing programs: mermaid's flowcharts and Graphviz's dot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from compiler.picture.drawing import Bend, Block, Card, Drawing, Frame, Label, walk, within
from compiler.picture.escaping import dot as quoted
from compiler.picture.escaping import mermaid as label
from compiler.slotted_class import record


@record
class Way:
    """A way from a step to another, and what is written on it: lines with their labels and bends made one."""

    source: str
    target: str
    text: str = ""


def ways(drawing: Drawing) -> tuple[Way, ...]:
    """Every way from a card to a card, in the order of the picture."""
    texts = {each.key: each.text for each in walk(drawing.block) if isinstance(each, Label)}
    between = texts.keys() | {each.key for each in walk(drawing.block) if isinstance(each, Bend)}
    after: dict[str, list[str]] = {}
    for line in drawing.lines:
        after.setdefault(line.source, []).append(line.target)
    found: list[Way] = []
    for card in drawing.cards:
        for target in after.get(card.key, ()):
            text, end = "", target
            while end in between:
                text, end = texts.get(end, text), after[end][0]
            found.append(Way(card.key, end, text))
    return tuple(found)


_CLASSES = (
    "classDef new fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "classDef changed fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "classDef gone fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
)


def mermaid(drawing: Drawing) -> str:
    """A flowchart: frames are subgraphs, what an author wrote is data between quotes."""
    ids = _ids(drawing)
    lines = ["flowchart TD", *_indented(drawing.block, 1, lambda found: _mermaid(found, ids))]
    for way in ways(drawing):
        text = f'|"{label(way.text)}"|' if way.text else ""
        lines.append(f"    {ids[way.source]} -->{text} {ids[way.target]}")
    if drawing.since:
        lines += [f"    {each}" for each in _CLASSES]
    return "\n".join(lines) + "\n"


def _mermaid(found: Card | Frame, ids: Mapping[str, str]) -> tuple[str, str]:
    if isinstance(found, Frame):
        return f'subgraph {ids[found.key]}["{label(found.title)}"]', "end"
    name = label(found.step)
    state = _state(found)
    parts = [f"{state}: {name}" if state else name]
    parts += [label(found.doc)] if found.doc else []
    parts += [label(" - ".join(found.marks))] if found.marks else []
    return f'{ids[found.key]}["{"<br/>".join(parts)}"]{":::" + state if state else ""}', ""


def _state(card: Card) -> str:
    return "gone" if card.key.startswith("gone") else card.state


def dot(drawing: Drawing) -> str:
    """A digraph of Graphviz: frames are clusters."""
    ids = _ids(drawing)
    lines = [
        f"digraph {quoted(drawing.name)} {{",
        "    graph [rankdir=TB, fontname=Helvetica, ordering=out];",
        '    node [shape=box, style="rounded,filled", fillcolor=white, fontname=Helvetica];',
        "    edge [fontname=Helvetica];",
        *_indented(drawing.block, 1, lambda found: _dot(found, ids)),
    ]
    for way in ways(drawing):
        text = f" [label={quoted(way.text)}]" if way.text else ""
        lines.append(f"    {ids[way.source]} -> {ids[way.target]}{text};")
    return "\n".join([*lines, "}"]) + "\n"


_COLOURS = {"": "white", "new": "#dafbe1", "changed": "#fff8c5", "gone": "#ffebe9"}


def _dot(found: Card | Frame, ids: Mapping[str, str]) -> tuple[str, str]:
    if isinstance(found, Frame):
        style = ' style="rounded,dashed";' if found.kind in ("container", "gone") else ' style="rounded";'
        return f"subgraph cluster_{ids[found.key]} {{ label={quoted(found.title)};{style}", "}"
    state = _state(found)
    text = "\n".join(
        filter(None, (f"{state}: {found.step}" if state else found.step, found.doc, ", ".join(found.marks)))
    )
    return f'{ids[found.key]} [label={quoted(text)}, fillcolor="{_COLOURS[state]}"];', ""


def _ids(drawing: Drawing) -> dict[str, str]:
    """Names that no language of pictures takes for a word of its own."""
    cards = {each.key: f"s{at}" for at, each in enumerate(drawing.cards)}
    return cards | {each.key: f"r{at}" for at, each in enumerate(drawing.frames)}


def _indented(block: Block, depth: int, told: Callable[[Card | Frame], tuple[str, str]]) -> Iterator[str]:
    """Cards and frames, those within a frame indented; the arms of a split have none."""
    if isinstance(block, Card):
        yield "    " * depth + told(block)[0]
    elif isinstance(block, Frame) and block.kind != "arms":
        begin, end = told(block)
        yield "    " * depth + begin
        yield from _indented(block.inside, depth + 1, told)
        yield "    " * depth + end
    else:
        for each in within(block):
            yield from _indented(each, depth, told)
