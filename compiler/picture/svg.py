"""The picture as SVG: one file, with its own colours for light, dark and paper. The page holds the same elements."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from compiler.picture.drawing import Card, Drawing, Frame, Label, walk
from compiler.picture.escaping import xml
from compiler.picture.placing import (
    MOST_LABEL,
    MOST_NAME,
    MOST_TITLE,
    PAD,
    SIDE,
    Box,
    Placed,
    card_lines,
    cells,
    clipped,
    folded_words,
    place,
    size_of,
)

STYLE = """
.graph { --paper: #ffffff; --ink: #1f2328; --dim: #57606a; --card: #ffffff; --edge: #6e7781; --key: #eaeef2;
  --each: #f0f7ff; --each-edge: #0969da; --gang: #f8f1ff; --gang-edge: #8250df; --new: #dafbe1; --new-edge: #1a7f37;
  --changed: #fff8c5; --changed-edge: #9a6700; --gone: #ffebe9; --gone-edge: #cf222e; }
@media screen and (prefers-color-scheme: dark) { .graph { --paper: #0d1117; --ink: #e6edf3; --dim: #a3adb8; --card: #161b22;
  --edge: #8b949e; --key: #30363d; --each: #0c1d33; --each-edge: #4493f8; --gang: #1d1530; --gang-edge: #ab7df8; --new: #10301b;
  --new-edge: #3fb950; --changed: #322806; --changed-edge: #d29922; --gone: #3c1618; --gone-edge: #f85149; } }
.graph { background: var(--paper); font: 12px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.graph text { fill: var(--ink); }
.graph .name { font: 600 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.graph .small, .graph .title { font-size: 11.5px; }
.graph .small { fill: var(--dim); }
.graph .title { text-anchor: middle; }
.graph .title, .graph .label text { stroke-width: 5px; stroke-linejoin: round; paint-order: stroke; }
.graph .title { fill: var(--each-edge); stroke: var(--each); font-weight: 600; }
.graph .gang.title { fill: var(--gang-edge); stroke: var(--gang); }
.graph .container.title { fill: var(--dim); stroke: var(--paper); }
.graph .gone.title { fill: var(--gone-edge); stroke: var(--gone); }
.graph .arms.title { fill: var(--dim); stroke: var(--card); }
.graph .frame rect { fill: var(--each); stroke: var(--each-edge); stroke-width: 1.2; }
.graph .frame.gang rect { fill: var(--gang); stroke: var(--gang-edge); }
.graph .frame.container rect { fill: none; stroke: var(--dim); stroke-dasharray: 5 4; }
.graph .frame.gone rect { fill: var(--gone); stroke: var(--gone-edge); }
.graph .frame.arms rect { fill: none; stroke: none; }
.graph .frame.folded rect { stroke-dasharray: none; stroke-width: 2; }
.graph .frame.arms.folded rect { fill: var(--card); stroke: var(--edge); }
.graph .card rect { fill: var(--card); stroke: var(--edge); stroke-width: 1.2; }
.graph .card.new rect { fill: var(--new); stroke: var(--new-edge); stroke-width: 2; }
.graph .card.changed rect { fill: var(--changed); stroke: var(--changed-edge); stroke-width: 2; }
.graph .card.gone rect { fill: var(--card); stroke: var(--gone-edge); stroke-dasharray: 4 3; }
.graph .card.gone .name { text-decoration: line-through; }
.graph .label rect { fill: var(--key); }
.graph .label text { font-size: 11.5px; stroke: none; text-anchor: middle; }
.graph .line { fill: none; stroke: var(--edge); stroke-width: 1.4; }
.graph .head { fill: var(--edge); }
"""
"""Each colour of text on what it stands on has a contrast of 4.5 at least, and no colour alone says anything."""

_HEAD = 22
"""The height of a line above the picture."""


def svg(drawing: Drawing, folded: Collection[str] = ()) -> str:
    """The picture as a file of its own."""
    placed = place(drawing, folded)
    said = [drawing.name, *filter(None, [drawing.doc]), *drawing.facts]
    if drawing.since:
        said.append(f"compared with {drawing.since}")
    top = _HEAD * len(said) + PAD
    width = max(placed.width, *(cells(clipped(each, _WIDEST)) * 7.4 + 2 * PAD for each in said))
    head = "".join(_said(each, at) for at, each in enumerate(said))
    inner = "\n".join(elements(drawing, placed, folded))
    size = f'width="{_n(width)}" height="{_n(placed.height + top)}" viewBox="0 0 {_n(width)} {_n(placed.height + top)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" aria-label="{xml(f"The graph of {drawing.name}")}" {size}>\n'
        f"<style>{STYLE}</style>\n{head}\n"
        f'<g transform="translate({_n((width - placed.width) / 2)} {_n(top)})">\n{inner}\n</g>\n</svg>\n'
    )


_WIDEST = 110


def _said(text: str, at: int) -> str:
    kind = "name" if at == 0 else "small"
    return f'<text class="{kind}" x="{PAD}" y="{PAD + 8 + at * _HEAD}">{xml(clipped(text, _WIDEST))}</text>'


def elements(drawing: Drawing, placed: Placed, folded: Collection[str] = (), *, live: bool = False) -> Iterator[str]:
    """Frames, lines, keys, cards, titles: what is later lies above. With `live` all are there, what is folded away is hidden."""
    yield (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0L8 4L0 8Z"/></marker></defs>'
    )
    blocks = list(walk(drawing.block))
    yield from _group("frames", (_frame(each, placed, folded, live) for each in blocks if isinstance(each, Frame)))
    yield from _group("lines", (_line(path, ends=line.ends) for line, path in placed.paths))
    yield from _group("labels", (_label(each, placed, live) for each in blocks if isinstance(each, Label)))
    yield from _group("titles", (_title(each, placed, folded, live) for each in blocks if isinstance(each, Frame)))
    yield from _group("cards", (_card(each, placed, folded, live) for each in blocks if isinstance(each, Card)))


def _group(name: str, made: Iterator[str]) -> Iterator[str]:
    yield f'<g class="{name}">'
    yield from filter(None, made)
    yield "</g>"


def _at(key: str, placed: Placed, *, live: bool) -> tuple[str, Box] | None:
    """The attributes that place something, and its box; None where it is folded away and nobody can unfold it."""
    box = placed.boxes.get(key)
    if box is None:
        return (f'data-key="{key}" display="none"', Box(0, 0, 0, 0, 0)) if live else None
    known = f'data-key="{key}" ' if live else ""
    return f'{known}transform="translate({_n(box.x)} {_n(box.y)})"', box


def _frame(frame: Frame, placed: Placed, folded: Collection[str], live: bool) -> str:
    found = _at(frame.key, placed, live=live)
    if found is None:
        return ""
    where, box = found
    kind = f"frame {frame.kind}{' folded' if frame.key in folded else ''}"
    return f'<g class="{kind}" {where}><rect width="{_n(box.width)}" height="{_n(box.height)}" rx="8"/></g>'


def title_of(frame: Frame, *, is_folded: bool) -> str:
    """What a frame is called; the arms of a split say nothing while they are seen."""
    title = clipped(frame.title, MOST_TITLE)
    return title + folded_words(frame) if is_folded else "" if frame.kind == "arms" else title


def _title(frame: Frame, placed: Placed, folded: Collection[str], live: bool) -> str:
    found = _at(frame.key, placed, live=live)
    title = title_of(frame, is_folded=frame.key in folded)
    if found is None or not (title or live):
        return ""
    return f'<g {found[0]}><text class="{frame.kind} title" x="{_n(found[1].axis)}" y="21">{xml(title)}</text></g>'


def _line(path: str, *, ends: bool) -> str:
    return f'<path class="line" d="{path}"{" marker-end=" + chr(34) + "url(#head)" + chr(34) if ends else ""}/>'


def _label(label: Label, placed: Placed, live: bool) -> str:
    found = _at(label.key, placed, live=live)
    if found is None:
        return ""
    width, height = size_of(label)
    text = xml(clipped(label.text, MOST_LABEL))
    return (
        f'<g class="label" {found[0]}><title>{xml(label.text)}</title><rect width="{_n(width)}" height="{_n(height)}" rx="10"/>'
        f'<text x="{_n(width / 2)}" y="14">{text}</text></g>'
    )


def _card(card: Card, placed: Placed, folded: Collection[str], live: bool) -> str:
    found = _at(card.key, placed, live=live)
    if found is None:
        return ""
    width, height = size_of(card)
    state = card.state or ("gone" if card.key.startswith("gone") else "")
    face = _face(card, width, height, live=live)
    if live:
        name = xml(" ".join(filter(None, (card_lines(card)[0], card.state, *card_lines(card)[1:]))))
        known = 'role="img"' if state == "gone" else 'role="button" tabindex="-1"'
        face = f'<g class="face" {known} aria-label="{name}">{face}</g>'
        face += _fold(card, width, folded) if card.opens else ""
    return f'<g class="card{" " + state if state else ""}" {found[0]}>{face}</g>'


def _face(card: Card, width: float, height: float, *, live: bool) -> str:
    name, doc, marks = card_lines(card)
    more = f'<text class="small" text-anchor="end" x="{_n(width - SIDE - (26 if card.opens else 0))}" y="23">{card.state}</text>'
    lines = [f'<text class="name" x="{SIDE}" y="23">{xml(name)}</text>', more if card.state else ""]
    lines += [
        f'<text class="small" x="{SIDE}" y="{23 + 17 * (at + 1)}">{xml(each)}</text>'
        for at, each in enumerate(filter(None, (doc, marks)))
    ]
    told = xml(
        "\n".join(filter(None, (card.step if len(card.step) > MOST_NAME else "", card.doc, " · ".join(card.marks))))
    )
    title = f"<title>{told}</title>" if told and not live else ""
    return f'{title}<rect width="{_n(width)}" height="{_n(height)}" rx="6"/>{" ".join(lines)}'


def _fold(card: Card, width: float, folded: Collection[str]) -> str:
    is_open = card.opens not in folded
    return (
        f'<g class="fold" role="button" tabindex="-1" data-opens="{card.opens}" aria-expanded="{str(is_open).lower()}" '
        f'aria-label="{xml(f"what follows {card.step}")}" transform="translate({_n(width - 31)} 6)">'
        f'<rect width="24" height="24" rx="6"/><path d="M7 12H17"/><path class="cross" d="M12 7V17"/></g>'
    )


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
