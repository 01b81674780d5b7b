"""The store in a folder."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flowc.store import open_store
from flowc.store.files import FileStore
from flowc.store.protocol import MissingError, StoreError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stages.container import contain, write
from tests.stages.sources import LINE


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(f"file:{tmp_path / 'store'}")


def test_what_is_put_is_got(store: FileStore) -> None:
    store.put("a/b/c", (b"12", bytearray(b"34"), memoryview(b"56")))
    assert store.get("a/b/c").data == b"123456"
    assert bytes(store.get_range("a/b/c", 1, 3)) == b"234"
    assert store.size("a/b/c") == 6
    store.delete("a/b/c")
    store.delete("a/b/c")
    assert store.size("a/b/c") is None


def test_a_copy_outlives_what_it_was_made_of(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("a/b", (b"data",))
    store.copy("a/b", "x/y/one")
    monkeypatch.setattr(os, "link", _no_links)
    store.copy("a/b", "x/y/two")
    store.copy("a/b", "x/y/two")
    store.put("a/b", (b"other",))
    store.delete("a/b")
    assert [store.get(f"x/y/{name}").data for name in ("one", "two")] == [b"data", b"data"]
    with pytest.raises(MissingError):
        store.copy("a/b", "x/y/three")


def _no_links(*_: object) -> None:
    raise PermissionError("no hard links here")


@pytest.mark.parametrize("key", ["a", "a/b", "there/below"])
def test_what_is_not_there_is_missing(store: FileStore, key: str) -> None:
    store.put("there", (b"a file, not a folder",))
    with pytest.raises(MissingError):
        store.get(key)
    with pytest.raises(MissingError):
        store.get_range(key, 0, 1)
    assert store.size(key) is None
    assert list(store.list(f"{key}/")) == []


@pytest.mark.parametrize("kind", ["pipe", "endless", "folder"])
def test_what_is_no_file_is_told_and_never_waited_for(store: FileStore, kind: str) -> None:
    store.put("a/there", (b"1",))
    place = Path(store.root) / "a" / "odd"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "endless":
        place.symlink_to("/dev/zero")
    else:
        place.mkdir()
    for read in (lambda: store.get("a/odd"), lambda: store.get_range("a/odd", 0, 1)):
        with pytest.raises(StoreError, match="a/odd cannot be read: it is no file"):
            read()
    assert store.size("a/odd") is None


def test_an_object_is_created_once(store: FileStore) -> None:
    assert store.create("k", b"first")
    assert not store.create("k", b"second")
    assert store.create("k", b"first"), "the answer to this very write was lost, and it is repeated"
    assert store.get("k").data == b"first"


def test_an_object_is_replaced_only_as_it_was_read(store: FileStore) -> None:
    store.create("k", b"1")
    etag = store.get("k").etag
    assert store.replace("k", b"2", etag)
    assert not store.replace("k", b"3", etag)
    assert not store.replace("other", b"3", etag)
    assert store.get("k").data == b"2"


def test_of_many_who_create_or_replace_one_wins(store: FileStore) -> None:
    with ThreadPoolExecutor(16) as pool:
        created = list(pool.map(lambda number: store.create("k", b"%d" % number), range(16)))
        etag = store.get("k").etag
        replaced = list(pool.map(lambda number: store.replace("k", b"new %d" % number, etag), range(16)))
    assert created.count(True) == replaced.count(True) == 1


def test_without_hard_links_an_object_is_created_once(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_link)
    with ThreadPoolExecutor(16) as pool:
        created = list(pool.map(lambda number: store.create("k", b"%d" % number), range(16)))
    assert created.count(True) == 1


def test_nobody_else_can_read(store: FileStore) -> None:
    before = os.umask(0)
    try:
        store.put("a/b", (b"x",))
        store.create("a/c/d", b"x")
    finally:
        os.umask(before)
    for path in (Path(store.root), *Path(store.root).rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


KEY = st.lists(st.sampled_from(["a", "a-", "a.b", "ab", "B", "%25", "0", "a~1"]), min_size=1, max_size=4).map("/".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(keys=st.sets(KEY, max_size=12), prefix=KEY, limit=st.none() | st.integers(0, 5))
def test_a_listing_is_all_keys_of_the_prefix_in_the_order_of_their_bytes(
    tmp_path: Path, keys: set[str], prefix: str, limit: int | None
) -> None:
    folders = {"/".join(key.split("/")[:depth]) for key in keys for depth in range(1, key.count("/") + 1)}
    store = FileStore(f"file:{tmp_path}/{os.urandom(4).hex()}")
    for key in keys - folders:
        store.put(key, (b"",))
    expected = sorted(key for key in keys - folders if key.startswith(prefix))
    assert list(store.list(prefix, limit)) == expected[:limit]


def test_large_ranges_are_private_maps(store: FileStore) -> None:
    data = os.urandom(1 << 20)
    store.put("k", (data,))
    view = store.get_range("k", 4096, 1 << 19)
    assert not view.readonly
    assert view == data[4096 : 4096 + (1 << 19)]
    view[:4] = b"mine"
    assert store.get("k").data == data


def test_a_range_beyond_the_end_is_an_error(store: FileStore) -> None:
    store.put("k", (b"12345",))
    with pytest.raises(StoreError, match="5 bytes, not 6"):
        store.get_range("k", 0, 6)


def test_relative_urls_are_where_the_process_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("file:here/there")
    monkeypatch.chdir("/")
    store.put("k", (b"x",))
    assert (tmp_path / "here/there/k").read_bytes() == b"x"
    assert open_store(store.url).get("k").data == b"x"
    assert open_store(f"file://{tmp_path}/here/there").get("k").data == b"x"


@pytest.mark.parametrize("url", ["file:", "ftp://x", "/path", ""])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


def test_a_full_disk_is_a_store_error_and_leaves_nothing(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    store.put("a/k", (b"old",))
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match="No space left"):
        store.put("a/k", (b"new",))
    monkeypatch.undo()
    assert store.get("a/k").data == b"old"
    assert os.listdir(f"{store.root}/a") == ["k"]


def test_a_relative_folder_is_meant_from_where_the_process_started(tmp_path: Path) -> None:
    source = LINE.replace("self.xs = list(range(100))", "os.chdir('/'); print(os.environ['FLOWC_STORE'])")
    write(tmp_path, source.format(end="pass"))
    ended = contain(tmp_path, "start", FLOWC_STORE="file:store")
    assert (ended.returncode, ended.stdout) == (0, f"file:{tmp_path / 'store'}\n"), ended.stderr
    assert (tmp_path / "store" / "F" / "r" / "_run.json").is_file()


@pytest.mark.parametrize("write", ["put", "create", "replace"])
def test_the_disk_has_the_bytes_before_the_file_has_its_name(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    store.put("a/k", (b"before",))
    seen: list[tuple[str, int]] = []

    def synced(file: int) -> None:
        seen.append(("sync", os.fstat(file).st_size))

    def named(before: str, after: str) -> None:
        seen.append(("name", os.stat(before).st_size))

    monkeypatch.setattr(os, "fdatasync", synced)
    monkeypatch.setattr(os, "link", named)
    monkeypatch.setattr(os, "rename", named)
    if write == "put":
        store.put("a/k", (b"one ", b"two"))
    elif write == "create":
        assert store.create("a/new", b"one two")
    else:
        assert store.replace("a/k", b"one two", store.get("a/k").etag)
    assert seen == [("sync", 7), ("name", 7)]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_what_the_disk_could_not_take_gets_no_name(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def broken(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(StoreError, match=os.strerror(number)):
        store.put("a/k", (b"data",))
    with pytest.raises(StoreError, match=os.strerror(number)):
        store.create("a/k", b"data")
    assert os.listdir(f"{store.root}/a") == []


def test_a_file_system_that_syncs_nothing_serves_as_well(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fdatasync", none)
    store.put("a/k", (b"data",))
    assert store.get("a/k").data == b"data"
