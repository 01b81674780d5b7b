"""Tasks of runs that an engine did, that lie in a bucket, that went on from others, and by the code that was deployed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.conformance.cases import generated_case
from tests.conformance.engines import container_engines
from tests.conformance.plan import draw
from tests.replay.calls import Ran, environment, flowc, is_as_before, run, unlike_before
from tests.stages.aws import NOWHERE

SHIM = Path(__file__).parents[2] / "runtime_shim"

LINE = """
from flowc import FlowSpec, Parameter, current, step


class LineFlow(FlowSpec):
    top = Parameter("top", default=2)

    @step
    def start(self):
        self.count = self.top * 10
        self.next(self.middle)

    @step
    def middle(self):
        self.middle_was = self.count, current.run_id, current.origin_run_id
        self.next(self.end)

    @step
    def end(self):
        self.last = self.middle_was[0] + 1
"""


@pytest.mark.every(2)
@pytest.mark.parametrize("engine", ["argo", "step-functions"])
def test_tasks_of_an_engines_run_are_as_before(engine: str, tmp_path: Path) -> None:
    flow = draw(5)
    case = generated_case(flow, tmp_path)
    with container_engines() as engines:
        outcome = engines[engine](case, tmp_path / "engine")
    options = ("--file", f"{case.path}:{case.flow}", "--root", str(case.root))
    ran = Ran(tmp_path, outcome.flow, outcome.run_id, outcome.store, options)
    found = ran.replay_all()
    assert found
    assert unlike_before(found) == {}


@pytest.fixture
def bucket() -> Iterator[tuple[dict[str, str], object]]:
    """The variables of a bucket `flows`, and its client."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    found = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        **NOWHERE,
    }
    client = boto3.client(
        "s3",
        endpoint_url=found["AWS_ENDPOINT_URL"],
        aws_access_key_id="k",
        aws_secret_access_key="s",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="flows")
    yield found, client
    client.close()
    server.stop()


def test_a_run_in_a_bucket_is_only_read(bucket: tuple[dict[str, str], object], tmp_path: Path) -> None:
    variables, client = bucket
    source = LINE.replace("import FlowSpec", "import FlowSpec, S3").replace(
        "        self.middle_was",
        "        with S3(run=self) as s3:\n            s3.put('k', 'v')\n            self.text = s3.get('k').text\n        self.middle_was",
    )
    (tmp_path / "flow.py").write_text(source)
    store = ["--store", "s3://flows/here"]
    assert flowc(tmp_path, "run", *store, "--run-id", "r", "flow.py", variables=variables).code == 0

    def objects() -> list[tuple[str, str, str]]:
        listed = client.list_objects_v2(Bucket="flows")["Contents"]  # type: ignore[attr-defined]
        return [(each["Key"], each["ETag"], str(each["LastModified"])) for each in listed]

    before = objects()
    for step in ("start", "middle", "end"):
        said = flowc(tmp_path, "replay", f"LineFlow/r/{step}", *store, "--json", variables=variables)
        assert is_as_before(said), said.out + said.err
    assert objects() == before


def test_tasks_of_a_resumed_run_are_as_before(tmp_path: Path) -> None:
    failing = LINE.replace("self.last = ", "self.last = 1 / 0 + ")
    ran = run(tmp_path, failing)
    (tmp_path / "flow.py").write_text(LINE)
    assert flowc(tmp_path, "run", "--store", ran.store, "--run-id", "s", "--resume", "r", "flow.py").code == 0
    resumed = Ran(ran.folder, ran.flow, "s", ran.store)
    own = resumed.replay("end", "--json")
    assert is_as_before(own), own.out + own.err
    taken = resumed.replay("start", "--json")
    assert is_as_before(taken), taken.out + taken.err
    assert "it was done by run r and taken over from there" in taken.err


class Containers:
    """The containers of a run, whose code is an archive."""

    def __init__(self, folder: Path, source: str = LINE) -> None:
        self.folder = folder
        (folder / "flow.py").write_text(source)
        (folder / "code").mkdir()
        assert flowc(folder, "package", "flow.py", "-o", "code").code == 0
        (archive,) = (folder / "code").glob("*.tar.gz")
        self.variables = {
            **environment(folder),
            "PYTHONPATH": str(SHIM),
            "FLOWC_STORE": f"file:{folder / 'store'}",
            "FLOWC_CODE": f"file:{archive}",
            "FLOWC_FLOW": "flow.py:LineFlow",
        }

    def step(self, step: str, load: str, top: int = 2, retry: int = 0) -> subprocess.CompletedProcess[str]:
        """Do one task of the run `argo-r`."""
        words = ["--load", load] if load else ["--owner", "uid", "--parameters", f'{{"top": {top}}}']
        return subprocess.run(
            [sys.executable, "-P", "-m", "flowc", "step", step, "--run", "argo-r", "--index", "-", "--retry", str(retry), *words],
            cwd=self.folder / "tmp", env=self.variables, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def run(self) -> Ran:
        """All tasks."""
        for step, load in (("start", ""), ("middle", "start"), ("end", "middle")):
            done = self.step(step, load)
            assert done.returncode == 0, done.stderr
        return Ran(self.folder, "LineFlow", "argo-r", self.variables["FLOWC_STORE"])


def test_the_deployed_code_is_that_of_the_runs_archive(tmp_path: Path) -> None:
    containers = Containers(tmp_path)
    ran = containers.run()
    (tmp_path / "flow.py").write_text(LINE.replace("* 10", "* 100").replace("self.last", "self.list"))
    today = ran.replay("start", "--json")
    assert (today.code, today.document["differences"]) == (3, ["artifact count"])
    assert today.document["code"] == {"by": "today", "file": "flow.py", "changed": ["flow.py"]}
    for words in (["--code", "deployed"], ["--code", containers.variables["FLOWC_CODE"]]):
        for task in ran.tasks():
            said = ran.replay(task, "--json", *words)
            assert is_as_before(said), said.out + said.err
            assert said.document["code"]["changed"] == []
    archive = Path(containers.variables["FLOWC_CODE"].removeprefix("file:"))
    (tmp_path / "other").mkdir()
    archive.rename(tmp_path / "other" / archive.name)
    for left in (tmp_path / "tmp").glob("flowc-code-*/*"):
        left.rename(tmp_path / "other" / left.name)
    gone = ran.replay("start", "--code", "deployed")
    assert (gone.code, gone.out) == (2, "")
    assert f"there is no code archive at file:{archive}" in gone.err


def test_what_was_replaced_since_is_told_and_counts_as_it_is_now(tmp_path: Path) -> None:
    containers = Containers(tmp_path)
    ran = containers.run()
    assert containers.step("middle", "start").returncode == 0
    same = ran.replay("end", "--json")
    assert (same.code, same.document["replaced_inputs"]) == (0, ["LineFlow/argo-r/middle/middle"])
    assert "has left something else since attempt 1 loaded it" in same.err
    assert ran.replay("middle", "--json").document["attempt"] == 2
    first = ran.replay("middle", "--json", "--attempt", 1).document
    assert (first["before"]["state"], first["result"], first["artifacts"]) == ("replaced", "equal", [])


def test_a_failed_attempt_tells_by_its_time_what_was_replaced_since(tmp_path: Path) -> None:
    containers = Containers(tmp_path, LINE.replace("self.last = ", "self.last = 1 / 0 + "))
    assert containers.step("start", "").returncode == 0
    assert containers.step("middle", "start").returncode == 0
    assert containers.step("end", "middle").returncode == 1
    ran = Ran(tmp_path, "LineFlow", "argo-r", containers.variables["FLOWC_STORE"])
    assert ran.replay("end", "--json").document["replaced_inputs"] == []
    assert containers.step("middle", "start").returncode == 0
    again = ran.replay("end", "--json")
    assert (again.code, again.document["differences"]) == (1, [])
    assert again.document["replaced_inputs"] == ["LineFlow/argo-r/middle/middle"]
