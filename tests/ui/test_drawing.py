"""The graph of a run: no box on another, no line through a box, each step below all that lead to it; and its timeline."""

from __future__ import annotations

import random
import re
from xml.etree import ElementTree

import pytest

from compiler.ui.drawing import Box, phase_of_all, picture

SIZE = (168, 44)


def _drawn(seed: int) -> list[Box]:
    """A random graph in an order in which each step comes after all that lead to it."""
    rng = random.Random(seed)
    names = [f"s{number}" for number in range(rng.randint(1, 30))]
    boxes = []
    for at, name in enumerate(names):
        later = names[at + 1 : at + 8]
        following = tuple(sorted(rng.sample(later, min(len(later), rng.choice((1, 1, 1, 2, 3)))), key=names.index))
        boxes.append(Box(name, {rng.choice(("succeeded", "failed", "running")): rng.choice((1, 1, 40))}, following))
    return boxes


def _places(svg: str) -> list[tuple[float, float]]:
    found = re.findall(r'<rect class="box [a-z ]+" x="([-\d.]+)" y="([-\d.]+)"', svg)
    return [(float(x), float(y)) for x, y in found]


@pytest.mark.parametrize("seed", range(60))
def test_boxes_lie_apart_and_in_order(seed: int) -> None:
    boxes = _drawn(seed)
    svg = picture(boxes, {})
    ElementTree.fromstring(svg)
    places = dict(zip([box.step for box in boxes], _places(svg), strict=True))
    for one, (x, y) in places.items():
        for other, (to_x, to_y) in places.items():
            assert one == other or abs(x - to_x) >= SIZE[0] or abs(y - to_y) >= SIZE[1]
    for box in boxes:
        for to in box.following:
            assert places[box.step][1] < places[to][1]


@pytest.mark.parametrize("seed", range(60))
def test_no_line_goes_through_a_box(seed: int) -> None:
    """Where a way passes a row it stands still across, in a lane beside the boxes."""
    svg = picture(_drawn(seed), {})
    for path in re.findall(r'class="edge" d="([^"]+)"', svg):
        for x, top, bottom in re.findall(r" ([-\d.]+) ([-\d.]+)V([-\d.]+)", path):
            for left, y in _places(svg):
                if float(top) <= y + 1 and float(bottom) >= y + SIZE[1] - 1:
                    assert not left < float(x) < left + SIZE[0]


def test_names_are_text() -> None:
    name = "</svg><script>\"'&"
    svg = picture([Box(name, {"failed": 1}, ())], {name: '"><x'})
    tree = ElementTree.fromstring(svg)
    assert [element.tag for element in tree] == ["a"]


@pytest.mark.parametrize(
    ("phases", "word"),
    [
        ({"succeeded": 9, "failed": 1}, "failed"),
        ({"succeeded": 9, "running": 1}, "running"),
        ({"succeeded": 9}, "succeeded"),
        ({"succeeded": 1, "not begun": 3}, "not begun"),
    ],
)
def test_what_needs_a_person_is_the_word_for_all(phases: dict[str, int], word: str) -> None:
    assert phase_of_all(phases) == word
