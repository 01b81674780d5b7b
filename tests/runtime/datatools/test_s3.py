"""`S3()` does the same on a bucket and in a folder that stands in for it."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flowc.datatools.s3 import (
    S3,
    MetaflowS3AccessDenied,
    MetaflowS3Exception,
    MetaflowS3InvalidObject,
    MetaflowS3InvalidRange,
    MetaflowS3NotFound,
    MetaflowS3URLException,
    S3GetObject,
    S3Object,
    S3PutObject,
)
from flowc.exceptions import MetaflowException

from tests.stages.aws import NOWHERE
from tests.stages.s3_server import Reply, fault, serve


@pytest.fixture(params=["bucket", "folder"])
def root(
    request: pytest.FixtureRequest, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """A URL below which nothing is."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if request.param == "folder":
        monkeypatch.setenv("FLOWC_S3_ROOT", f"file:{tmp_path / 'buckets'}")
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    return f"s3://flows/{abs(hash(request.node.name))}"


def _seen(objects: list[S3Object]) -> list[tuple[str, int | None, str | None]]:
    return [(found.key, found.size, found.text) for found in objects]


@pytest.mark.parametrize(
    ("obj", "blob"),
    [
        ("text é", "text é".encode()),
        (b"bytes", b"bytes"),
        (bytearray(b"array"), b"array"),
        (memoryview(b"view"), b"view"),
        ("", b""),
        (io.BytesIO(b"file"), b"file"),
        (io.StringIO("text file"), b"text file"),
    ],
)
@pytest.mark.language("s3.calls")
def test_what_is_put_is_got(root: str, obj: Any, blob: bytes) -> None:
    with S3() as s3:
        url = s3.put(f"{root}/a key/1", obj)
        found = s3.get(url)
        assert url == found.url == found.key == f"{root}/a key/1"
        assert (found.blob, found.text, found.size) == (blob, blob.decode(), len(blob))
        assert found.exists
        assert found.downloaded
        assert Path(found.path or "").read_bytes() == blob
    assert not os.path.exists(found.path or ""), "what was fetched goes with its S3()"


def test_an_open_temporary_file_is_put_from_its_beginning_and_stays_open(root: str) -> None:
    with S3() as s3, tempfile.NamedTemporaryFile() as file:
        file.write(b"first ")
        file.write(b"second")
        s3.put(f"{root}/f", file, overwrite=True)
        file.write(b" third")
        assert s3.get(f"{root}/f").text == "first second"


def test_a_large_file_is_put_and_got(root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("flowc.store.aws.objects.PIECE", 5 << 20)
    data = os.urandom((11 << 20) + 1)
    (tmp_path / "large").write_bytes(data)
    with S3(s3root=root) as s3:
        s3.put_files([("large", str(tmp_path / "large"))])
        assert s3.get("large").blob == data
        part = s3.get(S3GetObject("large", 6 << 20, 10))
        assert part.blob == data[6 << 20 : (6 << 20) + 10]


def test_overwrite_false_leaves_what_is_there(root: str) -> None:
    with S3(s3root=root) as s3:
        s3.put("k", "old")
        assert s3.put("k", "new", overwrite=False) == f"{root}/k"
        assert s3.put_many([("k", "new"), ("fresh", "new")], overwrite=False) == [("fresh", f"{root}/fresh")]
        assert (s3.get("k").text, s3.get("fresh").text) == ("old", "new")
        s3.put("k", "new")
        assert s3.get("k").text == "new"


def test_metadata_and_type_come_back(root: str) -> None:
    began = int(time.time())
    with S3(s3root=root) as s3:
        s3.put("k", "{}", content_type="application/json", metadata={"who": "Añn", "n": "1"})
        for found in (s3.get("k"), s3.info("k"), *s3.info_many(["k"]), *s3.get_many(["k"])):
            assert found.has_info
            assert (found.content_type, found.metadata, found.size) == ("application/json", {"who": "Añn", "n": "1"}, 2)
            assert began - 1 <= (found.last_modified or 0) <= time.time() + 1
        assert not s3.info("k").downloaded
        assert s3.info("k").blob is None
        assert not s3.get("k", return_info=False).has_info
        s3.put("k", "plain")
        assert (s3.info("k").content_type, s3.info("k").metadata) == ("binary/octet-stream", None)


@pytest.mark.language("s3.calls")
def test_many_come_in_the_order_of_their_keys(root: str) -> None:
    pairs = [(f"n/{n:02d}", str(n)) for n in reversed(range(30))]
    with S3(s3root=root) as s3:
        assert s3.put_many(pairs) == [(key, f"{root}/{key}") for key, _ in pairs]
        assert _seen(s3.get_many(key for key, _ in pairs)) == [(key, len(text), text) for key, text in pairs]
        assert [found.size for found in s3.info_many(["n/11", "n/03"])] == [2, 1]
        assert s3.put_many([]) == s3.get_many([]) == []


def test_put_objects_carry_their_own_facts(root: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("from a file")
    with S3(s3root=root) as s3:
        s3.put_many([S3PutObject("a", value="v", content_type="text/plain", metadata={"m": "1"})])
        s3.put_files([S3PutObject("b", path=str(tmp_path / "x"), content_type="text/x"), ("c", str(tmp_path / "x"))])
        assert [(found.text, found.content_type) for found in s3.get_many("abc")] == [
            ("v", "text/plain"), ("from a file", "text/x"), ("from a file", "binary/octet-stream"),
        ]  # fmt: skip
        assert s3.info("a").metadata == {"m": "1"}
        with pytest.raises(MetaflowS3NotFound, match="Local file not found"):
            s3.put_files([("d", str(tmp_path / "none"))])


@pytest.mark.language("s3.calls")
def test_listings_tell_levels(root: str) -> None:
    with S3(s3root=root) as s3:
        s3.put_many([("a", "1"), ("b/x", "22"), ("b/y/z", "333"), ("bb", "4444")])
        assert [(o.key, o.size, o.exists) for o in s3.list_paths()] == [
            ("a", 1, True),
            ("b", None, False),
            ("bb", 4, True),
        ]
        assert [(o.key, o.size) for o in s3.list_paths(["b"])] == [("x", 2), ("y", None)]
        assert [(o.url, o.prefix) for o in s3.list_paths(["b/y"])] == [(f"{root}/b/y/z", f"{root}/b/y/")]
        assert [(o.key, o.size) for o in s3.list_recursive()] == [("a", 1), ("b/x", 2), ("b/y/z", 3), ("bb", 4)]
        assert [o.key for o in s3.list_recursive(["b/", "a"])] == ["x", "y/z", f"{root}/a"]
        assert [o.key for o in s3.list_recursive(["b"])] == ["x", "y/z", "bb"], "a key may end within a name"
        assert s3.list_paths(["none"]) == s3.list_recursive(["none"]) == []
    with S3(s3root=root + "-beside") as s3:
        s3.put("x", "1")
    with S3(s3root=root) as s3:
        assert len(s3.list_recursive()) == 4
    with S3() as s3:
        assert [o.url for o in s3.list_paths([root])] == [f"{root}/a", f"{root}/b/", f"{root}/bb"]


def test_recursive_gets_bring_the_bytes(root: str) -> None:
    with S3(s3root=root) as s3:
        s3.put_many([("b/x", "22"), ("b/y/z", "333"), ("c", "4")])
        assert _seen(s3.get_recursive(["b"])) == [("x", 2, "22"), ("y/z", 3, "333")]
        assert _seen(s3.get_all()) == [("b/x", 2, "22"), ("b/y/z", 3, "333"), ("c", 1, "4")]
    with S3() as s3, pytest.raises(MetaflowS3URLException):
        s3.get_all()


@pytest.mark.parametrize(
    ("offset", "length", "text"),
    [
        (None, None, "0123456789"),
        (2, 3, "234"),
        (7, None, "789"),
        (None, 4, "0123"),
        (None, -4, "6789"),
        (8, 100, "89"),
    ],
)
def test_a_part_is_got(root: str, offset: int | None, length: int | None, text: str) -> None:
    with S3(s3root=root) as s3:
        s3.put("k", "0123456789")
        found = s3.get(S3GetObject("k", offset, length))
        assert (found.text, found.size) == (text, len(text))
        assert found.range_info is not None
        assert (found.range_info.total_size, found.range_info.request_length) == (10, len(text))
        with pytest.raises(MetaflowS3InvalidRange):
            s3.get(S3GetObject("k", 10, 1))


def test_what_is_missing_is_an_error_or_no_object(root: str) -> None:
    with S3(s3root=root) as s3:
        s3.put("there/x", "1")
        for get in (s3.get, s3.info, lambda key: s3.get_many([key]), lambda key: s3.info_many([key])):
            for key in ("none", "there", "there/x/y"):
                with pytest.raises(MetaflowS3NotFound, match=f"{root}/{key}"):
                    get(key)
        for found in (s3.get("none", return_missing=True), s3.info("none", return_missing=True)):
            assert (found.exists, found.size, found.path, found.blob, found.downloaded) == (
                False,
                None,
                None,
                None,
                False,
            )
            assert found.key == "none"
        assert [found.exists for found in s3.get_many(["there/x", "none"], return_missing=True)] == [True, False]
        assert [found.exists for found in s3.info_many(["none", "there/x"], return_missing=True)] == [False, True]


@pytest.mark.parametrize(
    "use", [lambda s3: s3.get("key"), lambda s3: s3.put("key", "x"), lambda s3: s3.list_paths(), lambda s3: s3.info()]
)
def test_without_a_root_a_full_url_is_needed(root: str, use: Any) -> None:
    with S3() as s3, pytest.raises(MetaflowS3URLException, match=r"no full s3:// URL.*S3\(run=self\)"):
        use(s3)


def test_wrong_use_is_named(root: str) -> None:
    with S3(s3root=root + "/") as s3:
        with pytest.raises(MetaflowS3URLException, match="not the full URL"):
            s3.get("s3://flows/x")
        with pytest.raises(MetaflowS3InvalidObject, match="dict"):
            s3.put("k", {"a": 1})
        with pytest.raises(MetaflowS3InvalidObject, match="int"):
            s3.put_many([("k", 1)])
        with pytest.raises(MetaflowS3URLException, match="a list of keys"):
            s3.list_paths("abc")
        with pytest.raises(MetaflowS3URLException, match="names no object"):
            s3.put("k/", "x")
    with pytest.raises(MetaflowS3URLException, match="is no s3:// URL"):
        S3(s3root="http://x")
    with pytest.raises(TypeError, match="external_client"):
        S3(external_client=object())


def test_errors_are_those_of_the_language() -> None:
    for error in (MetaflowS3NotFound, MetaflowS3AccessDenied, MetaflowS3Exception, MetaflowS3InvalidObject):
        assert issubclass(error, MetaflowException)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(403, fault("AccessDenied")), MetaflowS3AccessDenied),
        (Reply(404, fault("NoSuchBucket")), MetaflowS3URLException),
        (Reply(404, fault("NoSuchKey")), MetaflowS3NotFound),
        (Reply(400, fault("InvalidArgument")), MetaflowS3Exception),
    ],
    ids=["denied", "bucket", "key", "other"],
)
def test_a_servers_no_is_named(monkeypatch: pytest.MonkeyPatch, reply: Reply, error: type[Exception]) -> None:
    with serve(lambda _: reply) as server:
        for name, value in {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": "k",
            "AWS_SECRET_ACCESS_KEY": "s",
            **NOWHERE,
        }.items():
            monkeypatch.setenv(name, value)
        with S3() as s3, pytest.raises(error) as told:
            s3.get("s3://b/k")
    assert type(told.value) is error


def test_a_folder_cannot_hold_a_key_and_its_continuation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLOWC_S3_ROOT", f"file:{tmp_path}")
    with S3(s3root="s3://b") as s3:
        s3.put("a", "1")
        s3.put("b/c", "1")
        with pytest.raises(MetaflowS3Exception, match="is a local file already"):
            s3.put("a/b", "1")
        with pytest.raises(MetaflowS3Exception, match="other keys continue"):
            s3.put("b", "1")
        with pytest.raises(MetaflowS3URLException, match="no key that a local folder can hold"):
            s3.put("../x", "1")
        assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["a", "b"]
