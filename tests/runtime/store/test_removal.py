"""What cleaning up asks of a store, the same on a disk and on S3: sizes and times, folders, many deletions, what killed writers left."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from flowc.store.aws import objects
from flowc.store.aws.removal import seconds
from flowc.store.aws.requests import Answer, Bucket
from flowc.store.files import FileStore
from flowc.store.protocol import StoreError
from flowc.store.s3 import S3Store

Stored = FileStore | S3Store


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, environment: Mapping[str, str], tmp_path: Path) -> Iterator[Stored]:
    if request.param == "file":
        yield FileStore(f"file:{tmp_path / 'store'}")
        return
    bucket = Bucket("flows", environment)
    yield S3Store(f"s3://flows/removal/{tmp_path.name}", bucket)
    bucket.close()


KEYS = [
    "F/_created/1~r",
    "F/r/_run.json",
    "F/r/a/-/manifest",
    "F/r/a/-/attempt-0001",
    "F/r/_s3/ü & <x>",
    "G/r/_run.json",
]


def test_a_listing_tells_sizes_and_times(store: Stored) -> None:
    began = time.time()
    for number, key in enumerate(KEYS):
        store.put(key, (b"x" * number,))
    found = list(store.entries("F/"))
    assert [entry.key for entry in found] == list(store.list("F/"))
    assert {entry.key: entry.size for entry in found} == {key: size for size, key in enumerate(KEYS[:-1])}
    assert all(began - 2 <= entry.modified <= time.time() + 2 for entry in found), "S3 counts in seconds"


def test_folders_are_what_keys_have_in_common(store: Stored) -> None:
    assert list(store.folders()) == []
    for key in KEYS:
        store.put(key, (b"",))
    assert list(store.folders()) == ["F", "G"]
    assert list(store.folders("F/")) == ["_created", "r"]
    assert list(store.folders("F/r/")) == ["_s3", "a"]
    assert list(store.folders("none/")) == []


def test_many_objects_go_at_once_and_others_stay(store: Stored) -> None:
    for key in [*KEYS, *(f"F/r/many/{number}" for number in range(30)), "F/r/_s3/\x01\u2028"]:
        store.put(key, (b"x",))
    gone = [key for key in store.list("F/r/") if key != "F/r/_run.json"]
    store.delete_all([*gone, "F/r/none"])
    store.delete_all(gone)
    store.delete_all(())
    assert list(store.list("")) == ["F/_created/1~r", "F/r/_run.json", "G/r/_run.json"]
    assert list(store.folders("F/r/")) == []


def test_deletions_on_s3_are_a_request_for_a_thousand(environment: Mapping[str, str]) -> None:
    bucket = Bucket("flows", environment)
    sent: list[int] = []
    bucket.send = lambda *_: sent.append(1) or Answer(200, {}, b"<DeleteResult/>", again=False)  # type: ignore[method-assign]
    S3Store("s3://flows/none", bucket).delete_all([f"k{number}" for number in range(2500)])
    assert len(sent) == 3
    bucket.close()


REFUSALS = [
    (
        b"<DeleteResult><Error><Key>a/k</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>",
        "AccessDenied no",
    ),
    (b"no xml", "no XML"),
]


@pytest.mark.parametrize(("body", "said"), REFUSALS)
def test_what_the_server_will_not_delete_is_told(environment: Mapping[str, str], body: bytes, said: str) -> None:
    bucket = Bucket("flows", environment)
    bucket.send = lambda *_: Answer(200, {}, body, again=False)  # type: ignore[method-assign]
    with pytest.raises(StoreError, match=said):
        S3Store("s3://flows/a", bucket).delete_all(["k"])
    bucket.close()


def test_what_a_killed_writer_left_is_found_by_its_age_and_goes(store: Stored) -> None:
    store.put("F/r/_blobs/whole", (b"x",))
    _leave(store, "F/r/_blobs/cut")
    if isinstance(store, FileStore):  # moto says of every upload that it began in 2010
        assert list(store.unfinished("F/", time.time() - 60)) == []
    assert list(store.unfinished("G/", time.time() + 60)) == []
    [found] = store.unfinished("F/", time.time() + 60)
    assert found.key == "F/r/_blobs/cut"
    store.discard(found)
    store.discard(found)
    assert list(store.unfinished("F/", time.time() + 60)) == []
    assert list(store.list("")) == ["F/r/_blobs/whole"]


def _leave(store: Stored, key: str) -> None:
    """What a process leaves that is killed while it writes."""
    if isinstance(store, S3Store):
        assert store.bucket.send("POST", store._key(key), (("uploads", ""),)).is_good
        return
    child = os.fork()
    if not child:
        store.put(key, (os._exit(0) if number else b"some" for number in range(2)))
    os.waitpid(child, 0)


def test_many_uploads_come_in_pages(environment: Mapping[str, str]) -> None:
    bucket = Bucket("flows", environment)
    pages = [
        b"<R><Upload><Key>p%2Fa</Key><UploadId>1</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload>"
        b"<IsTruncated>true</IsTruncated><NextKeyMarker>p%2Fa</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker></R>",
        b"<R><Upload><Key>p%2Fb</Key><UploadId>2</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload></R>",
    ]
    asked = []

    def send(_method: str, _key: str, query: objects.Query) -> Answer:
        asked.append(dict(query))
        return Answer(200, {}, pages[len(asked) - 1], again=False)

    bucket.send = send  # type: ignore[assignment, method-assign]
    assert [each.key for each in S3Store("s3://flows/p", bucket).unfinished("", time.time())] == ["a", "b"]
    assert asked[1]["key-marker"] == "p/a"
    assert asked[1]["upload-id-marker"] == "1"
    bucket.close()


def test_times_of_s3_are_read() -> None:
    assert seconds("1970-01-02T00:00:01.500Z") == 86_401.5
    assert seconds("") == 0.0


def test_folders_that_are_empty_go_with_what_was_in_them_and_come_again_under_any_writer(tmp_path: Path) -> None:
    store = FileStore(f"file:{tmp_path / 'store'}")
    store.put("src", (b"x",))
    done = threading.Event()

    def deletes() -> None:
        while not done.is_set():
            store.delete_all(["a/b/c/1", "a/b/d/2"])

    thread = threading.Thread(target=deletes)
    thread.start()
    try:
        for number in range(60):
            store.put("a/b/c/1", (b"x",))
            store.copy("src", "a/b/d/2")
            assert store.create(f"a/b/c/{number + 10}", b"y")
            store.delete_all([f"a/b/c/{number + 10}"])
    finally:
        done.set()
        thread.join()
    store.delete_all(["a/b/c/1", "a/b/d/2"])
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["src"]
