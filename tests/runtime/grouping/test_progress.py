"""Two containers of the same tasks, their steps in every order: what is left is the later one's, and nothing is mixed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.artifacts import ordering
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import attempts, read
from flowc.grouping.progress import Life, begin, begun, left
from flowc.store.files import FileStore
from flowc.store.protocol import MissingError, Store

from tests.stages.task import Stage

SOURCE = """
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a)
    @step
    def a(self):
        self.next(self.b)
    @step
    def b(self):
        self.next(self.c)
    @step
    def c(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""
STEPS = ("a", "b", "c")
FIRST = TaskAddress("F", "r", "a")


def _container(store: Store, name: str, retry: int, told: dict[str, str]) -> Iterator[str]:
    """A container as `flowc.grouping.running` has it, one request of the store after the other; `told` is what tasks are made of."""
    life = begin(store, FIRST, retry, at_most=False, owner="")
    yield "began"
    place = 0
    while life.goes_on and place < len(STEPS) and left(store, FIRST.at(STEPS[place], "-"), life) is not None:
        place += 1
        yield "looked"
    for step in STEPS[place:]:
        address = FIRST.at(step, "-")
        used = len(begun(store, address, life))
        fence = ordering.begin(store, address, used, life.container.marked("0" * 32), 1.0)
        yield "began a task"
        if life.container.is_overtaken(store, fence):
            return
        yield "looked for others"
        before = told.get(STEPS[STEPS.index(step) - 1], "") if step != "a" else ""
        mine = f"{before}{step}{name}"
        data = MANIFEST.as_attempt(fence.attempt, fence.token)
        yield "did the task"
        if not ordering.publish(store, fence, data):
            return
        told[step] = mine
        yield "published"


MANIFEST = None


@pytest.fixture(autouse=True)
def manifest(tmp_path: Path) -> None:
    """A manifest to publish: that of a task that ran."""
    global MANIFEST  # noqa: PLW0603 - the generator above is drawn many times
    (tmp_path / "stage").mkdir(exist_ok=True)
    stage = Stage(tmp_path / "stage", SOURCE)
    MANIFEST = stage.done("start")


def _orders(first: int, second: int) -> Iterator[tuple[bool, ...]]:
    """Every order of so many steps of one and of another."""
    for chosen in itertools.combinations(range(first + second), second):
        yield tuple(at in chosen for at in range(first + second))


@pytest.mark.parametrize("retry", [0, 1])
def test_a_later_container_wins_in_every_order(tmp_path: Path, retry: int) -> None:
    """The earlier one may stop anywhere and go on at any time; what it does after that changes nothing that the later one has made."""
    count = 0
    for before in range(1, 12, 2):
        for order in _orders(5, 4):
            store = FileStore(f"file:{tmp_path / str(count)}")
            count += 1
            told: dict[str, str] = {}
            old = _container(store, "1", 0, told)
            for _ in range(before):
                next(old, None)
            new = _container(store, "2", retry, told)
            for is_new in order:
                next(new if is_new else old, None)
            for each in (new, old):  # the rest of both, the earlier one's at the very end
                for _ in each:
                    pass
            whose = "".join(told[step][-1] for step in STEPS)
            assert whose.lstrip("1").strip("2") == "", (before, order, told)
            for earlier, later in itertools.pairwise(STEPS):
                assert told[later] == f"{told[earlier]}{told[later][-2:]}", (before, order, told)
            if retry == 0:
                assert whose == "222", (before, order, told)
    assert count > 500


def test_a_life_goes_on_where_it_was(tmp_path: Path) -> None:
    store = FileStore(f"file:{tmp_path / 'store'}")
    lives: list[Life] = [begin(store, FIRST, retry, at_most=False, owner="") for retry in (0, 1, 2, 0, 1)]
    assert [life.goes_on for life in lives] == [False, True, True, False, True]
    assert lives[2].has_made("0" * 16 + lives[0].container.token)
    assert not lives[4].has_made("0" * 16 + lives[2].container.token)


@pytest.mark.parametrize(("told", "counts"), [((3,), [0]), ((0, 5), [0, 1]), ((0, 1, 1), [0, 1, 1])])
def test_an_engine_that_counts_more_than_starts_begins_no_new_life(
    tmp_path: Path, told: tuple[int, ...], counts: list[int]
) -> None:
    store = FileStore(f"file:{tmp_path / 'store'}")
    lives = [begin(store, FIRST, retry, at_most=True, owner="") for retry in told]
    assert [life.goes_on for life in lives] == [count > 0 for count in counts]


def test_a_foreign_start_of_the_run_stops_nobody(tmp_path: Path) -> None:
    """Another owner of the same name is refused by the first step; its container counts for nothing before that."""
    store = FileStore(f"file:{tmp_path / 'store'}")
    mine = begin(store, FIRST, 0, at_most=False, owner="me")
    begin(store, FIRST, 0, at_most=False, owner="another")
    assert store.size(mine.container.next) is None
    begin(store, FIRST, 1, at_most=False, owner="me")
    assert store.size(mine.container.next) is not None


def test_nothing_is_left_of_a_task_that_never_ran(tmp_path: Path) -> None:
    store = FileStore(f"file:{tmp_path / 'store'}")
    life = begin(store, FIRST, 0, at_most=False, owner="")
    assert left(store, FIRST, life) is None
    assert begun(store, FIRST, life) == ()
    assert attempts(store, FIRST) == ()
    with pytest.raises(MissingError):
        read(store, FIRST)
