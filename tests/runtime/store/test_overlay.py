"""A store under a folder: what is read, what is seen, and that nothing of it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.store import open_store
from flowc.store.files import FileStore
from flowc.store.overlay import OverlayStore, Rules, write_rules
from flowc.store.protocol import MissingError, StoreError
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = ("a", "b/c", "b/d", "h/x", "h/y")


def _stores(folder: Path, hidden: tuple[str, ...] = (), shown: tuple[str, ...] = ()) -> tuple[FileStore, OverlayStore]:
    under = FileStore(f"file:{folder / 'under'}")
    for key in KEYS:
        under.put(key, (key.encode(),))
    (folder / "over").mkdir()
    return under, OverlayStore(under, str(folder / "over"), Rules(under.url, (), hidden, shown))


def _all(store: FileStore) -> dict[str, bytes]:
    return {key: store.get(key).data for key in store.list("")}


def test_what_is_written_is_seen_first_and_never_reaches_what_is_under(tmp_path: Path) -> None:
    under, store = _stores(tmp_path)
    before = _all(under)
    store.put("a", (b"new",))
    assert not store.create("b/c", b"new")
    assert store.create("b/e", b"new")
    assert not store.replace("b/d", b"new", "no tag")
    assert store.replace("b/d", b"new", under.get("b/d").etag)
    assert store.replace("b/d", b"newer", store.get("b/d").etag)
    store.copy("a", "f")
    store.copy("h/x", "g")
    assert [store.get(key).data for key in ("a", "b/c", "b/d", "b/e", "f", "g")] == [
        b"new",
        b"b/c",
        b"newer",
        b"new",
        b"new",
        b"h/x",
    ]
    assert bytes(store.get_range("b/d", 1, 3)) == b"ewe"
    assert bytes(store.get_range("h/y", 0, 1)) == b"h"
    assert list(store.list("b/")) == ["b/c", "b/d", "b/e"]
    assert list(store.list("", 3)) == ["a", "b/c", "b/d"]
    assert [(each.key, each.size) for each in store.entries("b/")] == [("b/c", 3), ("b/d", 5), ("b/e", 3)]
    assert list(store.folders()) == ["b", "h"]
    for refused in (lambda: store.delete("a"), lambda: store.delete_all(["b/c"])):
        with pytest.raises(StoreError, match="a replay deletes nothing"):
            refused()
    assert _all(under) == before


def test_what_is_hidden_is_not_there_until_it_is_written(tmp_path: Path) -> None:
    under, store = _stores(tmp_path, ("h/",), ("h/y",))
    assert store.size("h/x") is None
    assert store.size("h/y") == 3
    with pytest.raises(MissingError):
        store.get("h/x")
    with pytest.raises(MissingError):
        store.get_range("h/x", 0, 1)
    assert list(store.list("h/")) == ["h/y"]
    assert not store.replace("h/x", b"new", under.get("h/x").etag)
    assert not store.create("h/y", b"new")
    assert store.create("h/x", b"new")
    assert (store.get("h/x").data, under.get("h/x").data) == (b"new", b"h/x")


def test_only_the_runs_own_store_lies_under_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    under, store = _stores(tmp_path)
    write_rules(str(tmp_path / "over"), store.rules)
    monkeypatch.setenv("FLOWC_REPLAY", str(tmp_path / "over"))
    open_store(under.url).put("a", (b"new",))
    open_store(f"file:{tmp_path / 'other'}").put("a", (b"other",))
    monkeypatch.delenv("FLOWC_REPLAY")
    assert under.get("a").data == b"a"
    assert FileStore(f"file:{tmp_path / 'over'}").get("a").data == b"new"
    assert FileStore(f"file:{tmp_path / 'other'}").get("a").data == b"other"


STEPS = st.tuples(
    st.sampled_from(("put", "create", "replace", "late", "copy")),
    st.sampled_from((*KEYS, "n", "b/n")),
    st.binary(max_size=3) | st.sampled_from([key.encode() for key in KEYS]),  # what lies there, and what does not
)


@settings(deadline=None, max_examples=40)  # each of its writes is synced
@given(steps=st.lists(STEPS, max_size=12))
def test_it_does_what_a_copy_of_the_store_would(
    steps: list[tuple[str, str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("overlay")
    under, store = _stores(folder)
    before = _all(under)
    copy = FileStore(f"file:{folder / 'copy'}")
    for key, data in before.items():
        copy.put(key, (data,))
    for kind, key, data in steps:
        assert _done(store, kind, key, data) == _done(copy, kind, key, data)
    assert {key: store.get(key).data for key in store.list("")} == _all(copy)
    assert [(each.key, each.size) for each in store.entries("")] == [(each.key, each.size) for each in copy.entries("")]
    assert _all(under) == before


def _done(store: OverlayStore | FileStore, kind: str, key: str, data: bytes) -> object:
    """What one call gives."""
    match kind:
        case "put":
            return store.put(key, (data,))
        case "create":
            return store.create(key, data)
        case "replace":
            tag = store.get(key).etag if store.size(key) is not None else "none"
            return store.replace(key, data, tag)
        case "late":
            return store.replace(key, data, "none")
        case _:
            return store.copy("a", key)
