"""The store on a server that honours conditional puts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from flowc.store.aws import objects as s3_objects
from flowc.store.aws.requests import Answer, Bucket
from flowc.store.aws.sigv4 import Query
from flowc.store.protocol import MissingError, StoreError
from flowc.store.s3 import S3Store


@pytest.fixture
def store(environment: Mapping[str, str], request: pytest.FixtureRequest) -> Iterator[S3Store]:
    """A store under a prefix of its own."""
    bucket = Bucket("flows", environment)
    yield S3Store(f"s3://flows/root/{abs(hash(request.node.name))}", bucket)
    bucket.close()


@pytest.mark.parametrize("key", ["a", "F/run-1/start/-/manifest", "F/%41%2F/x", "sp ace/ü/+&=?#'\"", "a//b/../c"])
@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5000])
def test_what_is_put_is_got(store: S3Store, key: str, data: bytes) -> None:
    store.put(key, [data[:3], memoryview(data)[3:]])
    assert store.get(key).data == data
    assert store.size(key) == len(data)
    store.delete(key)
    store.delete(key)
    assert store.size(key) is None


@pytest.mark.parametrize("key", ["F/one/_blobs/0", "sp ace/ü/+&=?#'\""])
@pytest.mark.parametrize("most", [s3_objects._ONE_COPY, 5])
def test_a_copy_is_made_by_the_server_while_it_is_no_larger_than_s3_copies(
    store: S3Store, key: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(range(256)) * 50
    store.put(key, [data])
    sent = store.bucket.send
    asked: list[str] = []

    def send(method: str, name: str, query: Query = (), headers: Mapping[str, str] = {}, *more: Any) -> Answer:
        asked.append(method)
        if "x-amz-copy-source" in headers and len(data) > most:
            return sent(method, name, query, {"x-amz-copy-source": "/flows/nothing"}, *more)
        return sent(method, name, query, headers, *more)

    monkeypatch.setattr(store.bucket, "send", send)
    monkeypatch.setattr(s3_objects, "_ONE_COPY", most)
    store.copy(key, "F/two/copy")
    assert store.get("F/two/copy").data == data
    assert asked == (["PUT", "GET"] if len(data) <= most else ["PUT", "HEAD", "GET", "PUT", "GET"])
    with pytest.raises(MissingError):
        store.copy("nothing", "F/two/copy")


def test_a_missing_object_is_a_missing_error(store: S3Store) -> None:
    with pytest.raises(MissingError):
        store.get("nothing")
    with pytest.raises(MissingError):
        store.get_range("nothing", 0, 3)
    assert store.size("nothing") is None


@pytest.mark.parametrize(("start", "size"), [(0, 1), (3, 4), (0, 10), (9, 1), (5, 0)])
def test_a_range_is_these_bytes(store: S3Store, start: int, size: int) -> None:
    store.put("ten", [b"0123456789"])
    assert bytes(store.get_range("ten", start, size)) == b"0123456789"[start : start + size]


def test_a_range_past_the_end_is_an_error(store: S3Store) -> None:
    store.put("ten", [b"0123456789"])
    with pytest.raises(StoreError):
        store.get_range("ten", 8, 5)


def test_create_writes_only_where_there_is_nothing(store: S3Store) -> None:
    assert store.create("claim", b"one")
    assert not store.create("claim", b"two")
    assert not store.create("claim", b"one"), "the same bytes of another writer are another write"
    assert store.get("claim").data == b"one"


def test_replace_writes_only_over_what_was_seen(store: S3Store) -> None:
    assert not store.replace("m", b"0", '"none"')
    store.create("m", b"1")
    first = store.get("m").etag
    assert store.replace("m", b"2", first)
    assert not store.replace("m", b"3", first)
    assert store.get("m").data == b"2"


def test_a_race_has_one_winner(environment: Mapping[str, str], store: S3Store) -> None:
    stores = [S3Store(store.url, Bucket("flows", environment)) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        for n in range(3):
            won = list(pool.map(lambda pair: pair[1].create(f"race-{n}", b"%d" % pair[0]), enumerate(stores)))  # noqa: B023
            assert won.count(True) == 1
            assert stores[0].get(f"race-{n}").data == b"%d" % won.index(True)


def test_a_race_to_replace_has_one_winner(environment: Mapping[str, str], store: S3Store) -> None:
    store.create("m", b"begin")
    etag = store.get("m").etag
    stores = [S3Store(store.url, Bucket("flows", environment)) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda pair: pair[1].replace("m", b"%d" % pair[0], etag), enumerate(stores)))
    assert won.count(True) == 1


def test_a_listing_is_in_byte_order_over_pages(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_objects, "_PAGE", 3)
    names = ["a/1", "a/10", "a/2", "a/A", "a/%41 +&<", "a/é", "a/~", "a/x/y"]
    for name in [*names, "b/1"]:
        store.put(name, [b"."])
    expected = sorted(names, key=str.encode)
    assert list(store.list("a/")) == expected
    assert list(store.list("a/", 4)) == expected[:4]
    assert list(store.list("a/", 0)) == []
    assert list(store.list("c")) == []


def test_a_large_object_goes_in_pieces_of_any_parts(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_objects, "PIECE", 5 << 20)
    data = os.urandom((12 << 20) + 7)
    cuts = [0, 1, 1, 6 << 20, len(data)]
    store.put("large", (data[a:b] for a, b in pairwise(cuts)))
    assert store.get("large").data == data
    assert store.get("large").etag.endswith('-3"')
    assert bytes(store.get_range("large", 5, 11 << 20)) == data[5 : 5 + (11 << 20)]
    store.get_range("large", 0, 3)[:] = b"mine"[:3]
    with pytest.raises(StoreError, match="changed by something else"):
        store.get_range("large", 1 << 20, 12 << 20)


def test_a_failed_large_object_leaves_nothing(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_objects, "PIECE", 5 << 20)

    def parts() -> Iterator[bytes]:
        yield bytes(21 << 20)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        store.put("half", parts())
    assert store.size("half") is None


def test_a_store_that_honours_conditions_passes_the_probe(store: S3Store) -> None:
    store.create("claim", b"data")
    store.probe("claim", b"data")
    assert store.get("claim").data == b"data"


def test_a_missing_bucket_is_named(environment: Mapping[str, str]) -> None:
    store = S3Store("s3://no-such-bucket/x", Bucket("no-such-bucket", environment))
    for use in (
        lambda: store.get("k"),
        lambda: store.put("k", [b"."]),
        lambda: store.create("k", b"."),
        lambda: list(store.list("")),
    ):
        with pytest.raises(StoreError, match="there is no bucket 'no-such-bucket'"):
            use()


@pytest.mark.parametrize("url", ["s3:", "s3:///x", "file:/x", "s3://b/x?y=1"])
def test_a_bad_url_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="is no s3://bucket/prefix"):
        S3Store(url)
