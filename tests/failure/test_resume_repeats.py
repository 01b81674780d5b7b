"""`flowc run --resume` of steps that repeat, and of nodes that meet: which of them are taken over."""

from __future__ import annotations

import shutil

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.artifacts.pickling import seal

from tests.failure.resumed import GANG, REPEATS, Place, place

__all__ = ["place"]


@pytest.mark.parametrize(
    ("fails", "step", "by"),
    [
        ("3", None, ["first", "first", "second", "second"]),
        ("1", None, ["second"] * 4),
        ("end", None, ["first"] * 4),
        ("3", "more", ["second"] * 4),
    ],
)
def test_a_repeated_step_goes_on_behind_the_iterations_that_succeeded(
    place: Place, fails: str, step: str | None, by: list[str]
) -> None:
    place.write(fails, source=REPEATS)
    assert place.run("one").returncode == 1
    place.write(source=REPEATS, mark="second")
    done = place.run("two", "--resume", "one", *(["--from", step] if step else []))
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(place.folder / "store" / "F" / "one")
    assert place.left("two", "end")["by"] == by
    assert place.left("two", "more").iterations == 4
    runs = [read(place.store, RunAddress("F", "two").task("more")._replace(iteration=at)) for at in range(4)]
    assert [each["count"] for each in runs] == [1, 2, 3, 4]


@pytest.mark.every(3)
@pytest.mark.parametrize("left", [None, 0, -1], ids=["gone", "emptied", "cut"])
@pytest.mark.parametrize("lost", ["manifest", "blob"])
@pytest.mark.parametrize("number", [0, 2])
def test_an_iteration_that_is_damaged_or_gone_is_done_again_with_all_behind_it(
    place: Place, number: int, lost: str, left: int | None
) -> None:
    """Also where the task itself, which is as its last iteration, is whole."""
    place.write(source=REPEATS)
    assert place.run("one").returncode == 0
    address = RunAddress("F", "one").task("more")._replace(iteration=number)
    (own,) = set(read(place.store, address).blobs) - set(place.left("one", "more").blobs)
    path = place.folder / "store" / (address.manifest if lost == "manifest" else address.of.blob(own))
    whole = path.read_bytes()
    path.unlink()
    if left is not None:
        path.write_bytes(whole[:left])
    place.write(source=REPEATS, mark="second")
    done = place.run("two", "--resume", "one")
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.left("two", "end")["by"] == ["first"] * number + ["second"] * (4 - number)
    assert [read(place.store, address._replace(run="two", iteration=at))["own"][0] for at in range(4)] == [1, 2, 3, 4]


@pytest.mark.parametrize("fails", ["3", "end"])
def test_iterations_on_what_was_replaced_since_are_done_again(place: Place, fails: str) -> None:
    place.write(fails, source=REPEATS)
    assert place.run("one").returncode == 1
    start = place.left("one", "start")
    place.store.put(start.address.manifest, (seal(start.as_attempt(2, "another")),))
    place.write(source=REPEATS, mark="second")
    assert place.run("two", "--resume", "one").returncode == 0
    assert place.left("two", "end")["by"] == ["second"] * 4


@pytest.mark.parametrize(("fails", "mark"), [("node1", "second"), ("join", "first")])
def test_nodes_that_meet_are_taken_over_together_or_not_at_all(place: Place, fails: str, mark: str) -> None:
    place.write(fails, source=GANG)
    assert place.run("one").returncode == 1
    place.write(source=GANG, mark="second")
    done = place.run("two", "--resume", "one")
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.left("two", "end")["met"] == [(2, mark), (2, mark)]
