"""The graph of a run as its tasks have gone: the steps that were reached and what led where, coloured by how they stand, as SVG.

A store has no plan: what is drawn follows from what tasks have left. `flowc graph` draws a flow from its source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from compiler.slotted_class import record

_WIDTH, _HEIGHT, _ACROSS, _DOWN = 168, 44, 36, 40
_LONGEST = 20
"""Characters of a step's name in its box."""


@record
class Box:
    """A step in the picture: how many of its tasks have each phase, where it leads, whether it opens a foreach."""

    step: str
    phases: Mapping[str, int]
    following: tuple[str, ...]
    is_split: bool = False


def picture(boxes: Sequence[Box], links: Mapping[str, str]) -> str:
    """The SVG; `links` are where a click on a step leads. Steps stand in rows, each below all that lead to it; a way past rows has a
    lane of its own in them, so that it crosses no box.
    """
    known = {box.step: box for box in boxes}
    rows = _rows(boxes)
    widths = [sum(map(_width, row)) + _ACROSS * (len(row) - 1) for row in rows]
    width, height = max(widths) + 2 * _ACROSS, len(rows) * (_HEIGHT + _DOWN)
    middles: dict[_Lane | str, tuple[float, float]] = {}
    for at, row in enumerate(rows):
        left = (width - widths[at]) / 2
        for each in row:
            middles[each] = (left + _width(each) / 2, at * (_HEIGHT + _DOWN) + _DOWN / 2)
            left += _width(each) + _ACROSS
    depth = {each: at for at, row in enumerate(rows) for each in row}
    lines = [
        _edge([middles[box.step], *(middles[lane] for lane in _lanes(box.step, to, depth)), middles[to]])
        for box in boxes
        for to in box.following
        if to in known and to != box.step
    ]
    drawn = [_box(box, middles[box.step], links.get(box.step, "")) for box in boxes]
    head = f'<svg class="graph" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="group" '
    head += 'aria-label="graph of the run">'
    return "".join([head, *lines, *drawn, "</svg>"])


@record
class _Lane:
    """Where the way from a step to another passes a row."""

    step: str
    to: str
    row: int


def _width(each: _Lane | str) -> int:
    return _WIDTH if isinstance(each, str) else 0


def _lanes(step: str, to: str, depth: Mapping[_Lane | str, int]) -> list[_Lane]:
    return [_Lane(step, to, row) for row in range(depth[step] + 1, depth[to])]


def _rows(boxes: Sequence[Box]) -> list[list[_Lane | str]]:
    """Steps by the longest way to them, those of a row in the order of what leads to them."""
    depth: dict[_Lane | str, int] = {box.step: 0 for box in boxes}
    for box in boxes:  # each stands behind all that lead to it
        for to in box.following:
            if to in depth and to != box.step:
                depth[to] = max(depth[to], depth[box.step] + 1)
    rows: list[list[_Lane | str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    before: dict[_Lane | str, list[_Lane | str]] = {}
    for box in boxes:
        rows[depth[box.step]].append(box.step)
        for to in box.following:
            if to in depth and to != box.step:
                lanes = _lanes(box.step, to, depth)
                for lane in lanes:
                    rows[lane.row].append(lane)
                way: list[_Lane | str] = [box.step, *lanes, to]
                for one, other in pairwise(way):
                    before.setdefault(other, []).append(one)
    place: dict[_Lane | str, float] = {}
    for row in rows:
        row.sort(key=lambda each: _mean([place[one] for one in before.get(each, ())]))
        place.update({each: at / max(len(row) - 1, 1) if len(row) > 1 else 0.5 for at, each in enumerate(row)})
    return rows


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _edge(points: Sequence[tuple[float, float]]) -> str:
    """A line from the foot of a box by its lanes to the head of another."""
    path = f"M{points[0][0]:g} {points[0][1] + _HEIGHT:g}"
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (y + _HEIGHT + to_y) / 2
        path += f"C{x:g} {half:g} {to_x:g} {half:g} {to_x:g} {to_y:g}V{to_y + _HEIGHT:g}"
    last = points[-1][1]
    return f'<path class="edge" d="{path.removesuffix(f"V{last + _HEIGHT:g}")}"/>'


def _box(box: Box, middle: tuple[float, float], link: str) -> str:
    x, y = middle[0] - _WIDTH / 2, middle[1]
    state = phase_of_all(box.phases)
    total = sum(box.phases.values())
    told = ", ".join(f"{count} {phase}" for phase, count in box.phases.items())
    name = box.step if len(box.step) <= _LONGEST else box.step[: _LONGEST - 1] + "…"
    more = f"{total:,} tasks" if total > 1 else state
    stack = (
        f'<rect class="behind" x="{x + 4:g}" y="{y + 4:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        if total > 1
        else ""
    )
    inner = (
        f"<title>{escape(box.step)}: {escape(told)}</title>{stack}"
        f'<rect class="box {escape(state)}" x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text class="name" x="{x + 12:g}" y="{y + 19:g}">{escape(name)}</text>'
        f'<text class="more" x="{x + 12:g}" y="{y + 35:g}">{escape(more)}</text>'
    )
    return f'<a href="{escape(link)}">{inner}</a>' if link else f"<g>{inner}</g>"


def phase_of_all(phases: Mapping[str, int]) -> str:
    """The one word for tasks of several: what needs a person first."""
    for phase in ("failed", "terminated", "running", "unknown", "queued", "not begun"):
        if phases.get(phase):
            return phase
    return "succeeded"
