"""A run's objects listed in pieces beside each other are those of one listing."""

from __future__ import annotations

import random

import pytest
from flowc.artifacts.address import RunAddress

from compiler.retention import listing
from tests.stages.counting_store import Counting
from tests.stages.interleaving import Memory

RUN = RunAddress("F", "r")


def _store(rng: random.Random, tasks: int) -> Memory:
    """Tasks in foreaches, nested ones, iterations, gangs; blobs and all else that a run's folder holds."""
    store = Memory()
    for _ in range(tasks):
        step = rng.choice(["start", "body", "Ünder_score", "a-b"])
        depth = rng.choice([0, 1, 1, 1, 2])
        index = ".".join(str(rng.randrange(300)) for _ in range(depth)) or "-"
        address = RUN.task(step, index, rng.choice([None, None, rng.randrange(20)]))
        for key in (address.attempt(1), address.attempt(2), address.manifest, f"{address.folder}/gang-0001/node-3"):
            if rng.random() < 0.7:
                store.put(key, (b"x",))
    for number in range(tasks // 2):
        store.put(RUN.blob(f"{number:064x}"), (b"x",))
    for key in (RUN.record, f"{RUN.folder}/_s3/1/2", "F/r2/body/1/manifest", "F/_created/1~r"):
        store.put(key, (b"x",))
    return store


@pytest.mark.parametrize("tasks", [0, 3, 60, 400])
@pytest.mark.parametrize("seed", range(3))
def test_pieces_make_the_whole(tasks: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_FEW", 10)
    monkeypatch.setattr(listing, "_SOME", 25)
    store = _store(random.Random(seed), tasks)
    found = list(listing.listed(store, RUN))
    expected = [entry for entry in store.entries(f"{RUN.folder}/") if entry.key != RUN.record]
    assert sorted(found) == expected, "each once"
    assert sorted(listing.keys(store, RUN)) == [entry.key for entry in expected]
    by_task: dict[str, list[str]] = {}
    for entry in found:
        by_task.setdefault(entry.key.rpartition("/")[0], []).append(entry.key)
    assert all(keys == sorted(keys) for keys in by_task.values())


def test_a_small_run_is_one_listing() -> None:
    store = Counting(_store(random.Random(0), 50))
    list(listing.listed(store, RUN))
    assert dict(store.asked) == {"entries": 1}
