"""What holds of every store, whatever its URL begins with: folders, S3, Google Cloud Storage, Azure."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from flowc.store import open_store
from flowc.store.aws import objects as s3_objects
from flowc.store.protocol import MissingError, Store, StoreError

from tests.stages.clouds import cloud

KINDS = ("file", "s3", "gs", "az")
NEVER = {"file": "0", "s3": '"0"', "gs": "1", "az": '"0x0"'}
"""A tag that no object has."""


@pytest.fixture(scope="module")
def clouds() -> Iterator[Callable[[str], Mapping[str, str]]]:
    """The variables of one who asks Google or Azure; a server each, started when it is first asked for."""
    with ExitStack() as stack:
        running: dict[str, Mapping[str, str]] = {}

        def started(kind: str) -> Mapping[str, str]:
            if kind not in running:
                running[kind] = stack.enter_context(cloud(kind))
            return running[kind]

        yield started


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """What its URL begins with."""
    found: str = request.param
    return found


@pytest.fixture
def url(
    kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    clouds: Callable[[str], Mapping[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """A place of the test's own; this process has what its stores need."""
    if kind == "file":
        return f"file:{tmp_path / 'store'}"
    variables = request.getfixturevalue("environment") if kind == "s3" else clouds(kind)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return f"{kind}://flows/root/{uuid.uuid4().hex}"


@pytest.fixture
def store(url: str) -> Store:
    """A store there."""
    return open_store(url)


def bucketless(kind: str) -> Store:
    """A store whose bucket is not there."""
    return open_store(f"{kind}://no-such-bucket/x")


@pytest.mark.parametrize("key", ["a", "F/run-1/start/-/manifest", "F/%41%2F/x", "sp ace/ü/+&=#'~"])
@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5000], ids=len)
def test_what_is_put_is_got_until_it_is_deleted(store: Store, key: str, data: bytes) -> None:
    store.put(key, [data[:3], memoryview(data)[3:]])
    assert store.get(key).data == data
    assert store.size(key) == len(data)
    store.delete(key)
    store.delete(key)
    assert store.size(key) is None


def test_a_missing_object_is_a_missing_error(store: Store) -> None:
    with pytest.raises(MissingError):
        store.get("nothing")
    with pytest.raises(MissingError):
        store.get_range("nothing", 0, 3)
    with pytest.raises(MissingError):
        store.copy("nothing", "other")
    assert store.size("nothing") is None
    assert list(store.list("nothing/")) == []


@pytest.mark.parametrize(("start", "size"), [(0, 1), (3, 4), (0, 10), (9, 1), (5, 0)])
def test_a_range_is_these_bytes_and_ones_own(store: Store, start: int, size: int) -> None:
    store.put("ten", [b"0123456789"])
    view = store.get_range("ten", start, size)
    assert bytes(view) == b"0123456789"[start : start + size]
    view[:] = b"." * size
    assert store.get("ten").data == b"0123456789"


@pytest.mark.parametrize(("start", "size"), [(8, 5), (12, 1)])
def test_a_range_past_the_end_is_an_error(store: Store, start: int, size: int) -> None:
    store.put("ten", [b"0123456789"])
    with pytest.raises(StoreError, match="changed by something else"):
        store.get_range("ten", start, size)


def test_create_writes_only_where_there_is_nothing(store: Store) -> None:
    assert store.create("claim", b"one")
    assert not store.create("claim", b"two")
    assert store.get("claim").data == b"one"
    store.delete("claim")
    assert store.create("claim", b"two")


def test_replace_writes_only_over_what_was_seen(store: Store, kind: str) -> None:
    assert not store.replace("m", b"0", NEVER[kind])
    assert store.create("m", b"1")
    first = store.get("m").etag
    assert store.replace("m", b"2", first)
    assert not store.replace("m", b"3", first)
    assert store.get("m").data == b"2"


def test_of_many_who_create_or_replace_one_wins(url: str) -> None:
    stores = [open_store(url) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        for place in range(3):
            won = list(pool.map(lambda pair: pair[1].create(f"race-{place}", b"%d" % pair[0]), enumerate(stores)))  # noqa: B023
            assert won.count(True) == 1
            assert stores[0].get(f"race-{place}").data == b"%d" % won.index(True)
        etag = stores[0].get("race-0").etag
        won = list(pool.map(lambda pair: pair[1].replace("race-0", b"new %d" % pair[0], etag), enumerate(stores)))
    assert won.count(True) == 1
    assert stores[0].get("race-0").data == b"new %d" % won.index(True)


NAMES = ("a/1", "a/10", "a/2", "a/A", "a/%41 +&", "a/é", "a/~", "a/x/y", "a/1~0/m", "a/1~1/m", "a/1-/x", "b/1")


@pytest.mark.parametrize("prefix", ["", "a/", "a/1", "a/1~", "a/1~0/", "a/x/", "b", "zz", "a/é"])
def test_a_listing_is_in_the_order_of_bytes_and_over_pages(
    store: Store, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_objects, "_PAGE", 3)
    for name in NAMES:
        store.put(name, [b"."])
    expected = sorted((name for name in NAMES if name.startswith(prefix)), key=str.encode)
    assert list(store.list(prefix)) == expected
    assert list(store.list(prefix, 2)) == expected[:2]
    assert list(store.list(prefix, 0)) == []


def test_a_copy_outlives_what_it_was_made_of(store: Store) -> None:
    store.put("a/b", (b"data",))
    store.copy("a/b", "x/y/copy of ~%41")
    store.put("a/b", (b"other",))
    store.delete("a/b")
    assert store.get("x/y/copy of ~%41").data == b"data"


def test_a_large_object_goes_and_comes_in_pieces_of_any_parts(
    store: Store, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_objects, "PIECE", 5 << 20)
    if kind in ("gs", "az"):
        from flowc.store import cloud

        monkeypatch.setattr(cloud, "PIECE", 5 << 20)
    data = os.urandom((16 << 20) + 7)
    cuts = [0, 1, 1, 6 << 20, len(data)]
    store.put("large", (data[a:b] for a, b in pairwise(cuts)))
    assert store.get("large").data == data
    assert bytes(store.get_range("large", 5, 15 << 20)) == data[5 : 5 + (15 << 20)]
    with pytest.raises(StoreError):
        store.get_range("large", 1 << 20, 16 << 20)


def test_a_large_object_that_fails_leaves_nothing(store: Store) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(3):
            yield bytes(25 << 20)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        store.put("half", parts())
    assert store.size("half") is None
    assert list(store.list("")) == []


def test_a_server_that_honours_conditions_passes_the_probe(store: Store, kind: str) -> None:
    assert store.create("claim", b"data")
    if kind != "file":
        store.probe("claim", b"data")  # type: ignore[attr-defined]
    assert store.get("claim").data == b"data"


@pytest.mark.parametrize("kind", KINDS[1:], indirect=True)
def test_a_bucket_that_is_missing_is_named(kind: str, url: str) -> None:
    store = bucketless(kind)
    for use in (
        lambda: store.get("k"),
        lambda: store.put("k", [b"."]),
        lambda: store.create("k", b"."),
        lambda: list(store.list("")),
    ):
        with pytest.raises(StoreError, match=r"there is no (bucket )?'no-such-bucket'"):
            use()


def test_what_is_listed_has_its_size_and_time_and_goes_many_at_once(store: Store) -> None:
    began = time.time()
    wanted = {f"F/run/step/{number}/manifest": number for number in range(7)}
    for key, size in wanted.items():
        store.put(key, [b"x" * size])
    store.put("F/other/kept", [b"y"])
    found = list(store.entries("F/run/"))
    assert {each.key: each.size for each in found} == wanted
    assert all(began - 60 < each.modified < time.time() + 60 for each in found)
    assert [each.key for each in store.entries("F/run/step/", 3)] == list(wanted)[:3]
    assert list(store.unfinished("F/", time.time())) == []
    store.delete_all([*wanted, "F/run/never/was"])
    assert list(store.list("F/")) == ["F/other/kept"]
    store.delete_all([])
