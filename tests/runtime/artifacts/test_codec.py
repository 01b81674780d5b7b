"""The parts of blobs, compressed one by one: what is saved is what is loaded, whatever it is and whichever codec wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from flowc.artifacts import codec, pickling
from flowc.artifacts.address import RunAddress
from flowc.artifacts.pickling import Blob
from flowc.store.files import FileStore
from flowc.store.protocol import DamagedError, SetupError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stages.task import Stage

RUN = RunAddress("F", "r")
CODECS = ("zlib", "zstd")
LENGTHS = st.sampled_from([0, 1, 3, 2_047, 40_000, 300_000])
DTYPES = ("f8", "f4", "i8", "u2", "?", "c16", "M8[ns]", "S5", "U3")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(f"file:{tmp_path / 'store'}")


@pytest.fixture(params=CODECS)
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(codec.COMPRESSION, request.param)
    return str(request.param)


def _saved(store: FileStore, value: Any) -> Blob:
    return pickling.save_blob(store, RUN, "x", pickling.dumps(value))


def _array(seed: int, length: int, dtype: str, shape: str) -> np.ndarray[Any, Any]:
    """Noise, or what shrinks, in an order that memory may not have."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 2 ** rng.integers(1, 40), length) if seed % 2 else np.repeat(rng.random(1), length)
    found = numbers.astype(dtype) if dtype not in ("M8[ns]", "?") else numbers.astype("i8").astype(dtype)
    views = {
        "plain": lambda: found,
        "reversed": lambda: found[::-1],
        "strided": lambda: found[::3],
        "fortran": lambda: np.asfortranarray(found[: length // 2 * 2].reshape(-1, 2)),
        "transposed": lambda: found[: length // 2 * 2].reshape(2, -1).T,
    }
    return views[shape]()


ARRAYS = st.builds(
    _array,
    st.integers(0, 2**32),
    LENGTHS,
    st.sampled_from(DTYPES),
    st.sampled_from(["plain", "reversed", "strided", "fortran", "transposed"]),
)
COLUMNS = {
    "float": lambda n: np.random.default_rng(n).random(n),
    "small": lambda n: np.arange(n) % 7,
    "object": lambda n: pd.Series([f"x{i % 97}" if i % 5 else None for i in range(n)], dtype=object),
    "string": lambda n: pd.Series([f"é{i % 997}" for i in range(n)], dtype="str"),
    "arrow": lambda n: pd.array(list(range(n)), dtype="int64[pyarrow]"),
    "nullable": lambda n: pd.array([i if i % 3 else None for i in range(n)], dtype="Int32"),
    "category": lambda n: pd.Categorical([f"c{i % 4}" for i in range(n)]),
    "when": lambda n: pd.date_range("2026-01-01", periods=n, freq="min", tz="Europe/Berlin"),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ARRAYS, max_size=4))
def test_arrays_come_back(store: FileStore, by: str, arrays: list[np.ndarray[Any, Any]]) -> None:
    found = pickling.load_blob(store, RUN, _saved(store, arrays))
    assert [each.dtype for each in found] == [each.dtype for each in arrays]
    assert all(np.array_equal(one, other) for one, other in zip(found, arrays, strict=True))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(COLUMNS)), unique=True), st.sampled_from([0, 1, 30_000]), st.booleans())
def test_tables_come_back(store: FileStore, by: str, names: list[str], rows: int, is_part: bool) -> None:
    frame = pd.DataFrame({name: COLUMNS[name](rows) for name in names})
    frame = frame.iloc[rows // 3 :: 2] if is_part else frame
    found = pickling.load_blob(store, RUN, _saved(store, frame))
    pd.testing.assert_frame_equal(found, frame)


def test_an_arrow_table_comes_back(store: FileStore, by: str) -> None:
    table = pa.table({"n": range(200_000), "s": [f"name {n % 5000}" for n in range(200_000)]})
    blob = _saved(store, table)
    assert pickling.load_blob(store, RUN, blob).equals(table)
    assert blob.size < sum(blob.parts) / 2


def test_each_part_is_looked_at_by_itself(store: FileStore, by: str) -> None:
    """Noise stays as it is, and mapped, beside what shrinks; of one part only the pieces that shrink do."""
    noise = np.random.default_rng(1).random(300_000)
    mixed = np.concatenate([noise, np.zeros(300_000)])
    blob = _saved(store, [noise, np.zeros(300_000), mixed])
    assert [name for name, _ in blob.stored[1:]] == ["", by, by]
    assert blob.stored[1][1] == noise.nbytes
    assert noise.nbytes * 0.8 < blob.stored[3][1] < noise.nbytes * 1.3
    first, zeros, both = pickling.load_blob(store, RUN, blob)
    assert not first.flags.owndata
    assert (np.array_equal(first, noise), zeros.any(), np.array_equal(both, mixed)) == (True, False, True)
    both[:] = 1


def test_the_same_value_is_the_same_blob_and_one_digest_before_any_codec(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = [np.arange(1_000_000), "x" * 100_000]
    found = []
    for name in (*CODECS, *CODECS):
        monkeypatch.setenv(codec.COMPRESSION, name)
        found.append(_saved(store, value))
    assert found[:2] == found[2:]
    assert found[0].sha != found[1].sha
    assert len({blob.raw for blob in found}) == 1


def test_what_has_not_changed_is_known(store: FileStore, by: str) -> None:
    value = np.arange(1_000_000)
    blob = _saved(store, value)
    assert pickling.save_blob(store, RUN, "x", pickling.dumps(value), blob) is blob
    value[7] = 0
    assert pickling.save_blob(store, RUN, "x", pickling.dumps(value), blob) != blob


def test_damage_is_told_wherever_it_is(store: FileStore, by: str) -> None:
    blob = _saved(store, [np.arange(400_000), np.zeros(400_000)])
    place = Path(store.root, RUN.blob(blob.sha))
    data = place.read_bytes()
    for at in (*range(8), *range(8, len(data), len(data) // 50)):
        place.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(DamagedError):
            pickling.load_blob(store, RUN, blob)


def test_who_has_no_zstd_says_so(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(codec.COMPRESSION, "zstd")
    blob = _saved(store, "x" * 100_000)
    monkeypatch.setattr(codec, "_zstd", lambda: None)
    with pytest.raises(SetupError, match="compressed by zstd, and this Python has none: install `zstandard`"):
        pickling.load_blob(store, RUN, blob)
    with pytest.raises(SetupError, match="FLOWC_COMPRESSION says zstd, and this Python has none"):
        _saved(store, "x" * 100_000)
    monkeypatch.setenv(codec.COMPRESSION, "lz4")
    with pytest.raises(SetupError, match="is zlib or zstd, not 'lz4'"):
        _saved(store, "x" * 100_000)


def test_an_older_flowc_is_told_what_it_cannot_read(tmp_path: Path) -> None:
    """A manifest has the newer version as long as it refers to such a blob, also where a task carries it on."""
    stage = Stage(
        tmp_path,
        """
        import os
        from flowc import FlowSpec, step
        class F(FlowSpec):
            @step
            def start(self):
                self.noise = os.urandom(100_000)
                self.next(self.middle)
            @step
            def middle(self):
                self.text = "x" * 100_000
                self.next(self.end)
            @step
            def end(self):
                pass
        """,
    )
    versions = []
    for step, load in (("start", ""), ("middle", "start"), ("end", "middle")):
        stage.done(step, load)
        versions.append(b'"version":2' in stage.store.get(f"F/r/{step}/-/manifest").data)
    assert versions == [False, True, True]
