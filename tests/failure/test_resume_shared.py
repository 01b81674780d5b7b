"""`flowc run --resume` where tasks share processes: what is taken over is asked task by task, whatever shared one before."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import attempts, read

from tests.conformance.plan import SHORT
from tests.engines import FlowCase
from tests.engines.argo_case import run_argo
from tests.failure.resumed import ANEW, GANG, LAST, REPEATS, SOURCE, SWITCHED, Place, place

__all__ = ["place"]

FUSED, THREES = ("--fuse",), ("--fuse", "--chunk", "part=3")
WORDS: Mapping[str, tuple[str, ...]] = {
    "plain": (),
    "fused": FUSED,
    "both": ("--fuse", "--chunk", "part=2"),
    "at once": ("--fuse", "--chunk", "part=3:2"),
}
PAIRS = (("plain", "both"), ("both", "plain"), ("both", "both"), ("fused", "at once"), ("at once", "fused"))
"""What the first run shares, and the second one."""
MERGES = SOURCE.replace("        self.by = [one", '        assert not fails("merge")\n        self.by = [one')
CASES = [(*row, *PAIRS[(at + more) % len(PAIRS)]) for at, row in enumerate(ANEW) for more in range(1 if SHORT else 2)]


@pytest.mark.sampled
@pytest.mark.parametrize(("fails", "step", "anew", "first", "second"), CASES)
def test_a_resumed_run_begins_the_tasks_that_it_would_without(
    place: Place, fails: str, step: str | None, anew: set[str], first: str, second: str
) -> None:
    place.write(fails)
    before = place.run("one", "--extra", '{"a": [1]}', shares=WORDS[first])
    assert before.returncode == (1 if fails else 0), before.stderr
    anew = anew | ({"part/0", "check/0", "left/-"} - place.anew("one"))
    place.write(mark="second")
    done = place.run("two", "--resume", "one", *(["--from", step] if step else []), shares=WORDS[second])
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.anew("two") == anew
    end = place.left("two", "end")
    assert end["ran"] == [["start", "part0"], ["start", "part1"]]
    assert end["caught"] == [False, True]
    assert end["by"] == ["left", "right"]
    assert {len(attempts(place.store, RunAddress("F", "two").task(*each.split("/")))) for each in anew} <= {1}


@pytest.mark.every(2)
@pytest.mark.parametrize("lost", ["start/-", "part/0", "check/1", "join/-", "merge/-"])
@pytest.mark.parametrize("second", ["fused", "both"])
def test_all_behind_what_was_lost_runs_anew(place: Place, lost: str, second: str) -> None:
    """What follows the steps of a shared process stands in others: it must not be taken over where one of those has gone."""
    place.write()
    assert place.run("one").returncode == 0
    place.store.delete(RunAddress("F", "one").task(*lost.split("/")).manifest)
    for run, words in (("two", WORDS["plain"]), ("three", WORDS[second])):
        done = place.run(run, "--resume", "one", "--force", shares=words)
        assert done.returncode == 0, done.stdout + done.stderr
    assert place.anew("three") == place.anew("two")


def test_a_portion_does_the_members_alone_that_had_not_succeeded(place: Place) -> None:
    """Of seven members in portions of three the fifth has failed; the others of its portion are taken over in part."""
    place.write("part4")
    assert place.run("one", "--width", "7", shares=THREES).returncode == 1
    had = place.anew("one")
    place.write()
    done = place.run("two", "--resume", "one", shares=THREES)
    assert done.returncode == 0, done.stdout + done.stderr
    members = {f"{step}/{index}" for step in ("part", "check") for index in range(7)}
    assert place.anew("two") == {"part/4", *(members - had), "join/-", *LAST}
    assert place.left("two", "end")["ran"] == [["start", f"part{index}"] for index in range(7)]


@pytest.mark.every(2)
@pytest.mark.parametrize("first", [(), FUSED])
@pytest.mark.parametrize("second", [(), FUSED])
@pytest.mark.parametrize(
    ("fails", "step", "by"),
    [("3", None, ["first", "first", "second", "second"]), ("end", None, ["first"] * 4), ("3", "more", ["second"] * 4)],
)
def test_iterations_are_taken_over(
    place: Place, fails: str, step: str | None, by: list[str], first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    place.write(fails, source=REPEATS)
    assert place.run("one", shares=first).returncode == 1
    place.write(source=REPEATS, mark="second")
    done = place.run("two", "--resume", "one", *(["--from", step] if step else []), shares=second)
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.left("two", "end")["by"] == by
    runs = [read(place.store, RunAddress("F", "two").task("more")._replace(iteration=at)) for at in range(4)]
    assert [each["count"] for each in runs] == [1, 2, 3, 4]


@pytest.mark.parametrize(("first", "second"), [((), FUSED), (FUSED, ())])
@pytest.mark.parametrize(("fails", "mark"), [("node1", "second"), ("join", "first")])
def test_nodes_that_meet_are_taken_over_together(
    place: Place, fails: str, mark: str, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    place.write(fails, source=GANG)
    assert place.run("one", shares=first).returncode == 1
    place.write(source=GANG, mark="second")
    done = place.run("two", "--resume", "one", shares=second)
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.left("two", "end")["met"] == [(2, mark), (2, mark)]


@pytest.mark.parametrize(
    ("fails", "step", "took"),
    [("join", None, ["low", "high"]), ("high", None, ["low", "high"]), ("join", "pick", ["high", "low"])],
)
def test_decisions_are_kept(place: Place, fails: str, step: str | None, took: list[str]) -> None:
    place.write(fails, source=SWITCHED)
    assert place.run("one", shares=FUSED).returncode == 1
    place.write(source=SWITCHED, mark="second")
    done = place.run("two", "--resume", "one", *(["--from", step] if step else []), shares=FUSED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.left("two", "end")["took"] == took


@pytest.mark.parametrize("second", ["plain", "both"])
def test_a_run_of_a_target_goes_on_here(place: Place, second: str) -> None:
    place.write("merge", source=MERGES)
    settings = {"fuse": True, "chunk": {"part": {"size": 2, "workers": 2}}}
    case = FlowCase(place.folder / "flow.py", "F", {"width": 3}, {}, place.folder, settings)
    outcome = run_argo(case, place.folder)
    assert not outcome.success
    place.write(source=MERGES)
    done = place.run("here", "--resume", outcome.run_id, shares=WORDS[second])
    assert done.returncode == 0, done.stderr
    assert place.anew("here") == {"merge/-", "end/-"}
    assert place.left("here", "end")["told"] == (outcome.run_id, 0, 3, {})
