"""Simple Vega-Lite charts as SVG: one layer of bars, lines, areas or points over inline values. Others are not drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_WIDTH, _HEIGHT = 560, 260
_LEFT, _BOTTOM, _TOP, _RIGHT = 70, 46, 14, 14
_MARKS = ("bar", "line", "area", "point", "circle", "square")
_TICKS = 5


def svg(spec: Any) -> str | None:
    """The drawing of a chart; None where the specification says more than is drawn here."""
    found = _simple(spec)
    if found is None:
        return None
    mark, (x_title, xs), (y_title, ys) = found
    is_even = mark == "bar" or not all(_is_number(value) for value in xs)
    labels = list(dict.fromkeys(xs)) if is_even else []
    across = _Band(labels) if is_even else _Line(xs, _LEFT, _WIDTH - _RIGHT)
    up = _Line([*ys, 0] if mark in ("bar", "area") else ys, _HEIGHT - _BOTTOM, _TOP)
    points = [(across(x), up(y)) for x, y in zip(xs, ys)]
    parts = [*_axes(across, up, x_title, y_title), *_drawn(mark, points, across, up)]
    label = escape(f"{y_title} by {x_title}")
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


Axis = tuple[str, "list[Any]"]


def _simple(spec: Any) -> tuple[str, Axis, Axis] | None:
    """The mark and the two axes of a chart that says nothing else."""
    if not isinstance(spec, Mapping) or any(
        key in spec for key in ("layer", "hconcat", "vconcat", "facet", "repeat", "transform")
    ):
        return None
    mark, rows, encoding = spec.get("mark"), _rows(spec), spec.get("encoding")
    mark = mark.get("type") if isinstance(mark, Mapping) else mark
    if mark not in _MARKS or not rows or not isinstance(encoding, Mapping) or set(encoding) - {"x", "y", "tooltip"}:
        return None
    x, y = _axis(encoding.get("x"), rows), _axis(encoding.get("y"), rows)
    if x is None or y is None or not all(_is_number(value) for value in y[1]):
        return None
    return str(mark), x, y


def _rows(spec: Mapping[str, Any]) -> list[Any]:
    data = spec.get("data")
    values = data.get("values") if isinstance(data, Mapping) else None
    if isinstance(data, Mapping) and isinstance(data.get("name"), str):
        values = spec.get("datasets", {}).get(data["name"])
    return values if isinstance(values, list) and all(isinstance(row, Mapping) for row in values) else []


_PLAIN = {"field", "type", "title", "axis", "sort", "scale"}


def _axis(channel: Any, rows: Sequence[Mapping[str, Any]]) -> Axis | None:
    if not isinstance(channel, Mapping) or set(channel) - _PLAIN or channel.get("scale") or channel.get("sort"):
        return None
    name = str(channel.get("field"))
    if not all(name in row and row[name] is not None for row in rows):
        return None
    values = [row[name] for row in rows]
    if channel.get("type") in ("nominal", "ordinal"):
        values = [str(value) for value in values]
    return str(channel.get("title") or name), values


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


class _Line:
    """Numbers to places between two ends."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = min(values), max(values)
        self.low, self.high = (low, high) if high > low else (low - 0.5, high + 0.5)
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return float(round(self._start + share * (self._end - self._start), 1))

    def ticks(self) -> list[tuple[str, float]]:
        """What stands at the axis, and where."""
        step = _round((self.high - self.low) / _TICKS)
        first = math.ceil(self.low / step)
        places = [number * step for number in range(first, math.floor(self.high / step) + 1)]
        return [(f"{place:g}", self(place)) for place in places]


def _round(step: float) -> float:
    """The next of 1, 2, 5, 10, … that is not smaller."""
    power = 10 ** math.floor(math.log10(step))
    return next(float(factor * power) for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)


class _Band:
    """Words to places at even distances."""

    def __init__(self, labels: Sequence[Any]) -> None:
        self._labels = [*labels]
        self.width = (_WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)

    def __call__(self, value: Any) -> float:
        return round(_LEFT + (self._labels.index(value) + 0.5) * self.width, 1)

    def ticks(self) -> list[tuple[str, float]]:
        """What stands at the axis, and where: all, or every so many."""
        every = math.ceil(len(self._labels) / 12)
        return [(str(label)[:16], self(label)) for label in self._labels[::every]]


def _axes(across: _Line | _Band, up: _Line, x_title: str, y_title: str) -> list[str]:
    base, middle = _HEIGHT - _BOTTOM, (_HEIGHT - _BOTTOM) // 2
    found = []
    for text, y in up.ticks():
        found.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        found.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{escape(text)}</text>')
    found += [f'<text x="{x}" y="{base + 16}" text-anchor="middle">{escape(text)}</text>' for text, x in across.ticks()]
    found.append(f'<text x="{(_LEFT + _WIDTH) // 2}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x_title)}</text>')
    turned = f'transform="rotate(-90 14 {middle})"'
    found.append(f'<text x="14" y="{middle}" {turned} text-anchor="middle">{escape(y_title)}</text>')
    return found


def _drawn(mark: str, points: list[tuple[float, float]], across: _Line | _Band, up: _Line) -> list[str]:
    zero = up(0) if mark in ("bar", "area") else 0.0
    if mark == "bar":
        wide = round(0.8 * across.width, 1) if isinstance(across, _Band) else 10.0
        return [
            f'<rect class="mark" x="{round(x - wide / 2, 1)}" y="{min(y, zero)}" width="{wide}" height="{round(abs(zero - y), 1)}"/>'
            for x, y in points
        ]
    if mark in ("line", "area"):
        ordered = sorted(points)
        ends = [(ordered[0][0], zero), *ordered, (ordered[-1][0], zero)] if mark == "area" else ordered
        places = " ".join(f"{x},{y}" for x, y in ends)
        return [
            f'<polygon class="mark" points="{places}"/>'
            if mark == "area"
            else f'<polyline class="stroke" points="{places}"/>'
        ]
    return [f'<circle class="mark" cx="{x}" cy="{y}" r="3.5"/>' for x, y in points]
