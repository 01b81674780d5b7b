"""What a picture holds: regions in each other, keys on ways, containers that steps share."""

from __future__ import annotations

import pytest

from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Chunk, Plan
from compiler.ir.planner import plan
from compiler.mistakes import CallError
from compiler.picture.diagrams import ways
from compiler.picture.drawing import DEEPEST, Block, Card, Drawing, Frame, Label, Since, draw, within
from compiler.picture.forms import written
from tests.picture.pictures import TABLES
from tests.stages.plans import flow


def _told(block: Block) -> object:
    """The regions as nested lists."""
    if isinstance(block, Card):
        return block.step
    if isinstance(block, Frame):
        return {f"{block.kind}: {block.title}": _told(block.inside)}
    return block.text if isinstance(block, Label) else [_told(each) for each in within(block)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("LINEAR", ["start", "a", "end"]),
        ("SPLIT", [["start", {"arms: 2 arms of start": [["b", "c"], "a"]}], "j", "end"]),
        (
            "foreach",
            [["start", {"foreach: for each of items": "a"}], "j", "end"],
        ),
        ("SWITCH", ["start", [['"0"', "a"], ['"1"', "b", [['"0"', "b1"], ['"1"', "b2"]]]], "m", "end"]),
        (
            "gang in an arm",
            [["start", {"arms: 2 arms of start": [[["p", {"gang: 3 nodes of a gang": "w"}], "j"], "q"]}], "m", "end"],
        ),
    ],
)
def test_regions_stand_in_each_other(name: str, told: object) -> None:
    table = {**TABLES, "gang in an arm": flow(start="p, q", p="w^3", w="j", j="+ m", q="m", m="+ end", end="")}
    assert _told(draw(plan(table[name])).block) == told


def test_steps_that_share_a_container_stand_in_a_box() -> None:
    found = plan(flow(start="a*", a="b", b="j", j="+ c", c="end", end=""))
    drawing = draw(grouped(found, Grouping(fuse=True, chunk={"a": Chunk(16, 4)})))
    body = {"foreach: for each of items, 16 members a container, 4 at once": {"container: one container": ["a", "b"]}}
    assert _told(drawing.block) == [["start", body], {"container: one container": ["j", "c", "end"]}]
    assert [(way.source, way.target) for way in ways(drawing)] == [
        (f"step-{one}", f"step-{other}")
        for one, other in (("start", "a"), ("a", "b"), ("b", "j"), ("j", "c"), ("c", "end"))
    ]


def _deep(depth: int) -> Plan:
    """Foreaches in each other."""
    steps = {f"a{at}": f"a{at + 1}*" if at < depth - 1 else f"j{depth - 1}" for at in range(depth)}
    joins = {f"j{at}": f"+ j{at - 1}" if at else "+ end" for at in range(depth)}
    return plan(flow(start="a0*", **steps, **joins, end=""))


@pytest.mark.parametrize("form", ["mermaid", "dot", "svg", "html", "json", "gexf"])
def test_regions_may_stand_deep_in_each_other(form: str) -> None:
    found = _deep(DEEPEST)
    assert written(form, draw(found), found, ())


def test_what_no_picture_shows_is_refused() -> None:
    with pytest.raises(CallError, match="`flowc show` prints it"):
        draw(_deep(DEEPEST + 1))


def test_keys_that_lead_to_one_step_are_one_way() -> None:
    drawing = draw(plan(flow(start="a | m | a", a="m", m="end", end="")))
    assert [(way.source, way.target, way.text) for way in ways(drawing)][:2] == [
        ("step-start", "step-a", '"0", "2"'),
        ("step-start", "step-m", '"1"'),
    ]


def test_what_is_new_changed_and_gone_is_marked() -> None:
    since = Since("main", {"a": "new", "end": "changed"}, (("old", "went to end"),))
    drawing: Drawing = draw(plan(TABLES["LINEAR"]), (), since)
    assert [(card.step, card.state) for card in drawing.cards] == [
        ("start", ""),
        ("a", "new"),
        ("end", "changed"),
        ("old", ""),
    ]
    assert _told(drawing.block) == [["start", "a", "end"], {"gone: gone since main": ["old"]}]
