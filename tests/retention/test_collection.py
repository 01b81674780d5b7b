"""Which runs `flowc gc` deletes, by age, number, end and what refers to what; what else it clears away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flowc.artifacts.address import RunAddress, created_key
from flowc.artifacts.manifest import runs
from flowc.store.protocol import Store

from compiler.retention.collection import Kept, collect
from compiler.retention.deletion import LEASE, Freed
from compiler.retention.rest import DAY
from compiler.retention.selection import Rules
from tests.stages.interleaving import Ended, Memory, Turns, play
from tests.stages.written_runs import begun, line

NOW = 1000 * DAY


def _made(*wanted: tuple[str, float, str, dict[str, Any]]) -> Memory:
    """A store with these runs: FLOW/RUN, days ago, how it ended, what else its record says."""
    store = Memory()
    for name, days, kind, more in wanted:
        flow, _, run = name.partition("/")
        store.now = NOW - days * DAY
        make: Callable[..., None] = line if kind == "good" else begun
        make(store, RunAddress(flow, run), store.now, **more, **({"fails": kind == "failed"} if kind != "good" else {}))
    store.now = NOW
    return store


def _left(store: Memory, *flows: str) -> set[str]:
    return {f"{flow}/{run.run}" for flow in flows for run in runs(store, flow)}


def _after(store: Memory, rules: Rules, flow: str | None = None, now: float = NOW) -> list[object]:
    return list(collect(store, flow, rules, lambda: now))


GOOD: dict[str, Any] = {}
AGES = [("F/a", 40, "good", GOOD), ("F/b", 31, "good", GOOD), ("F/c", 20, "good", GOOD), ("F/d", 1, "failed", GOOD)]
RULES = [
    (AGES, Rules(30 * DAY, 0), {"F/c", "F/d"}),
    (AGES, Rules(30 * DAY, 1), {"F/c", "F/d"}),
    (AGES, Rules(10 * DAY, 1), {"F/c", "F/d"}),
    (AGES, Rules(10 * DAY, 2), {"F/b", "F/c", "F/d"}),
    (AGES, Rules(10 * DAY, 0), {"F/d"}),
    (AGES, Rules(0.0, 0), set()),
    (AGES, Rules(0.0, 0, only_failed=True), {"F/a", "F/b", "F/c"}),
    ([("F/a", 6, "open", GOOD)], Rules(DAY, 0), {"F/a"}),
    ([("F/a", 8, "open", GOOD)], Rules(DAY, 0), set()),
    ([("F/a", 0.5, "failed", GOOD), ("F/b", 0.4, "good", GOOD)], Rules(0.0, 0), {"F/a"}),
    (
        [("F/a", 9, "good", {"project": "p.prod"}), ("F/b", 8, "good", {"project": "p.user.u"})],
        Rules(DAY, 1),
        {"F/a", "F/b"},
    ),
    ([("F/a", 9, "failed", GOOD), ("F/b", 2, "good", {"origin": "a"})], Rules(5 * DAY, 0), {"F/a", "F/b"}),
    ([("F/a", 9, "failed", GOOD), ("F/b", 8, "good", {"origin": "a"})], Rules(5 * DAY, 0), set()),
    (
        [
            ("F/a", 9, "good", GOOD),
            ("F/b", 8, "good", GOOD),
            ("G/x", 2, "good", {"trigger": ({"name": "F", "id": "F/a/end/end", "timestamp": 1, "type": "run"},)}),
        ],
        Rules(5 * DAY, 0),
        {"F/a", "G/x"},
    ),
]


@pytest.mark.parametrize(("made", "rules", "left"), RULES, ids=range(len(RULES)))
def test_old_runs_go_and_what_a_kept_one_needs_stays(made: list[Any], rules: Rules, left: set[str]) -> None:
    store = _made(*made)
    before = dict(store.objects)
    would = list(collect(store, None, rules, lambda: NOW, dry=True))
    assert store.objects == before, "a dry run changes nothing"
    assert _after(store, rules) == would
    assert _left(store, "F", "G") == left
    assert {key.split("/")[0] + "/" + key.split("/")[1] for key in store.objects if "/_" not in key} <= left
    again = [each for each in _after(store, rules) if not isinstance(each, Kept)]
    assert again == []


def test_of_one_flow_only_its_runs_go() -> None:
    store = _made(("F/a", 9, "good", {}), ("G/a", 9, "good", {}))
    assert [each.address.flow for each in _after(store, Rules(DAY, 0), "F") if isinstance(each, Freed)] == ["F"]
    assert _left(store, "F", "G") == {"G/a"}


def test_a_run_of_a_very_long_name_goes_as_others_do() -> None:
    name = "argo-" + "näme " * 60
    store = _made((f"F/{name}", 9, "good", {}))
    assert _left(store, "F") == {f"F/{name}"}
    assert len(_after(store, Rules(DAY, 0))) == 1
    assert store.objects == {}


def test_a_run_that_is_old_and_still_works_stays() -> None:
    store = _made(("F/a", 40, "good", {}))
    store.now = NOW - DAY
    store.put("F/a/start/-/attempt-0002", (b'{"attempt": 2}',))
    store.now = NOW
    [kept] = _after(store, Rules(30 * DAY, 0))
    assert isinstance(kept, Kept)
    assert "last sign of life was 24 h ago" in kept.why


@pytest.mark.parametrize("days", [6, 8])
def test_what_nobody_has_claimed_goes_after_a_week(days: float) -> None:
    store = Memory(NOW - days * DAY)
    store.put("F/a/_control/input", (b"{}",))
    store.put(created_key(RunAddress("F", "gone"), 1.0), (b"",))
    _after(store, Rules(0.0, 0))
    assert set(store.objects) == ({"F/a/_control/input"} if days < 7 else set())


def test_what_was_deleted_by_half_is_deleted_by_the_next_call() -> None:
    rules = Rules(DAY, 0)
    steps = len(play(_made(("F/a", 9, "good", {})), (lambda store: _gone(store, rules, NOW),), ()).turns)
    for kill in range(steps):
        store = _made(("F/a", 9, "good", {}))
        [outcome] = play(store, (lambda each: _gone(each, rules, NOW),), (), kill).outcomes
        assert isinstance(outcome, Ended)
        _gone(store, rules, NOW + LEASE + 1)
        assert store.objects == {}, kill


def _gone(store: Turns | Store, rules: Rules, now: float) -> int:
    return len(list(collect(store, None, rules, lambda: now)))


def test_a_run_whose_record_is_damaged_stays() -> None:
    store = _made(("F/a", 900, "good", {}), ("F/b", 900, "good", {}))
    store.objects["F/a/_run.json"] = store.objects["F/a/_run.json"][0][:-3], 0.0
    before = {key for key in store.objects if "/a/" in key or key.endswith("~a")}
    assert len(_after(store, Rules(DAY, 0))) == 1
    assert set(store.objects) == before
