"""The tasks of a step, read as they are asked for: those of the whole walk, in order, and no more of them in memory than a window."""

from __future__ import annotations

from itertools import islice

import pytest
from flowc.artifacts import ordering
from flowc.artifacts.address import RunAddress
from flowc.artifacts.pickling import Frame
from flowc.artifacts.work import Transition
from flowc.client import walk as client_walk
from flowc.client.walk import tasks_of, walk

from tests.stages.counting_store import Counting
from tests.stages.interleaving import Memory
from tests.stages.written_runs import claim_of, fanned, task, to

RUN = RunAddress("F", "r")
AROUND = (("start", "foreach"),)


def _frame(place: int, width: int) -> Frame:
    return Frame("start", place, width, "0" * 64, 0)


def _switched(store: Memory, width: int) -> None:
    """Each child but the last ones leads past `rare`."""
    ordering.claim(store, claim_of(RUN, 1.0))
    task(store, RUN.task("start"), to("body", kind="foreach", items=list(range(width))), blob=False)
    for place in range(width):
        at = {"stack": (_frame(place, width),), "open": AROUND, "blob": False}
        is_rare = place >= width - 3
        step = "rare" if is_rare else "usual"
        task(store, RUN.task("body", str(place)), Transition((step,), "switch", "", int(is_rare), None, False), **at)
        if is_rare:
            task(store, RUN.task("rare", str(place)), to("usual"), **at)
        task(store, RUN.task("usual", str(place)), to("end", joins=True), **at)
    task(store, RUN.task("end"), None, blob=False)


def _nested(store: Memory, width: int) -> None:
    """Each child opens a foreach of its own, wider for some."""
    ordering.claim(store, claim_of(RUN, 1.0))
    task(store, RUN.task("start"), to("outer", kind="foreach", items=list(range(width))), blob=False)
    for place in range(width):
        stack, inner = (_frame(place, width),), place % 4 + 1
        task(
            store,
            RUN.task("outer", str(place)),
            to("inner", kind="foreach", items=list(range(inner))),
            stack=stack,
            open=AROUND,
            blob=False,
        )
        opened = (*AROUND, ("outer", "foreach"))
        for below in range(inner):
            deep = (*stack, Frame("outer", below, inner, "0" * 64, 0))
            index = f"{place}.{below}"
            task(store, RUN.task("inner", index), to("join", joins=True), stack=deep, open=opened, blob=False)
        task(store, RUN.task("join", str(place)), to("end", joins=True), stack=stack, open=AROUND, blob=False)
    task(store, RUN.task("end"), None, blob=False)


def _unfinished(store: Memory, width: int) -> None:
    """Some children have not gone through, the first among them."""
    fanned(store, RUN, 1.0, width)
    for place in range(0, width, 3):
        store.delete(RUN.task("body", str(place)).manifest)
    store.delete(RUN.task("end").manifest)


@pytest.mark.parametrize("width", [1, 5, 70])
@pytest.mark.parametrize("made", [_switched, _nested, _unfinished, lambda store, width: fanned(store, RUN, 1.0, width)])
def test_a_step_has_the_tasks_that_the_whole_walk_meets(made: object, width: int) -> None:
    store = Memory()
    made(store, width)  # type: ignore[operator]
    met = list(walk(store, RUN))
    for step in {address.step for address, _ in met} | {"none"}:
        of_step = sorted((address for address, _ in met if address.step == step), key=lambda each: each.place)
        assert [address for address, _ in tasks_of(store, RUN, step)] == of_step


def test_the_first_task_comes_early_and_the_last_costs_what_all_do() -> None:
    store = Counting(Memory())
    fanned(store.inner, RUN, 1.0, 2000)
    found = tasks_of(store, RUN, "more")
    [(first, manifest)] = islice(found, 1)
    assert (first, manifest is None) == (RUN.task("more", "0"), False)
    assert store.asked["get"] <= 2 + 2 * client_walk._AT_ONCE
    assert sum(1 for _ in found) == 1999
    assert store.asked["get"] == 2 + 2 * 2000


def test_a_step_behind_a_wide_foreach_is_found_past_few_of_its_children() -> None:
    store = Counting(Memory())
    fanned(store.inner, RUN, 1.0, 2000)
    assert len(list(tasks_of(store, RUN, "end"))) == 1
    assert store.asked["get"] <= 3 + 2 * client_walk._AT_ONCE
