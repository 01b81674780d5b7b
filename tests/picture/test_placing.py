"""Where things stand: properties that every picture has, of written and of generated flows."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import pytest

from compiler.ir.flow import Split, Switch
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.picture.drawing import Beside, Block, Card, Drawing, Frame, Label, draw, key_of, walk, within
from compiler.picture.ordering import arranged
from compiler.picture.placing import (
    FOLDING,
    MOST_STEPS,
    Box,
    Placed,
    cells,
    clipped,
    folded_at_first,
    place,
)
from compiler.slotted_class import replaced
from tests.picture.pictures import TABLES, drawings, foldings, generated, points
from tests.stages.plans import flow

SEEDS = range(20)


@pytest.mark.parametrize("name", TABLES)
def test_pictures_of_written_shapes_are_right(name: str) -> None:
    _check(plan(TABLES[name]))


@pytest.mark.parametrize("seed", SEEDS)
def test_pictures_of_generated_flows_are_right(seed: int, tmp_path: Path) -> None:
    _check(generated(seed, tmp_path))


def _check(found: Plan) -> None:
    for drawing in drawings(found):
        assert {card.step for card in drawing.cards} == set(found.flow.steps)
        for folded in foldings(drawing):
            placed = place(drawing, folded)
            _nothing_overlaps(drawing, placed, folded)
            _children_are_inside(drawing, placed, folded)
            _lines_end_at_their_boxes(placed)
            _lines_pass_nothing(drawing, placed, folded)
        _arms_are_in_order(found, drawing)


def _solid(drawing: Drawing, placed: Placed, folded: frozenset[str]) -> dict[str, Box]:
    """What nothing else may stand on: cards, labels, and frames that are folded."""
    keys = {each.key for each in walk(drawing.block) if isinstance(each, Card | Label)} | folded
    return {key: box for key, box in placed.boxes.items() if key in keys}


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def _holds(outer: Box, inner: Box) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width + 0.01
        and inner.y + inner.height <= outer.y + outer.height + 0.01
    )


def _nothing_overlaps(drawing: Drawing, placed: Placed, folded: frozenset[str]) -> None:
    solid = _solid(drawing, placed, folded)
    assert [pair for pair in combinations(solid, 2) if _overlap(solid[pair[0]], solid[pair[1]])] == []
    frames = [placed.boxes[each.key] for each in drawing.frames if each.key in placed.boxes]
    for one, other in combinations(frames, 2):
        assert not _overlap(one, other) or _holds(one, other) or _holds(other, one)
    whole = Box(0, 0, placed.width, placed.height, 0)
    assert all(_holds(whole, box) for box in placed.boxes.values())


def _children_are_inside(drawing: Drawing, placed: Placed, folded: frozenset[str]) -> None:
    for frame in drawing.frames:
        for each in walk(frame.inside):
            if isinstance(each, Card | Label | Frame):
                if frame.key in folded:
                    assert each.key not in placed.boxes
                elif frame.key in placed.boxes and each.key in placed.boxes:
                    assert _holds(placed.boxes[frame.key], placed.boxes[each.key])


def _lines_end_at_their_boxes(placed: Placed) -> None:
    for line, path in placed.paths:
        source, target = placed.boxes[line.source], placed.boxes[line.target]
        way = points(path)
        begin = source.y if line.source.startswith("bend") else source.y + source.height
        assert way[0] == pytest.approx((source.middle, begin), abs=0.06)
        assert way[-1] == pytest.approx((target.middle, target.y), abs=0.06)
        assert all(one[1] <= other[1] + 0.01 for one, other in pairwise(way)), "no line goes up"


def _lines_pass_nothing(drawing: Drawing, placed: Placed, folded: frozenset[str]) -> None:
    solid = _solid(drawing, placed, folded)
    for line, path in placed.paths:
        way = points(path)
        for (x1, y1), (x2, y2) in pairwise(way):
            part = Box(min(x1, x2), min(y1, y2), abs(x1 - x2), abs(y1 - y2), 0)
            hit = [key for key, box in solid.items() if key not in (line.source, line.target) and _overlap(part, box)]
            assert hit == [], (line, path)


def _arms_are_in_order(found: Plan, drawing: Drawing) -> None:
    boxes = place(drawing).boxes
    for step in found.flow.steps.values():
        if isinstance(step.next, Split):
            arms = [boxes[key_of(target)].x for target in step.next.targets]
            assert arms == sorted(arms)
    numbers = {line.target: line.source for line in drawing.lines if line.target.startswith("label")}
    for block in (each for each in walk(drawing.block) if isinstance(each, Beside)):
        labels = [first for each in block.parts if isinstance(first := _first(each), Label)]
        if len({numbers[each.key] for each in labels}) == 1:
            places = [_case(found, numbers[each.key], each) for each in labels]
            assert places == sorted(places)


def _first(block: Block) -> Block:
    while not isinstance(block, Card | Label | Frame) and within(block):
        block = within(block)[0]
    return block


def _case(found: Plan, key: str, label: Label) -> int:
    step = next(each for name, each in found.flow.steps.items() if key_of(name) == key)
    assert isinstance(step.next, Switch)
    from compiler.ir.text import value_text

    return [value_text(case.key) for case in step.next.cases].index(label.text.split(", ")[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_another_text_of_a_docstring_moves_nothing(seed: int, tmp_path: Path) -> None:
    found = generated(seed, tmp_path)
    for drawing in drawings(found):
        other = _with_docs(drawing.block, "Another text, which is longer than most and has no end at all.")
        assert (
            place(replaced(drawing, block=other)).boxes
            == place(replaced(drawing, block=_with_docs(drawing.block, "x"))).boxes
        )


def _with_docs(block: Block, doc: str) -> Block:
    if isinstance(block, Card):
        return replaced(block, doc=doc)
    if isinstance(block, Frame):
        return replaced(block, inside=_with_docs(block.inside, doc))
    return block if not within(block) else replaced(block, parts=tuple(_with_docs(each, doc) for each in within(block)))


def test_a_step_more_leaves_the_order_of_all_others() -> None:
    before = place(draw(plan(flow(start="b, a", a="j", b="c", c="j", j="+ end", end="")))).boxes
    after = place(draw(plan(flow(start="b, a", a="j", b="c", c="d", d="j", j="+ end", end="")))).boxes
    by_place = [
        sorted((key for key in before), key=lambda key: (boxes[key].y, boxes[key].x)) for boxes in (before, after)
    ]
    assert by_place[0][:3] == by_place[1][:3]


@pytest.mark.parametrize("name", TABLES)
def test_a_picture_is_the_same_each_time(name: str) -> None:
    found = plan(TABLES[name])
    assert place(draw(found)) == place(draw(found))


def test_what_parts_and_meets_crosswise_stands_in_rows() -> None:
    """Two arms that share one of two ends: neither is within the other."""
    names = iter(["one"])
    found = arranged(
        {"s": ["a", "b", "c"], "a": ["m"], "b": ["m", "n"], "c": ["d"], "d": ["n"], "m": [], "n": []},
        lambda: next(names),
    )
    rows = ("series", (("beside", ("a", "b", "c")), ("beside", ("m", "one", "d")), "n"))
    assert found.piece == ("series", ("s", rows))
    assert found.bends == ("one",)


def test_a_level_of_thousands_is_no_matter() -> None:
    count = 5000
    steps = {f"s{at}": f"s{at + 1}" for at in range(count)}
    found = plan(flow(start="s0", **steps, **{f"s{count}": "end"}, end=""))
    assert len(place(draw(found)).boxes) == count + 3


@pytest.mark.parametrize(
    ("text", "many"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)],
    ids=["plain", "wide", "with a mark", "nothing"],
)
def test_cells_of_a_text(text: str, many: int) -> None:
    assert cells(text) == many


def test_a_long_text_is_clipped_to_its_cells() -> None:
    assert clipped("日本日本", 5) == "日本…"
    assert clipped("one\ntwo", 40) == r"one\ntwo"


def test_many_steps_begin_folded_outer_regions_open_first() -> None:
    """Two hundred foreaches with six steps each in the arms of a split, and a small one."""
    arms = {}
    for at in range(20):
        arms |= {f"a{at}": f"b{at}*", f"b{at}": f"c{at}", f"c{at}": f"d{at}", f"d{at}": f"e{at}", f"e{at}": "+ j"}
    found = draw(plan(flow(start=", ".join(f"a{at}" for at in range(20)), **arms, j="+ end", end="")))
    folded = folded_at_first(found)
    seen = [card for card in found.cards if card.key in place(found, folded).boxes]
    assert 40 < len(seen) <= MOST_STEPS
    assert {each.kind for each in found.frames if each.key in folded} == {"foreach"}
    assert folded_at_first(draw(plan(TABLES["NESTED"]))) == frozenset()
    assert all(each.kind in FOLDING for each in found.frames)
