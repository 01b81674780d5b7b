"""`flowc verify`: each object of a run damaged in turn is told, and after `--repair` the tasks that it names leave all that was there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store.files import FileStore

from compiler.call.verifying import repair, verify
from compiler.run.process_state import alive
from tests.stages.command_line import Flowc
from tests.stages.task import Stage

SOURCE = """
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.large = bytes(range(256)) * 8_000
        self.other = "text" * 50_000
        self.xs = ["a", "b"]
        print("x" * 70_000)
        self.next(self.body, foreach="xs")
    @step
    def body(self):
        self.got = self.input * 100_000
        self.next(self.join)
    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, exclude=["got"])
        for number in range(5):
            setattr(self, f"part{number}", bytes([number]) * 60_000)
        self.next(self.end)
    @step
    def end(self):
        self.sizes = len(self.large), len(self.other)
"""
TASKS = {
    "start/-": ("start", "", "-"),
    "body/0": ("body", "foreach:start", "0"),
    "body/1": ("body", "foreach:start", "1"),
    "join/-": ("join", "gather:start/body", "-"),
    "end/-": ("end", "join", "-"),
}
RUN = RunAddress("F", "r")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("verified"), SOURCE)
    for task in TASKS.values():
        stage.done(*task)
    return stage


@pytest.fixture
def store(stage: Stage, tmp_path: Path) -> FileStore:
    """The store of a run that went well."""
    shutil.copytree(FileStore(stage.store.url).root, tmp_path / "store")
    return FileStore(f"file:{tmp_path / 'store'}")


def _values(store: FileStore) -> list[object]:
    found = []
    for step, _, index in TASKS.values():
        manifest = read(store, RUN.task(step, index))
        found.append(({name: manifest[name] for name in manifest.names}, manifest.stdout, manifest.next))
    return found


def _ways(path: Path) -> Iterator[str]:
    data = path.read_bytes()
    path.write_bytes(data[:-30] + bytes([data[-30] ^ 4]) + data[-29:])
    yield "flipped"
    path.write_bytes(data[: len(data) // 2])
    yield "cut"
    path.write_bytes(b"")
    yield "empty"
    if not path.name.startswith("attempt") and path.parts[-3:] != ("end", "-", "manifest"):
        path.unlink()
        yield "gone"


def _names() -> list[str]:
    """The objects of the run whose bytes can be compared; blobs by their number."""
    tasks = [f"{task}/{kind}" for task in TASKS for kind in ("manifest", "attempt-0001")]
    return ["_run.json", *tasks, *(f"_blobs/{number}" for number in range(7))]


@pytest.mark.parametrize("name", _names())
def test_whatever_is_damaged_is_told_and_done_again(stage: Stage, store: FileStore, name: str) -> None:
    folder = Path(store.root) / RUN.folder
    blobs = sorted((folder / "_blobs").iterdir())
    assert len(blobs) == 7
    path = blobs[int(name[len("_blobs/") :])] if name.startswith("_blobs/") else folder / name
    before, kept = _values(store), path.read_bytes()
    assert not verify(store, RUN).findings
    for way in _ways(path):
        found = verify(store, RUN)
        (finding,) = found.findings
        assert finding.state == ("gone" if way == "gone" else "damaged"), way
        assert Path(store.root, finding.key) == path
        assert bool(found.again) == (name != "_run.json" and "attempt" not in name)
        repair(store, found)
        for task in found.again:
            step, load, index = TASKS[f"{task.step}/{task.name}"]
            assert stage.do(step, load, index, store=store, retry=1).exit_code == 0
        left = verify(store, RUN).findings
        if name == "_run.json":
            assert left
        else:
            assert not left, (way, left)
            assert _values(store) == before
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(kept)


def test_the_command_tells_repairs_and_leaves_a_run_alone_that_lives(
    flowc: Flowc, store: FileStore, stage: Stage
) -> None:
    assert "all is what was written" in flowc("verify", "F/r", "--store", store.url).out
    for path in (Path(store.root) / RUN.folder / "_blobs").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    told = flowc("verify", "F/r", "--store", store.url)
    assert told.code == 1
    assert "damaged  large (blob" in told.out
    assert "to run again: start/-, body/0, body/1, join/-, end/-" in told.out
    with alive(store.url, RUN):
        refused = flowc("verify", "F/r", "--store", store.url, "--repair")
    assert refused.code == 2
    assert "may still run" in refused.err
    assert len(list((Path(store.root) / RUN.folder / "_blobs").iterdir())) == 7
    (Path(store.root) / RUN.folder / ".running").unlink()
    done = flowc("verify", "F/r", "--store", store.url, "--repair", "--json")
    assert done.code == 1
    assert len(json.loads(done.out)["repaired"]) == 7
    assert not list((Path(store.root) / RUN.folder / "_blobs").iterdir())
    assert json.loads(flowc("verify", "F/r", "--store", store.url, "--json").out)["findings"][0]["state"] == "gone"


def test_a_blob_comes_back_from_the_run_that_this_one_goes_on_from(store: FileStore) -> None:
    shutil.copytree(Path(store.root) / "F/r", Path(store.root) / "F/s")
    record = json.loads((Path(store.root) / "F/s/_run.json").read_bytes())
    (Path(store.root) / "F/s/_run.json").write_text(json.dumps({**record, "run": "s", "origin": "r"}))
    before = _values(store)
    for path in (Path(store.root) / "F/s/_blobs").iterdir():
        path.write_bytes(b"")
    found = verify(store, RunAddress("F", "s"))
    assert len(repair(store, found)) == 7
    assert not verify(store, RunAddress("F", "s")).findings
    assert read(store, RunAddress("F", "s").task("end"))["large"] == before[0][0]["large"]  # type: ignore[index]


def test_a_run_that_may_live_is_not_repaired_unless_somebody_knows_better(flowc: Flowc, store: FileStore) -> None:
    shutil.rmtree(Path(store.root) / "F/_successful")
    (Path(store.root) / "F/r/join/-/attempt-0001").write_bytes(b"")
    assert flowc("verify", "F/r", "--store", store.url, "--repair").code == 2
    assert (
        "wrote F/r/join/-/attempt-0001 anew" in flowc("verify", "F/r", "--store", store.url, "--repair", "--ended").out
    )
    assert flowc("verify", "F/r", "--store", store.url).code == 0


def test_what_is_no_run_is_answered(flowc: Flowc, store: FileStore) -> None:
    assert flowc("verify", "F/nothing", "--store", store.url).code == 4
    assert flowc("verify", "F", "--store", store.url).code == 2
