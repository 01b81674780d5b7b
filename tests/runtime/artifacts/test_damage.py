"""What is read back is what was written, or it is told that it is not: bytes flipped, cut and taken away, one place after the other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flowc.artifacts import ordering
from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.artifacts.manifest import Manifest, parse_attempt, parse_run, read
from flowc.store.files import FileStore
from flowc.store.protocol import DamagedError, StoreError

from tests.stages.container import contain, write
from tests.stages.sources import LINE
from tests.stages.task import Stage

SOURCE = """
import os
import numpy as np
from flowc import FlowSpec, Parameter, step
class F(FlowSpec):
    p = Parameter("p", default=1)
    CONSTANT = "constant"
    @step
    def start(self):
        self.small = {"a": [1, 2, 3]}
        self.text = "é" * 50_000
        self.noise = os.urandom(100_000)
        self.array = np.random.default_rng(1).normal(size=40_000)
        self.zeros = np.zeros(40_000)
        self.objects = [os.urandom(10) for _ in range(8_000)]
        self.xs = [["a", 1], ["b", 2], ["c", 3]]
        print("said " * 20_000)
        self.next(self.body, foreach="xs")
    @step
    def body(self):
        self.got = self.input
        self.next(self.join)
    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, exclude=["got"])
        for number in range(5):
            setattr(self, f"part{number}", os.urandom(60_000))
        self.next(self.end)
    @step
    def end(self):
        pass
"""
TASKS = (
    ("start", "", "-"),
    *(("body", "foreach:start", str(n)) for n in range(3)),
    ("join", "gather:start/body", "-"),
    ("end", "join", "-"),
)
RUN = RunAddress("F", "r")
ADDRESSES = [RUN.task(step, index) for step, _, index in TASKS]
DRAWN = 150
"""So many places of an object are damaged, beside its first and last bytes."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("damage"), SOURCE)
    for task in TASKS:
        stage.done(*task)
    return stage


def _places(data: bytes) -> list[int]:
    dice = random.Random(len(data))
    drawn = [dice.randrange(len(data)) for _ in range(DRAWN)]
    return sorted({*range(min(60, len(data))), *range(max(len(data) - 20, 0), len(data)), *drawn})


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]


def _damaged(data: bytes) -> Iterator[bytes]:
    """Each of the places with one bit turned, the bytes cut there, and what a disk leaves that lost a sector."""
    for place in _places(data):
        yield _flipped(data, place)
        yield data[:place]
        lost = data[:place] + bytes(min(512, len(data) - place)) + data[place + 512 :]
        if lost != data:
            yield lost


def _open(store: FileStore, address: TaskAddress, key: str, data: bytes) -> None:
    if key.endswith("_run.json"):
        parse_run(data)
    elif key == address.manifest:
        Manifest(store, address, data)
    else:
        parse_attempt(store, address, data)


@pytest.mark.parametrize("kind", ["manifest", "attempt-0001", "_run.json"])
def test_a_record_whose_bytes_are_others_is_never_read(done: Stage, kind: str) -> None:
    store = FileStore(done.store.url)
    for address in ADDRESSES if kind != "_run.json" else ADDRESSES[:1]:
        key = RUN.record if kind == "_run.json" else f"{address.folder}/{kind}"
        data = store.get(key).data
        _open(store, address, key, data)
        for other in _damaged(data):
            with pytest.raises(DamagedError):
                _open(store, address, key, other)


def _values(store: FileStore) -> list[object]:
    """All that is unpickled of the run, in a form that can be compared; of each task also its item and its output."""
    found: list[object] = []
    for address in ADDRESSES:
        manifest = read(store, address)
        for name in manifest.names:
            value = manifest[name]
            found.append(value.tobytes() if isinstance(value, np.ndarray) else value)
        found += [manifest.item(level) for level in range(len(manifest.stack))]
        found.append(manifest.stdout)
    return found


def test_a_blob_whose_bytes_are_others_is_never_unpickled(done: Stage) -> None:
    """Some bytes say nothing, between the parts of a blob and in what zlib has repeated: then the values are what they were."""
    store, told = FileStore(done.store.url), 0
    before = _values(store)
    blobs = sorted((Path(store.root) / RUN.folder / "_blobs").iterdir())
    assert len(blobs) >= 7
    for path in blobs:
        data = path.read_bytes()
        for place in _places(data)[::8]:
            path.write_bytes(_flipped(data, place))
            told += _tells(store, before)
        path.write_bytes(data)
        for other in (data[: len(data) // 2], b""):
            path.write_bytes(other)
            with pytest.raises(StoreError):
                _values(store)
        path.unlink()
        with pytest.raises(StoreError, match="damaged or gone"):
            _values(store)
        path.write_bytes(data)
    assert told > 100


def _tells(store: FileStore, before: list[object]) -> bool:
    """Whether reading all tells of damage; else all must be what it was."""
    try:
        found = _values(store)
    except StoreError as error:
        return "damaged or gone" in str(error) and "F/r/" in str(error)
    assert found == before
    return False


LOADED = LINE.format(end="self.seen = sum(self.xs)").replace("list(range(100))", "list(range(60_000))")


def _flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(_flipped(data, len(data) // 2))


@pytest.mark.parametrize("what", ["middle/-/manifest", "_blobs/*"])
@pytest.mark.parametrize("caught", [False, True])
def test_a_task_that_loads_what_is_damaged_fails_as_its_store_does(tmp_path: Path, what: str, *, caught: bool) -> None:
    """Exit code 75 and one line, whatever `@catch` would take: it is not the step that failed."""
    source = LOADED.replace("@step\n    def end", "@catch(var='why')\n    @step\n    def end") if caught else LOADED
    write(tmp_path, source.replace("FlowSpec, step", "FlowSpec, catch, step"))
    for step, load in (("start", ""), ("middle", "start")):
        assert contain(tmp_path, step, load).returncode == 0
    (damaged,) = (tmp_path / "store/F/r").glob(what)
    _flip(damaged)
    ended = contain(tmp_path, "end", "middle")
    assert ended.returncode == 75, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert "damaged or gone" in line
    assert "F/r/middle" in line
    assert "flowc verify F/r" in line
    assert ("artifact 'xs'" in line) == (what == "_blobs/*")


def test_the_newest_attempt_replaces_a_damaged_manifest_and_an_older_one_does_not(tmp_path: Path) -> None:
    stage = Stage(tmp_path, LINE.format(end="pass"))
    stage.done("start")
    data = stage.store.get(stage.run.task("start").manifest).data
    middle = stage.run.task("middle")
    older, newer = (ordering.begin(stage.store, middle, 0, token, 1.0) for token in ("a", "b"))
    assert ordering.publish(
        stage.store, newer, Manifest(stage.store, middle, data).as_attempt(newer.attempt, newer.token)
    )
    _flip(tmp_path / "store" / middle.manifest)
    with pytest.raises(DamagedError):
        ordering.publish(stage.store, older, Manifest(stage.store, middle, data).as_attempt(older.attempt, older.token))
    assert stage.done("middle", "start", retry=1).attempt == 3


def test_a_large_blob_that_is_damaged_is_written_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path, LINE.format(end="self.big = bytes(range(256)) * (1 << 13) + os.urandom(0)"))
    for task in (("start",), ("middle", "start"), ("end", "middle")):
        stage.done(*task)
    path = max((tmp_path / "store/F/r/_blobs").iterdir(), key=lambda path: path.stat().st_size)
    before = path.read_bytes()
    _flip(path)
    stage.done("end", "middle", retry=1)
    assert path.read_bytes() == before
