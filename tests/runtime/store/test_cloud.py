"""What is said and done where Google or Azure do not do what they are asked."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flowc.store import open_store
from flowc.store.cloud import CloudStore, _plain
from flowc.store.protocol import MissingError, SetupError, Store, StoreError

from tests.engines.azurite import DIRECT
from tests.stages.gcs_server import Answer, Storage, google
from tests.stages.s3_server import Reply, Seen, serve


@pytest.fixture
def storage() -> Storage:
    """Google's side."""
    return Storage("flows")


@pytest.fixture
def store(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store there."""
    with google(storage) as url:
        for name, value in {"STORAGE_EMULATOR_HOST": url, **DIRECT}.items():
            monkeypatch.setenv(name, value)
        yield open_store("gs://flows/root")


def _emulated(url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    for name, value in {"STORAGE_EMULATOR_HOST": url, **DIRECT}.items():
        monkeypatch.setenv(name, value)
    return open_store("gs://flows/root")


def test_a_server_that_ignores_conditions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _: Reply(200, headers={"etag": '"1"', "x-goog-generation": "1"})) as server:
        store = _emulated(server.url, monkeypatch)
        with pytest.raises(StoreError, match="ignores conditional puts"):
            store.probe("claim", b"data")  # type: ignore[attr-defined]


def test_a_write_whose_answer_was_lost_has_won(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage("flows")
    lost = ["PUT"]

    def script(seen: Seen) -> Reply:
        path, _, _ = seen.path.partition("?")
        answer: Answer = storage.answer(seen.method, path, {}, seen.headers, seen.body)
        if lost and seen.method == lost[0]:
            lost.pop()
            return Reply(503)
        return Reply(answer.status, answer.body, {**answer.headers})

    with serve(script) as server:
        store = _emulated(server.url, monkeypatch)
        assert store.create("claim", b"one")
        tag = store.get("claim").etag
        lost.append("PUT")
        assert store.replace("claim", b"two", tag)
        assert not store.create("claim", b"one")
    assert not lost


@pytest.mark.parametrize(
    ("status", "body"), [(403, b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"), (401, b"")]
)
def test_a_refusal_says_what_the_identity_needs(status: int, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _: Reply(status, body)) as server:
        store = _emulated(server.url, monkeypatch)
        for use in (lambda: store.get("k"), lambda: store.put("k", [b"."]), lambda: list(store.list(""))):
            with pytest.raises(StoreError, match=r"access denied\. The identity needs to read, write") as refused:
                use()
            assert "\n" not in str(refused.value)


def _listed(facts: str) -> bytes:
    return f"<ListBucketResult><Contents><Key>root/a</Key>{facts}</Contents></ListBucketResult>".encode()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>", {"content-type": "text/html"}),
        Reply(200, _listed("<Size>-5</Size>")),
        Reply(200, _listed("<Size>1</Size><LastModified>soon</LastModified>")),
        Reply(400, b"no"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_a_store_error(reply: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _: reply) as server:
        store = _emulated(server.url, monkeypatch)
        with pytest.raises(StoreError, match="cannot be listed"):
            list(store.list(""))
        with pytest.raises((StoreError, MissingError)):
            store.get("k")


def test_a_fork_of_the_process_is_told_and_does_not_hang(store: Store) -> None:
    store.put("k", [b"data"])
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        said = "nothing"
        try:
            store.get("k")
        except StoreError as error:
            said = str(error)
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        assert b"a fork of the process that opened it" in told.read()
    assert os.waitpid(child, 0)[1] == 0
    assert store.get("k").data == b"data"


@pytest.mark.parametrize("url", ["az://container/x", "gs://bucket/x"])
def test_credentials_that_are_missing_are_a_matter_of_setting_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AZURE", "GOOGLE", "STORAGE"))]:
        monkeypatch.delenv(name)
    if url.startswith("gs:"):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/key.json")
    with pytest.raises(SetupError, match="no credentials for"):
        open_store(url).get("k")


def test_an_error_is_told_in_a_line_without_its_query() -> None:
    text = (
        "Generic GCS error: Error performing GET https://x.org/b/k?sig=S3CRET&x=1 in 3ms - 404 Not Found: "
        '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>gone\naway</Message></Error>\n\nDebug source:\nGeneric { S3CRET }'
    )
    assert _plain(text) == (
        "Generic GCS error: Error performing GET https://x.org/b/k?… in 3ms - 404 Not Found: NoSuchKey: gone away"
    )


def test_a_store_says_where_it_is(store: Store) -> None:
    assert isinstance(store, CloudStore)
    assert (store.url, repr(store)) == ("gs://flows/root", "CloudStore('gs://flows/root')")


def test_folders_are_what_stands_before_the_next_slash(store: Store) -> None:
    for key in ("B/r/a", "A/r/a", "A/s/a", "_x/a", "file"):
        store.put(key, [b"."])
    assert isinstance(store, CloudStore)
    assert [*store.folders()] == ["A", "B", "_x"]
    assert [*store.folders("A/")] == ["r", "s"]
