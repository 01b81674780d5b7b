"""Deleting on S3."""

from __future__ import annotations

import time
from collections.abc import Iterator

import boto3
import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import runs
from flowc.store.aws.requests import Bucket
from flowc.store.protocol import Store
from flowc.store.s3 import S3Store
from moto.server import ThreadedMotoServer

from compiler.retention import deletion, listing
from compiler.retention.collection import collect
from compiler.retention.deletion import GoneError, delete_run
from compiler.retention.rest import DAY
from compiler.retention.selection import Rules
from tests.stages.aws import NOWHERE
from tests.stages.written_runs import begun, fanned, line

NOW = time.time()


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """A server with the bucket `flows`."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    found = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    words = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=found["AWS_ENDPOINT_URL"], **words)
    client.create_bucket(Bucket="flows")
    client.close()
    yield {**found, **NOWHERE}
    server.stop()


@pytest.fixture
def store(environment: dict[str, str], request: pytest.FixtureRequest) -> Iterator[S3Store]:
    bucket = Bucket("flows", environment)
    yield S3Store(f"s3://flows/{request.node.name}", bucket)
    bucket.close()


def _deleted(store: Store, run: str) -> int:
    return delete_run(store, RunAddress("F", run), lambda *_: None, time.time).objects


def test_a_run_goes_with_all_that_it_left(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_FEW", 10)
    monkeypatch.setattr(listing, "_SOME", 10)
    monkeypatch.setattr(deletion, "_BATCH", 7)
    fanned(store, RunAddress("F", "r"), NOW, 12)
    line(store, RunAddress("F", "r2"), NOW)
    assert store.bucket.send("POST", store._key("F/r/_blobs/cut"), (("uploads", ""),)).is_good
    before = set(store.list("F/r/"))
    assert _deleted(store, "r") == len(before)
    assert [run.run for run in runs(store, "F")] == ["r2"]
    assert list(store.list("F/r/")) == []
    assert list(store.unfinished("F/", time.time())) == []
    assert len(list(store.list("F/"))) == 8, "all of the other run"
    with pytest.raises(GoneError):
        _deleted(store, "r")


def test_old_runs_and_uploads_go_and_the_rest_stays(store: S3Store) -> None:
    line(store, RunAddress("F", "old"), NOW - 40 * DAY)
    line(store, RunAddress("F", "new"), NOW)
    begun(store, RunAddress("G", "open"), NOW - 40 * DAY)
    assert store.bucket.send("POST", store._key("F/new/_blobs/cut"), (("uploads", ""),)).is_good
    found = list(collect(store, None, Rules(30 * DAY, 1), lambda: NOW + 31 * DAY))
    assert [type(each).__name__ for each in found] == ["Freed", "Unfinished"]
    assert {run.run for flow in "FG" for run in runs(store, flow)} == {"new", "open"}
