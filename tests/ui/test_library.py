"""What the pages ask of the store: a bounded number of requests, whatever the run's width and the flow's number of runs."""

from __future__ import annotations

import pytest
from flowc.artifacts.address import RunAddress

from compiler.call import overview
from compiler.ui import pages
from compiler.ui.library import PAGE, Library
from tests.stages.counting_store import Counting
from tests.stages.interleaving import Memory
from tests.stages.written_runs import begun, fanned, line

LINKS = pages.Links()


def _flows(count: int) -> Memory:
    store = Memory()
    for number in range(count):
        run = RunAddress("F", f"r{number:04}")
        begun(store, run, float(number), fails=True) if number % 7 == 3 else line(store, run, float(number))
    return store


def _wide(width: int) -> Memory:
    store = Memory()
    fanned(store, RunAddress("F", "r"), 1.0, width)
    return store


def test_a_page_of_runs_costs_its_runs_alone() -> None:
    """A thousand runs, or two hundred: the same reads and one listing more a thousand."""
    asked = []
    for count in (200, 1000):
        counting = Counting(_flows(count))
        part = Library(counting).runs("F")
        assert len(part.runs) == PAGE
        assert part.count == count
        asked.append(counting.asked["get"])
    assert max(asked) <= 5 * PAGE


def test_runs_that_are_over_are_read_once() -> None:
    counting = Counting(_flows(60))
    library = Library(counting)
    library.runs("F")
    before = counting.asked["get"]
    library.runs("F")
    assert counting.asked["get"] == before


def test_all_runs_are_reached_page_by_page_and_each_once() -> None:
    library, before, seen = Library(_flows(170)), "", []
    while True:
        part = library.runs("F", before)
        seen += [run.run for run in part.runs]
        before = part.before
        if not before:
            break
    assert seen == [f"r{number:04}" for number in reversed(range(170))]


def test_filters_find_what_stands_on_later_pages() -> None:
    part = Library(_flows(400)).runs("F", status="failed")
    assert len(part.runs) == PAGE
    assert {run.status for run in part.runs} == {"failed"}


@pytest.mark.parametrize("width", [2000, 10_000])
def test_a_wide_run_costs_a_listing_and_few_reads(width: int) -> None:
    counting = Counting(_wide(width))
    library = Library(counting)
    page = pages.run_page(LINKS, library.run("F", "r"), is_live=False)
    assert counting.asked["get"] < 40
    assert f"{width:,} tasks" in page
    assert len(page) < 400_000
    before = counting.asked["get"]
    part = library.step("F", "r", "body", 3)
    assert [task.address.index for task in part.tasks][:2] == ["300", "301"]
    assert part.count == width
    assert counting.asked["get"] - before <= 2 * len(part.tasks) + 1
    assert "1.0 s" in pages.step_page(LINKS, "F", "r", "body", part) or part.tasks


def test_wide_is_what_is_many() -> None:
    """The widths above are beyond the width from which on members are counted."""
    assert overview.MANY <= 2000
