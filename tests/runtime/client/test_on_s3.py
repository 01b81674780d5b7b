"""Runs on S3: the whole way of a task, how many requests it costs, and what the client shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from flowc.client import flows as client
from flowc.client.flows import Flow, Metaflow, Run
from flowc.datatools.s3 import S3
from flowc.store.aws.requests import Answer, Bucket
from flowc.store.s3 import S3Store

from tests.stages.runs import FANNED, SPLIT, branch, fan
from tests.stages.task import Stage


class Counting(Bucket):
    """A bucket that writes down its requests."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        super().__init__(name, environment)
        self.requests: list[str] = []

    def send(self, method: str, key: str, *rest: Any, **more: Any) -> Answer:
        """Send, and write down the method and the end of the key."""
        self.requests.append(f"{method} {key.rpartition('/')[2]}".strip())
        return super().send(method, key, *rest, **more)


@pytest.fixture
def bucket(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Counting]:
    """The bucket that the stores of these tests are in; the client looks at the same server."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client.namespace(None)
    made = Counting("flows", environment)
    yield made
    made.close()
    client.default_namespace()


def _stage(folder: Path, source: str, bucket: Counting, monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage(folder, source, S3Store(f"s3://flows/{folder.name}", bucket))
    monkeypatch.setenv("FLOWC_STORE", stage.store.url)
    return stage


def test_a_run_on_s3_is_shown_like_any_other(tmp_path: Path, bucket: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    fan(_stage(tmp_path, FANNED, bucket, monkeypatch), 20)
    assert [flow.id for flow in Metaflow()] == ["F"]
    run = Flow("F").latest_successful_run
    assert run == Run("F/r")
    assert run is not None
    assert [task.data.y for task in run["body"]] == [place * 10 for place in range(20)]
    assert run.data.x == 1900
    run.add_tag("seen")
    assert [found.id for found in Flow("F").runs("seen")] == ["r"]
    with S3(run=run) as s3:
        assert s3.put("notes", "n") == f"s3://flows/{tmp_path.name}/F/r/_s3/notes"
        assert s3.get("notes").text == "n"


def _cost(bucket: Counting, stage: Stage, *task: str) -> Sequence[str]:
    bucket.requests.clear()
    assert stage.do(*task).exit_code == 0
    return list(bucket.requests)


def test_a_task_costs_few_requests(tmp_path: Path, bucket: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = _stage(tmp_path, SPLIT, bucket, monkeypatch)
    first = _cost(bucket, stage, "start")
    linear = [_cost(bucket, stage, *task) for task in [("left", "start"), ("right", "start"), ("more", "left")]]
    join = _cost(bucket, stage, "join", "merge:start/left>more;right")
    assert len(first) == 6, (
        first,
        "its claim, two that probe conditional puts, its place among the runs, attempt, manifest",
    )
    assert [len(requests) for requests in linear] == [3, 3, 3], linear
    assert len(join) <= 5, join


def test_the_client_reads_no_more_than_it_shows(
    tmp_path: Path, bucket: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = _stage(tmp_path, SPLIT, bucket, monkeypatch)
    branch(stage)
    run = Run("F/r")
    monkeypatch.setitem(client.open_here.__globals__["_context"].stores, run._store_url, stage.store)
    bucket.requests.clear()
    assert run.data.vs == ["l", "r"]
    assert bucket.requests == ["GET _run.json"] + ["GET manifest"] * 6, "the way to the last step, each once"
    bucket.requests.clear()
    assert len([artifact.kind for step in run for task in step for artifact in task]) == 5
    assert bucket.requests == ["GET _run.json"] + ["GET manifest"] * 6, "all of a run by one walk"
