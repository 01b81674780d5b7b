"""Pages of cards while their step runs: when one is written, what stands on it, and that it fails nothing and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.ordering import Fence
from flowc.cards import Markdown, MetaflowCard
from flowc.cards.current_card import Cards
from flowc.cards.live import Live
from flowc.store.protocol import Data, StoreError

from tests.stages.interleaving import Memory
from tests.stages.task import Stage

TASK = TaskAddress("F", "r", "fit", "2.0")


class Own(MetaflowCard):
    type = "live_own"
    RUNTIME_UPDATABLE = True

    def render_runtime(self, task: Any, data: Any) -> str:
        """What the step told."""
        return f"{task.pathspec} so far {data}"


class OnlyAtTheEnd(MetaflowCard):
    type = "live_at_the_end"

    def render(self, task: Any) -> str:
        """Only then."""
        return "over"


class Refusing(Memory):
    """A store that takes nothing."""

    def put(self, key: str, parts: Iterable[Data]) -> None:
        raise StoreError(f"no answer for {key}")


def _followed(store: Memory, *given: dict[str, Any]) -> Cards:
    cards = Cards(given)
    loaded: Any = SimpleNamespace(flow=None, steps={})
    Live(store, Fence(TASK, 3, "token", 0, 0.0), loaded).follow(cards)  # type: ignore[arg-type]
    return cards


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of a clock that the test moves."""
    now = [100.0]
    monkeypatch.setattr("flowc.cards.live.time.monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("interval", "moments", "written"),
    [
        ({}, (0, 1, 4.9, 5, 9, 10.1), 3),
        ({"refresh_interval": None}, (0, 4.9, 5), 2),
        ({"refresh_interval": 2}, (0, 1, 2, 3, 4), 3),
        ({"refresh_interval": 0}, (0, 0, 0), 3),
    ],
)
def test_a_page_is_written_no_more_often_than_the_card_says(
    clock: list[float], interval: dict[str, Any], moments: tuple[float, ...], written: int
) -> None:
    store = Memory()
    cards = _followed(store, {"type": "blank", **interval})
    for moment in moments:
        clock[0] = 100.0 + moment
        cards.refresh()
    assert store.written == ["F/r/_live/fit/2.0/0003-0~blank"] * written
    cards.refresh(force=True)
    assert len(store.written) == written + 1


def test_the_page_is_what_the_card_holds_then(clock: list[float]) -> None:
    store = Memory()
    cards = _followed(store, {"type": "blank", "id": "a b", "refresh_interval": 0}, {"type": "live_own", "id": "own"})
    cards["a b"].append(Markdown("*first* <b>"))
    cards["a b"].refresh()
    (key,) = store.objects
    assert key == "F/r/_live/fit/2.0/0003-0~blank~a%20b"
    assert b"<em>first</em> &lt;b&gt;" in store.get(key).data
    cards["a b"].append(Markdown("second"))
    cards["a b"].refresh()
    assert b"second" in store.get(key).data
    cards["own"].refresh({"n": 7})
    assert store.get("F/r/_live/fit/2.0/0003-1~live_own~own").data == b"F/r/fit/fit-2.0 so far {'n': 7}"


def test_a_type_without_a_page_for_that_keeps_the_data_alone(clock: list[float]) -> None:
    store = Memory()
    cards = _followed(store, {"type": "live_at_the_end", "id": "a"}, {"type": "nobody_knows", "id": "b"})
    for name in "ab":
        cards[name].refresh({"n": 1}, force=True)
        assert cards[name].data == {"n": 1}
    assert store.objects == {}


def test_what_goes_wrong_is_told_once_and_fails_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    cards = _followed(Refusing(), {"type": "blank", "refresh_interval": 0})
    for _ in range(3):
        cards.refresh()
    assert capsys.readouterr().err == (
        "@card: the page is not shown while the step runs: StoreError: no answer for F/r/_live/fit/2.0/0003-0~blank\n"
    )


FLOW = """
    import os
    from flowc import FlowSpec, card, current, step
    from flowc.cards import Markdown

    class F(FlowSpec):
        @card(refresh_interval=0)
        @step
        def start(self):
            current.card.append(Markdown("so far"))
            current.card.refresh()
            self.seen = sorted(os.listdir({folder!r}))
            {body}
"""


@pytest.mark.parametrize(("body", "left"), [("pass", 0), ("raise ValueError('no')", 1)])
def test_a_task_shows_its_card_and_only_one_that_fails_leaves_it(tmp_path: Any, body: str, left: int) -> None:
    folder = tmp_path / "store" / "F" / "r" / "_live" / "start" / "-"
    folder.mkdir(parents=True)
    (folder / "0000-0~default").write_text("of an attempt before")
    stage = Stage(tmp_path, FLOW.format(folder=str(folder), body=body))
    assert stage.do("start").exit_code == left
    if not left:
        assert stage.left("start")["seen"] == ["0000-0~default", "0001-0~default"]
    assert len(list(stage.store.list("F/r/_live/"))) == 1 + left
