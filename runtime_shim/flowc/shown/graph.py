"""The graph of a run as far as its tasks have gone, as a small SVG: a store has no plan, so what no task leads to is not drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

MOST = 40
"""Steps of a run that is drawn."""
Way = tuple[str, str]

_WIDTH, _HEIGHT, _BETWEEN, _BELOW = 132, 38, 40, 14
_LETTERS = 17
_GROUND = "#8c959f"


def graph(steps: Mapping[str, tuple[str, str]], ways: Iterable[Way]) -> str:
    """The steps from left to right, each with what is said of it and its colour; empty where there is one, or there are more than MOST.

    `ways` are pairs of steps; what leads back is drawn in no way of its own.
    """
    if not 1 < len(steps) <= MOST:
        return ""
    onward = _onward(list(steps), [each for each in dict.fromkeys(ways) if each[0] in steps and each[1] in steps])
    columns = _columns(list(steps), onward)
    places = {
        (cell, at): (at * (_WIDTH + _BETWEEN) + 2, row * (_HEIGHT + _BELOW) + 2)
        for at, column in enumerate(columns)
        for row, cell in enumerate(column)
    }
    at = {cell: column for cell, column in places if isinstance(cell, str)}

    def corners(way: Way) -> list[tuple[int, int]]:
        first, last = at[way[0]], at[way[1]]
        return [places[way[0], first], *(places[way, n] for n in range(first + 1, last)), places[way[1], last]]

    lines = "".join(_line(corners(way)) for way in onward)
    boxes = "".join(_box(step, *steps[step], places[step, at[step]]) for step in steps)
    width = len(columns) * (_WIDTH + _BETWEEN) - _BETWEEN + 4
    height = max(map(len, columns)) * (_HEIGHT + _BELOW) - _BELOW + 4
    said = f"{len(steps)} steps: {', '.join(f'{step} {text}' for step, (text, _) in steps.items())}"
    return (
        f'<div style="overflow-x:auto"><svg role="img" aria-label="{escape(said)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="system-ui,sans-serif">{lines}{boxes}</svg></div>'
    )


def _onward(steps: list[str], ways: list[Way]) -> list[Way]:
    """The ways without those that lead back to a step that they come from."""
    following: dict[str, list[str]] = {step: [] for step in steps}
    for one, other in ways:
        following[one].append(other)
    back: set[Way] = set()
    over: set[str] = set()

    def visit(step: str, above: tuple[str, ...]) -> None:
        for other in following[step]:
            if other == step or other in above:
                back.add((step, other))
            elif other not in over:
                visit(other, (*above, step))
        over.add(step)

    for step in steps:
        if step not in over:
            visit(step, ())
    return [each for each in ways if each not in back]


def _columns(steps: list[str], onward: list[Way]) -> list[list[str | Way]]:
    """The steps by the longest way to each, in the order in which they were met; below them the ways that pass by."""
    rank = dict.fromkeys(steps, 0)
    for _ in steps:
        for one, other in onward:
            rank[other] = max(rank[other], rank[one] + 1)
    return [
        [
            *(step for step in steps if rank[step] == at),
            *(way for way in onward if rank[way[0]] < at < rank[way[1]]),
        ]
        for at in range(max(rank.values()) + 1)
    ]


def _line(corners: list[tuple[int, int]]) -> str:
    """A way from the right side of a step by its places below others to the left side of the next."""
    drawn = f"M{corners[0][0] + _WIDTH} {corners[0][1] + _HEIGHT // 2}"
    for (x, y), (to_x, to_y) in zip(corners, corners[1:]):
        middle, height, to_height = x + _WIDTH + _BETWEEN // 2, y + _HEIGHT // 2, to_y + _HEIGHT // 2
        drawn += f" C{middle} {height} {middle} {to_height} {to_x} {to_height}"
        drawn += f" H{to_x + _WIDTH}" if (to_x, to_y) != corners[-1] else ""
    return f'<path d="{drawn}" fill="none" stroke="{_GROUND}"/>'


def _box(step: str, said: str, colour: str, place: tuple[int, int]) -> str:
    x, y = place
    name = step if len(step) <= _LETTERS else f"{step[: _LETTERS - 1]}…"
    return (
        f'<g><title>{escape(step)}: {escape(said)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" '
        f'fill="none" stroke="{colour or _GROUND}" stroke-width="2"/>'
        f'<text x="{x + 8}" y="{y + 16}" font-size="12" font-weight="600" fill="currentColor">{escape(name)}</text>'
        f'<text x="{x + 8}" y="{y + 30}" font-size="11" fill="currentColor">{escape(said[: _LETTERS + 3])}</text></g>'
    )
