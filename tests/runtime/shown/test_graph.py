"""The graph of a run: every step in a place of its own, what follows to the right, and no text that does anything."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from flowc.shown.graph import MOST, graph
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=30)
WAYS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30)


def _places(text: str) -> dict[str, tuple[int, int]]:
    """The upper left corner of each step's box."""
    drawn = ElementTree.fromstring(text)
    boxes = [(group.findtext("title") or "", group.find("rect")) for group in drawn.iter("g")]
    return {
        title.rpartition(": ")[0]: (int(box.attrib["x"]), int(box.attrib["y"]))
        for title, box in boxes
        if box is not None
    }


def test_a_split_has_its_arms_below_each_other_and_its_join_behind_the_longer() -> None:
    steps = dict.fromkeys(["start", "left", "right", "more", "join"], ("succeeded", "#1a7f37"))
    ways = [("start", "left"), ("start", "right"), ("right", "more"), ("left", "join"), ("more", "join")]
    at = _places(graph(steps, ways))
    assert at["start"][0] < at["left"][0] == at["right"][0] < at["more"][0] < at["join"][0]
    assert at["left"][1] < at["right"][1]
    assert "more" in at


def test_a_way_past_a_step_does_not_cross_it() -> None:
    steps = dict.fromkeys(["start", "long", "middle", "join"], ("succeeded", "#1a7f37"))
    text = graph(steps, [("start", "long"), ("long", "middle"), ("middle", "join"), ("start", "join")])
    at = _places(text)
    (past,) = re.findall(r'd="([^"]* H[^"]*)"', text)
    heights = {int(found) for found in re.findall(r"(\d+) H", past)}
    assert len(heights) == 1
    assert min(heights) > at["long"][1] + 38 == at["middle"][1] + 38


def test_a_step_that_repeats_or_leads_back_is_drawn_once() -> None:
    steps = dict.fromkeys(["start", "loop", "check", "end"], ("not finished", ""))
    ways = [("start", "loop"), ("loop", "loop"), ("loop", "check"), ("check", "loop"), ("check", "end")]
    text = graph(steps, ways)
    at = _places(text)
    assert [at[step][0] for step in steps] == sorted(at[step][0] for step in steps)
    assert text.count("<path") == 3


def test_what_no_picture_can_tell_is_not_drawn() -> None:
    assert graph({"start": ("succeeded", "")}, []) == ""
    assert graph({f"s{number}": ("", "") for number in range(MOST + 1)}, []) == ""


@given(st.lists(NAMES, min_size=2, max_size=12, unique=True), WAYS)
def test_whatever_the_names_and_ways_all_steps_have_places_and_the_text_is_text(
    names: list[str], ways: list[tuple[int, int]]
) -> None:
    pairs = [(names[one % len(names)], names[other % len(names)]) for one, other in ways]
    text = graph({name: (name, "#c0262d") for name in names}, pairs)
    assert set(re.findall(r"<(\w+)", text)) <= {"div", "svg", "g", "title", "rect", "path", "text"}
    places = _places(text)
    assert len(set(places.values())) == len(places) == len(names)
