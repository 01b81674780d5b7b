"""What a client does with a server in trouble: it waits, asks again, recognises its own write, or says what is wrong."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest
from flowc.artifacts.manifest import RunRecord
from flowc.artifacts.ordering import claim
from flowc.store.aws.requests import Bucket
from flowc.store.protocol import MissingError, StoreError
from flowc.store.s3 import S3Store

from tests.stages.aws import NOWHERE
from tests.stages.s3_server import Reply, Script, Seen, Server, fault, serve

KEYS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", **NOWHERE}
GOOD = Reply(200, b"data", {"etag": '"e"'})


def _store(server: Server, pauses: list[float] | None = None, **more: str) -> S3Store:
    environment = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        **NOWHERE,
        **more,
    }
    return S3Store("s3://b/p", Bucket("b", environment, sleep=([] if pauses is None else pauses).append))


def _script(*replies: Reply) -> Script:
    """These replies one after the other, the last one for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(503, fault("SlowDown")),
        Reply(500, fault("InternalError")),
        Reply(502, b"<html>bad gateway</html>"),
        Reply(429),
        Reply(400, fault("RequestTimeout")),
        Reply(409, fault("ConditionalRequestConflict")),
        Reply(drop=True),
        Reply(200, b"data", short=2),
    ],
    ids=lambda reply: f"{reply.status}{'-drop' if reply.drop else ''}{'-short' if reply.short else ''}",
)
def test_passing_trouble_is_waited_for(trouble: Reply) -> None:
    pauses: list[float] = []
    with serve(_script(trouble, trouble, trouble, GOOD)) as server:
        assert _store(server, pauses).get("k").data == b"data"
    assert len(server.seen) == 4
    assert all(0.05 * 2**n <= pause <= 0.1 * 2**n for n, pause in enumerate(pauses))


@pytest.mark.parametrize("reply", [Reply(503, fault("SlowDown", "too fast")), Reply(drop=True)], ids=["busy", "silent"])
def test_lasting_trouble_is_an_error_that_says_it(reply: Reply) -> None:
    pauses: list[float] = []
    with (
        serve(_script(reply)) as server,
        pytest.raises(StoreError, match=r"GET s3://b/p/k at .* failed 9 times, .*(too fast|Remote)"),
    ):
        _store(server, pauses).get("k")
    assert max(pauses) <= 8


def test_no_server_is_an_error_that_says_it() -> None:
    with serve(_script(GOOD)) as server:
        pass
    with pytest.raises(StoreError, match="Connection refused"):
        _store(server).get("k")


class Lossy:
    """A server that writes an object and then loses its answer."""

    def __init__(self, content: bytes | None = None) -> None:
        self.content = content
        self.lost = 0

    def __call__(self, seen: Seen) -> Reply:
        if seen.method == "GET":
            return Reply(200, self.content or b"") if self.content is not None else Reply(404, fault("NoSuchKey"))
        matches = (
            self.content is None
            if "if-none-match" in seen.headers
            else seen.headers["if-match"] == '"old"' and self.lost == 0
        )
        if matches:
            self.content = seen.body
        if self.lost == 0:
            self.lost = 1
            return Reply(drop=True)
        return Reply(200) if matches else Reply(412, fault("PreconditionFailed"))


def test_a_create_whose_answer_was_lost_knows_its_own_write() -> None:
    with serve(Lossy()) as server:
        assert _store(server).create("k", b"mine, token 1")


def test_a_create_that_another_won_while_the_answer_was_lost_lost() -> None:
    with serve(Lossy(b"theirs, token 2")) as server:
        assert not _store(server).create("k", b"mine, token 1")


def test_a_replace_whose_answer_was_lost_knows_its_own_write() -> None:
    with serve(Lossy(b"before")) as server:
        assert _store(server).replace("k", b"mine, token 1", '"old"')


def test_a_clear_answer_is_not_looked_at_twice() -> None:
    with serve(_script(Reply(412, fault("PreconditionFailed")))) as server:
        assert not _store(server).create("k", b"x")
    assert [seen.method for seen in server.seen] == ["PUT"]


def test_a_server_that_ignores_conditions_is_refused() -> None:
    with serve(_script(Reply(200))) as server, pytest.raises(StoreError, match="ignores conditional puts"):
        _store(server).probe("claim", b"data")


def test_a_run_on_a_server_that_ignores_conditions_does_not_begin() -> None:
    record = RunRecord("F", "r", "me", 1.0, (), (), "start", "me", "")
    with serve(_script(Reply(200))) as server, pytest.raises(StoreError, match="ignores conditional puts"):
        claim(_store(server), record)
    assert not any("_created" in seen.path for seen in server.seen)


def test_a_server_without_ranges_gives_the_bytes_all_the_same() -> None:
    with serve(_script(Reply(200, b"0123456789"))) as server:
        assert bytes(_store(server).get_range("k", 2, 3)) == b"234"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            Reply(403, fault("AccessDenied", "Access Denied")),
            r"GET s3://b/p/k .*access denied \(Access Denied\).*s3:GetObject",
        ),
        (
            Reply(403, fault("InvalidAccessKeyId", "no such key")),
            r"credentials are wrong \(InvalidAccessKeyId: no such key\)",
        ),
        (Reply(403, fault("SignatureDoesNotMatch")), "credentials are wrong"),
        (Reply(404, fault("NoSuchBucket")), "there is no bucket 'b'"),
        (Reply(418, b"teapot"), "status 418"),
    ],
    ids=["denied", "key", "signature", "bucket", "teapot"],
)
def test_a_refusal_says_what_to_do(reply: Reply, message: str) -> None:
    with serve(_script(reply)) as server, pytest.raises(StoreError, match=message):
        _store(server).get("k")
    assert len(server.seen) == 1, "a refusal is not asked for again"


def test_missing_is_no_trouble() -> None:
    with serve(_script(Reply(404, fault("NoSuchKey")))) as server, pytest.raises(MissingError):
        _store(server).get("k")


def _regional(status: int, body: bytes, headers: dict[str, str]) -> Script:
    def answer(seen: Seen) -> Reply:
        return GOOD if "/eu-north-1/s3/" in seen.headers["authorization"] else Reply(status, body, headers)

    return answer


@pytest.mark.parametrize(
    "script",
    [
        _regional(301, fault("PermanentRedirect"), {"x-amz-bucket-region": "eu-north-1"}),
        _regional(400, fault("AuthorizationHeaderMalformed", "", "<Region>eu-north-1</Region>"), {}),
        _regional(400, b"", {"x-amz-bucket-region": "eu-north-1"}),
    ],
    ids=["301", "400", "400-header"],
)
def test_a_bucket_in_another_region_is_followed_once(script: Script) -> None:
    pauses: list[float] = []
    with serve(script) as server:
        store = _store(server, pauses, AWS_REGION="us-west-2")
        assert store.get("k").data == store.get("k").data == b"data"
    assert len(server.seen) == 3, "the region is remembered"
    assert not pauses


def test_a_redirect_in_a_circle_ends() -> None:
    regions = iter(["r1", "r2", "r1", "r2", "r1", "r2"])

    def answer(_: Seen) -> Reply:
        return Reply(301, fault("PermanentRedirect"), {"x-amz-bucket-region": next(regions)})

    with serve(answer) as server, pytest.raises(StoreError, match="PermanentRedirect"):
        _store(server).get("k")


@pytest.mark.parametrize(
    ("region", "bucket", "host", "path"),
    [
        ("eu-west-1", "b-1", "b-1.s3.eu-west-1.amazonaws.com", ""),
        ("cn-north-1", "b-1", "b-1.s3.cn-north-1.amazonaws.com.cn", ""),
        ("us-east-1", "dotted.name", "s3.us-east-1.amazonaws.com", "/dotted.name"),
        ("us-east-1", "UPPER_case", "s3.us-east-1.amazonaws.com", "/UPPER_case"),
    ],
)
def test_aws_is_asked_at_the_buckets_own_host(region: str, bucket: str, host: str, path: str) -> None:
    place = Bucket(bucket, {"AWS_REGION": region, **NOWHERE}).place
    assert (place.scheme, place.host, place.base) == ("https", host, path)


def test_a_wrong_clock_is_corrected() -> None:
    def answer(seen: Seen) -> Reply:
        if seen.headers["x-amz-date"].startswith("2040"):
            return GOOD
        return Reply(403, fault("RequestTimeTooSkewed"), {"date": "Sun, 01 Jan 2040 00:00:00 GMT"})

    with serve(answer) as server:
        assert _store(server).get("k").data == b"data"


def test_no_credentials_says_where_they_were_looked_for() -> None:
    bucket = Bucket("b", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", **NOWHERE})
    with pytest.raises(StoreError, match=r"no AWS credentials: AWS_ACCESS_KEY_ID.*profile.*CONTAINER.*instance"):
        S3Store("s3://b", bucket).get("k")


def test_one_connection_serves_all_requests_of_a_thread() -> None:
    ports: set[str] = set()
    with serve(_script(GOOD)) as server:
        store = _store(server)
        for _ in range(3):
            store.get("k")
            ports.add(",".join(str(port) for port in _ports(store)))
    assert len(ports) == 1


@pytest.mark.parametrize("size", [1, 3 << 20])
def test_a_connection_that_ended_while_idle_is_opened_again(size: int) -> None:
    pauses: list[float] = []
    with serve(_script(Reply(200, b"", {"etag": '"e"'}, leave=True))) as server:
        store = _store(server, pauses)
        for number in range(3):
            store.put(f"k{number}", [bytes(size)])
    assert [len(seen.body) for seen in server.seen] == [size] * 3
    assert len(pauses) <= 2


def test_a_fork_opens_a_connection_of_its_own() -> None:
    with serve(_script(GOOD)) as server:
        store = _store(server)
        store.get("k")
        own = list(_ports(store))
        child = os.fork()
        if child == 0:
            is_right = store.get("k").data == b"data" and list(_ports(store)) != own
            os._exit(0 if is_right else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        store.get("k")
        assert list(_ports(store)) == own, "its parent goes on with the one that it had"


def _ports(store: S3Store) -> Iterator[int]:
    for connection in store.bucket._idle:
        yield connection.sock.getsockname()[1]


def test_a_refusal_that_comes_before_the_body_is_read_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_refuse_early, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        store = S3Store("s3://b", Bucket("b", {**KEYS, "AWS_ENDPOINT_URL": url}, sleep=[].append))
        with pytest.raises(StoreError, match="access denied"):
            store.put("k", [bytes(30 << 20)])
        thread.join()


def _refuse_early(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1000)
        body = fault("AccessDenied", "not yours")
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        threading.Event().wait(0.2)


def test_a_piece_that_fails_ends_the_upload_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.store.aws.objects.PIECE", 4)

    def answer(seen: Seen) -> Reply:
        if seen.path.endswith("?uploads="):
            return Reply(200, b"<R><UploadId>u1</UploadId></R>")
        return Reply(403, fault("AccessDenied")) if "partNumber=3" in seen.path else Reply(200, b"", {"etag": '"e"'})

    with serve(answer) as server, pytest.raises(StoreError, match="access denied"):
        _store(server).put("k", [b"0123456789abcdef"])
    assert (server.seen[-1].method, "uploadId=u1" in server.seen[-1].path) == ("DELETE", True)


def _multipart(*completions: Reply) -> Script:
    left = list(completions)

    def answer(seen: Seen) -> Reply:
        if seen.path.endswith("?uploads="):
            return Reply(200, b"<R><UploadId>u1</UploadId></R>")
        if seen.method == "POST":
            return left.pop(0)
        return Reply(200, b"0123456789abcdef" if seen.method == "HEAD" else b"", {"etag": '"e"'})

    return answer


@pytest.mark.parametrize(
    "completions",
    [
        (Reply(200, b"<CompleteMultipartUploadResult/>"),),
        (Reply(200, fault("InternalError")), Reply(200, b"<CompleteMultipartUploadResult/>")),
        (Reply(drop=True), Reply(404, fault("NoSuchUpload"))),
    ],
    ids=["good", "error-in-a-good-answer", "answer-lost"],
)
def test_pieces_become_one_object_whatever_the_last_answer(
    monkeypatch: pytest.MonkeyPatch, completions: tuple[Reply, ...]
) -> None:
    monkeypatch.setattr("flowc.store.aws.objects.PIECE", 4)
    with serve(_multipart(*completions)) as server:
        _store(server).put("k", [b"0123456789abcdef"])
    final = next(seen for seen in server.seen if seen.method == "POST" and "uploadId" in seen.path)
    assert [final.body.count(b"<PartNumber>%d<" % number) for number in range(1, 6)] == [1, 1, 1, 1, 0]
    assert not any(seen.method == "DELETE" for seen in server.seen)


def test_pieces_that_never_become_an_object_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.store.aws.objects.PIECE", 4)
    with serve(_multipart(*[Reply(200, fault("InternalError", "sorry"))] * 3)) as server, pytest.raises(StoreError):
        _store(server).put("k", [b"0123456789abcdef"])
    assert server.seen[-1].method == "DELETE"
