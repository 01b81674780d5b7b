"""The shim on S3: the same results, and few requests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from flowc.artifacts.manifest import attempts, runs
from flowc.store import open_store
from flowc.store.aws.wire import Connection
from flowc.store.protocol import Store
from flowc.task.call import DONE, MISTAKE
from moto.server import ThreadedMotoServer

from tests.stages.container import contain, write
from tests.stages.sources import FANNED, LINE, NESTED, TASKS
from tests.stages.task import Stage
from tests.stages.tasks_of_run import walk


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """What a container has to reach a server with the bucket `flows`."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    found = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    client = boto3.client(
        "s3",
        endpoint_url=found["AWS_ENDPOINT_URL"],
        aws_access_key_id="k",
        aws_secret_access_key="s",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="flows")
    client.close()
    yield found
    server.stop()


@pytest.fixture
def store(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Store:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return open_store(f"s3://flows/{uuid.uuid4().hex}/deep")


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this process asks of any server from now on."""
    seen: list[str] = []
    before = Connection.send

    def counted(self: Connection, method: str, target: str, *more: Any) -> None:
        seen.append(f"{method} {target}")
        before(self, method, target, *more)

    monkeypatch.setattr(Connection, "send", counted)
    return seen


def test_a_linear_step_makes_at_most_five_requests(tmp_path: Path, store: Store, requests: list[str]) -> None:
    stage = Stage(tmp_path, LINE.format(end="self.big = os.urandom(100_000)"), store)
    counts = {}
    for step, load in (("start", ""), ("middle", "start"), ("end", "middle")):
        requests.clear()
        assert stage.do(step, load).exit_code == DONE
        counts[step] = len(requests)
    assert counts == {"start": 6, "middle": 3, "end": 5}, (
        "the first step asks twice whether conditional puts are honoured"
    )
    assert stage.left("end")["sum"] == 4950


def test_a_nested_foreach_gives_the_same_as_in_a_folder(tmp_path: Path, store: Store) -> None:
    stage = Stage(tmp_path, NESTED.replace('["a", "bc"]', '["a" * n for n in range(1, 4)]'), store)
    stage.done("start")
    for outer in range(3):
        stage.done("outer", "foreach:start", str(outer))
        for inner in range(outer + 1):
            stage.done("inner", "foreach:outer", f"{outer}.{inner}")
        stage.done("close", "gather:outer/inner", str(outer))
    got = stage.done("join", "gather:start/close")["all"]
    assert [[item for _, item, _ in branch] for branch in got] == [[0], [0, 1], [0, 1, 2]]
    stage.done("end", "join")
    assert all(manifest for _, manifest in walk(store, stage.run))
    assert [each.run for each in runs(store, "F", successful=True)] == ["r"]


def test_wide_joins_read_their_inputs_in_order(tmp_path: Path, store: Store) -> None:
    source = FANNED.replace("[1, 2]", "range(40)").replace(
        "self.next(self.end)", "self.got = [b.input for b in inputs]; self.next(self.end)"
    )
    stage = Stage(tmp_path, source, store)
    stage.done("start")
    for place in range(40):
        stage.done("body", "foreach:start", str(place))
    assert stage.done("join", "gather:start/body")["got"] == list(range(40))


def test_claims_and_attempts_hold_on_s3(tmp_path: Path, store: Store) -> None:
    stage = Stage(tmp_path, FANNED, store)
    assert stage.do("start", owner="one").exit_code == DONE
    assert stage.do("start", owner="two").exit_code == MISTAKE
    assert stage.do("start", owner="one", retry=1).exit_code == DONE
    assert [attempt.number for attempt in attempts(store, stage.run.task("start"))] == [1, 2]
    assert stage.left("start").attempt == 2
    for task in TASKS[1:]:
        stage.done(*task)


def test_a_container_works_on_s3(tmp_path: Path, store: Store, environment: dict[str, str]) -> None:
    write(tmp_path, LINE.format(end="print(self.sum)"))
    for step, load, printed in (("start", "", ""), ("middle", "start", ""), ("end", "middle", "4950\n")):
        ended = contain(tmp_path, step, load, FLOWC_STORE=store.url, **environment)
        assert (ended.returncode, ended.stdout) == (0, printed), ended.stderr
