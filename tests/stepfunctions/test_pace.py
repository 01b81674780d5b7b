"""What a run asks of Batch: every job of a wide foreach is submitted, whatever Batch refuses at first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.backends import Options
from compiler.backends.stepfunctions import BACKEND
from compiler.backends.stepfunctions.pace import REFUSED
from compiler.ir.planner import plan
from compiler.slotted_class import replaced
from tests.argo.stage import Script, expected
from tests.engines.batch_quota import PER_SECOND, Quota, submissions
from tests.stages.plans import flow
from tests.stepfunctions.stage import OPTIONS, stage

WIDE = flow(start="a*", a="j", j="+ end", end="")
OLD = {"ErrorEquals": ["Batch.AWSBatchException"], "MaxAttempts": 6, "JitterStrategy": "FULL"}
"""A retrier that outlasts no queue."""


def wide(workers: int | None = None) -> dict[str, Any]:
    """The Map of a foreach, as the flow is emitted."""
    (definition, *_) = BACKEND.emit(plan(WIDE), replaced(OPTIONS, max_workers=workers))
    return dict(json.loads(definition.text)["States"]["each a"])


@pytest.mark.parametrize("error", REFUSED)
@pytest.mark.parametrize(("children", "workers"), [(40, None), (3000, None), (3000, 3000), (12_000, 10_000)])
def test_every_child_of_a_wide_foreach_gets_its_job(children: int, workers: int | None, error: str) -> None:
    """Under a quota of 50 a second, with as many children at once as AWS has at most; and without waiting much longer than that."""
    told = submissions(wide(workers), children, error=error)
    assert (told.jobs, told.lost) == (children, 0)
    assert told.most_refusals < 50
    assert told.seconds < 2 * children / PER_SECOND + 150


def test_six_attempts_would_lose_hundreds() -> None:
    """The simulation is none that lets everything pass."""
    state = wide(10_000)
    state["ItemProcessor"]["States"]["a"]["Retry"] = [OLD]
    assert submissions(state, 3000, error="Batch.AWSBatchException").lost > 300


def test_a_mistake_in_a_submission_is_not_tried_again() -> None:
    """A queue that is not there is `Batch.ClientException`."""
    retriers = wide()["ItemProcessor"]["States"]["a"]["Retry"]
    assert not any({"Batch.ClientException", "States.ALL"} & set(each["ErrorEquals"]) for each in retriers)


@pytest.mark.parametrize(
    ("levels", "workers"), [(1, None), (2, None), (3, None), (4, None), (7, None), (12, None), (4, 500)]
)
def test_foreaches_in_each_other_share_what_an_account_takes(levels: int, workers: int | None) -> None:
    """At most 10,000 jobs at once, and of the Map Runs that hold others never so many that none can end."""
    bounds = _bounds(nested(levels), workers)
    assert len(bounds) == levels
    assert len(set(bounds)) == 1
    assert workers or bounds[0] ** levels <= 10_000
    assert sum(bounds[0] ** level for level in range(levels - 1)) < 1000


def test_an_own_bound_holds_where_nothing_would_wait_for_ever() -> None:
    assert _bounds(WIDE, 4000) == [4000]
    assert _bounds(nested(2), 300) == [300, 300]


def nested(levels: int) -> Any:
    """A flow of so many foreaches in each other."""
    steps = {f"s{at}": f"s{at + 1}*" for at in range(1, levels)}
    joins = {f"j{at}": f"+ j{at - 1}" for at in range(levels, 1, -1)}
    return flow(start="s1*", **steps, **{f"s{levels}": f"j{levels}"}, **joins, j1="+ end", end="")


def _bounds(made: Any, workers: int | None) -> list[int]:
    definition = BACKEND.emit(plan(made), Options(default_image="f:0", max_workers=workers))[0]
    states = json.loads(definition.text)["States"]
    found: list[int] = []
    while True:
        maps = [state for state in states.values() if state["Type"] == "Map"]
        if not maps:
            return found
        found.append(maps[0]["MaxConcurrency"])
        states = maps[0]["ItemProcessor"]["States"]


def test_an_engine_with_the_quota_runs_every_child(tmp_path: Path) -> None:
    """Of 14 jobs at once it takes one a second of its own clock."""
    script = Script({"start": 14})
    staged = stage(WIDE, script, tmp_path, submissions=1)
    assert staged.result.status == "SUCCEEDED", staged.result.log
    assert staged.ended == expected(WIDE, script)
    assert staged.result.refused > 0


def test_a_quota_gives_what_it_says() -> None:
    """A second's worth at once, then one every fiftieth of a second."""
    quota = Quota()
    assert sum(quota.takes(0.0) for _ in range(200)) == PER_SECOND
    assert not quota.takes(0.01)
    assert sum(quota.takes(at / 1000) for at in range(20, 10_020)) == 10 * PER_SECOND
