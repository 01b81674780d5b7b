"""Values to bytes and back."""

from __future__ import annotations

import datetime
import decimal
import os
import sys
import tracemalloc
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flowc.artifacts import pickling
from flowc.artifacts.address import RunAddress
from flowc.artifacts.pickling import Blob, Frame, Packed
from flowc.store.files import FileStore
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stages.task import Stage

RUN = RunAddress("F", "r")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(f"file:{tmp_path / 'store'}")


def _there_and_back(store: FileStore, value: Any) -> Any:
    return pickling.load_blob(store, RUN, pickling.save_blob(store, RUN, "x", pickling.dumps(value)))


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_plain_values_come_back(value: object) -> None:
    data = b"".join(bytes(piece) for piece in pickling.dumps(value).stream)
    found = pickling.loads(data)
    assert found == value
    assert repr(found) == repr(value)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, pd.DataFrame):
        return bool(left.equals(right))
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right)
    return bool(left == right)


BIG = 40_000
ARRAYS = {
    "floats": np.random.default_rng(1).normal(size=BIG),
    "zeros": np.zeros(BIG),
    "fortran": np.asfortranarray(np.arange(BIG, dtype="i4").reshape(200, 200)),
    "strided": np.arange(2 * BIG)[::2],
    "objects": np.array([{"a": 1}, None, "x"] * 5000, dtype=object),
    "records": np.zeros(BIG, dtype=[("a", "i4"), ("b", "f8")]),
    "frame": pd.DataFrame({"n": np.arange(BIG), "f": np.random.default_rng(2).normal(size=BIG), "s": ["x"] * BIG}),
    "many": [np.full(BIG, float(number)) for number in range(5)],
    "text": "é" * BIG,
    "bytes": os.urandom(BIG * 3),
    "bytearray": bytearray(BIG * 3),
    "times": [datetime.datetime(2026, 1, 1), decimal.Decimal("1.5"), uuid.UUID(int=5)] * 9000,
}


@pytest.mark.parametrize("name", list(ARRAYS))
def test_large_values_come_back(store: FileStore, name: str) -> None:
    value = ARRAYS[name]
    found = _there_and_back(store, value)
    if isinstance(value, list) and isinstance(value[0], np.ndarray):
        assert all(_equal(left, right) for left, right in zip(value, found, strict=True))
    else:
        assert _equal(value, found)


def test_buffers_lie_at_the_start_of_a_page_and_are_mapped(store: FileStore) -> None:
    value = [np.random.default_rng(n).normal(size=100_000) for n in range(3)]
    blob = pickling.save_blob(store, RUN, "list", pickling.dumps(value))
    assert blob.codec == ""
    assert len(blob.parts) == 4
    for array in pickling.load_blob(store, RUN, blob):
        assert array.ctypes.data % 4096 == 0
        assert not array.flags.owndata


def test_saving_an_array_copies_none_of_it(store: FileStore) -> None:
    value = np.random.default_rng(0).normal(size=2_000_000)
    tracemalloc.start()
    pickling.save_blob(store, RUN, "ndarray", pickling.dumps(value))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < value.nbytes / 4


@pytest.mark.parametrize(("name", "codec"), [("floats", ""), ("zeros", "parts"), ("text", "parts"), ("bytes", "")])
def test_only_what_shrinks_is_compressed(store: FileStore, name: str, codec: str) -> None:
    blob = pickling.save_blob(store, RUN, "x", pickling.dumps(ARRAYS[name]))
    assert blob.codec == codec
    assert (blob.size < sum(blob.parts)) == bool(codec)


def test_cycles_come_back(store: FileStore) -> None:
    value: list[Any] = ["x" * 70_000]
    value.append(value)
    found = _there_and_back(store, value)
    assert found[1] is found


def test_items_are_read_one_by_one(store: FileStore) -> None:
    items = [1, "two", None, np.arange(20_000), {"k": [5]}]
    sha, size = pickling.save_items(store, RUN, items)
    found = [pickling.load_item(store, RUN, Frame("s", place, len(items), sha, size)) for place in range(len(items))]
    assert found[:3] == items[:3]
    assert np.array_equal(found[3], items[3])
    assert found[4] == items[4]


SOURCE = """
import numpy as np
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.big = np.random.default_rng(0).normal(size=200_000)
        self.small = np.arange(10)
        self.next(self.middle)
    @step
    def middle(self):
        {middle}
        self.next(self.end)
    @step
    def end(self):
        self.seen = (float(self.big[0]), int(self.small[0]))
"""


def _middle(folder: Path, middle: str) -> tuple[Stage, Any, Any]:
    stage = Stage(folder, SOURCE.format(middle=middle))
    start, after = stage.done("start"), stage.done("middle", "start")
    stage.done("end", "middle")
    return stage, start.entry("big"), after.entry("big")


@pytest.mark.parametrize("middle", ["pass", "self.big.sum()", "self.big = self.big"])
def test_what_did_not_change_is_not_written_again(tmp_path: Path, middle: str) -> None:
    stage, before, after = _middle(tmp_path, middle)
    assert isinstance(before, Blob)
    assert before == after
    assert len(list(stage.store.list("F/r/_blobs/"))) == 1


def test_changes_in_place_are_saved(tmp_path: Path) -> None:
    stage, before, after = _middle(tmp_path, "self.big[0] = 7.0; self.small[0] = 8")
    assert before.sha != after.sha
    assert stage.left("end")["seen"] == (7.0, 8)
    assert float(stage.left("start")["big"][0]) != 7.0


def test_what_is_small_lies_in_the_manifest(tmp_path: Path) -> None:
    stage, _, _ = _middle(tmp_path, "self.a = 1; self.b = 'x' * 60_000; self.c = 'y' * 70_000")
    left = stage.left("middle")
    assert [type(left.entry(name)) for name in "abc"] == [Packed, Packed, Blob]
    assert (left["a"], left["b"], left["c"]) == (1, "x" * 60_000, "y" * 70_000)


def test_a_large_pack_is_a_blob(tmp_path: Path) -> None:
    stage, _, _ = _middle(tmp_path, "[setattr(self, f'a{n}', 'x' * 50_000 + str(n)) for n in range(10)]")
    left = stage.left("end")
    assert [left[f"a{n}"][-1] for n in range(10)] == list("0123456789")
    assert len(stage.store.get("F/r/end/-/manifest").data) < 10_000


def test_classes_go_by_reference_and_instances_come_back(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        """
        import collections, enum, dataclasses
        from flowc import FlowSpec, step
        Point = collections.namedtuple("Point", "x y")
        class Colour(enum.Enum):
            RED = 1
        @dataclasses.dataclass
        class Box:
            colour: Colour
        class F(FlowSpec):
            @step
            def start(self):
                self.things = [Point(1, 2), Colour.RED, Box(Colour.RED), Box, Point]
                self.next(self.end)
            @step
            def end(self):
                point, red, box, kind, named = self.things
                assert red is Colour.RED and kind is Box and named is Point
                assert isinstance(box, Box) and point == Point(1, 2)
        """,
    )
    stage.done("start")
    stage.done("end", "start")


def test_what_is_nested_too_deeply_fails_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, _, _ = _middle(tmp_path, "pass")
    deep = SOURCE.format(middle="x = []\n        for _ in range(100_000): x = [x]\n        self.deep = x")
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    reported = Stage(tmp_path, deep, stage.store).do("middle", "start")
    assert reported.failure is not None
    assert "'deep' of step 'middle' is of type list" in reported.failure.exception
    assert "RecursionError" in reported.failure.exception


@pytest.mark.parametrize("left", [0, 1, 1000, (1 << 20) - 1])
def test_a_blob_that_was_cut_is_written_again_by_whoever_saves_it(store: FileStore, left: int) -> None:
    value = np.random.default_rng(1).bytes(1 << 20)
    run = RunAddress("F", "r")
    blob = pickling.save_blob(store, run, "bytes", pickling.dumps(value))
    place = Path(store.root, run.blob(blob.sha))
    whole = place.read_bytes()
    os.truncate(place, left)
    assert pickling.save_blob(store, run, "bytes", pickling.dumps(value)) == blob
    assert place.read_bytes() == whole
    assert pickling.load_blob(store, run, blob) == value
