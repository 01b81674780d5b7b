"""Servers that answer what no honest one does: a line says so, in bounded memory and time, and it is no fault of ours."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from flowc.store.aws.credentials import find
from flowc.store.aws.profiles import Profiles
from flowc.store.aws.requests import Bucket
from flowc.store.aws.wire import Connection
from flowc.store.protocol import SetupError, StoreError
from flowc.store.s3 import S3Store

from tests.stages.aws import NOWHERE
from tests.stages.container import contain, write
from tests.stages.s3_server import Reply, Seen, fault, serve
from tests.stages.sources import LINE

KEYS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", **NOWHERE}
OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def saying(answer: bytes, ending: bytes = b"") -> Iterator[str]:
    """A server that answers each request with these bytes, then `ending` again and again, and closes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serving() -> None:
        with contextlib.suppress(OSError):
            while True:
                there, _ = listening.accept()
                with there, contextlib.suppress(OSError):
                    there.recv(1 << 16)
                    there.sendall(answer)
                    for _ in range(5000 if ending else 0):
                        there.sendall(ending)

    thread = threading.Thread(target=serving, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def bucket(url: str) -> Bucket:
    """One behind that server, which waits for nothing."""
    return Bucket("b", {**KEYS, "AWS_ENDPOINT_URL": url}, sleep=lambda _: None)


ANSWERS = {
    "a length of 10^14": (OK + b"content-length: 100000000000000\r\n\r\nabc", b""),
    "a length of 10^14 that comes": (OK + b"content-length: 100000000000000\r\n\r\n", bytes(1 << 10)),
    "a length of 5000 digits": (OK + b"content-length: " + b"9" * 5000 + b"\r\n\r\nabc", b""),
    "a negative length": (OK + b"content-length: -5\r\n\r\nabc", b""),
    "no number as a length": (OK + b"content-length: ten\r\n\r\nabc", b""),
    "a negative chunk": (OK + b"transfer-encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n", b""),
    "a chunk with a sign": (OK + b"transfer-encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n", b""),
    "a chunk of 10^14": (OK + b"transfer-encoding: chunked\r\n\r\n5af3107a4000\r\nabc", b""),
    "a chunk of 10^20": (OK + b"transfer-encoding: chunked\r\n\r\n56bc75e2d63100000\r\nabc", b""),
    "a chunk without an end": (OK + b"transfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", b""),
    "chunks that stop": (OK + b"transfer-encoding: chunked\r\n\r\n3\r\nab", b""),
    "trailers for ever": (OK + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
    "100 for ever": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers for ever": (OK, b"x: y\r\n"),
    "a line without an end": (OK + b"x: ", bytes(100)),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", b""),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_answer_of_http_is_a_store_error(name: str) -> None:
    with saying(*ANSWERS[name]) as url, pytest.raises(StoreError, match=r"GET s3://b/k at .* failed \d times"):
        S3Store("s3://b", bucket(url)).get("k")


def test_a_length_is_no_reason_to_take_memory() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); "
        "from flowc.store.aws.wire import *; import sys; c = Connection(sys.argv[1], 10); c.send('GET', '/', {'host': 'x'}); "
        "head = c.receive('GET'); assert head.length == 10**14\n"
        "try: c.body(head)\n"
        "except WireError as error: print(error)"
    )
    with saying(OK + b"content-length: 100000000000000\r\n\r\nabc") as url:
        done = subprocess.run([sys.executable, "-c", code, url[7:]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "3 of 100000000000000 bytes came\n"), done.stderr


@pytest.mark.parametrize("size", [0, 1, (64 << 20) - 1, (64 << 20) + 1, 150 << 20])
def test_bodies_of_any_honest_length_come_whole(size: int) -> None:
    data = bytes(size)
    with saying(OK + b"content-length: %d\r\n\r\n" % size + data) as url:
        connection = Connection(url[7:], 10)
        connection.send("GET", "/", {"host": "x"})
        body = connection.body(connection.receive("GET"))
        connection.close()
    assert len(body) == size
    assert body == data


BODIES = {
    "a size that is no number": b"<R><Contents><Key>k</Key><Size>many</Size></Contents></R>",
    "no XML": b"{}",
    "XML that stops": b"<R><Contents>",
    "an encoding that nobody knows": b"<?xml version='1.0' encoding='x-nothing'?><R/>",
    "the same page for ever": b"<R><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></R>",
}


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_listing_is_a_store_error(name: str) -> None:
    with serve(lambda _: Reply(200, BODIES[name])) as server, pytest.raises(StoreError, match="answer"):
        list(S3Store("s3://b", bucket(server.url)).list(""))
    assert len(server.seen) <= 3


@pytest.mark.parametrize(
    "date", ["", "soon", "Mon, 99 Foo 99999 99:99:99 GMT", "Thu, 01 Jan 0000 00:00:00 GMT", "\x00"]
)
def test_a_date_that_is_none_moves_no_clock(date: str) -> None:
    reply = Reply(403, fault("RequestTimeTooSkewed"), {"date": date})
    with serve(lambda _: reply) as server, pytest.raises(StoreError, match="RequestTimeTooSkewed"):
        S3Store("s3://b", bucket(server.url)).get("k")
    assert len(server.seen) <= 2


@pytest.mark.parametrize("region", ["evil.org/", "a@b", "x y", "a" * 5000, "é"])
def test_a_region_that_is_none_leads_nowhere(region: str) -> None:
    body = fault("PermanentRedirect", extra=f"<Region>{region}</Region>")
    with serve(lambda _: Reply(301, body)) as server, pytest.raises(StoreError, match="PermanentRedirect"):
        S3Store("s3://b", bucket(server.url)).get("k")
    assert len(server.seen) == 1


def test_pieces_without_a_tag_are_a_store_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from flowc.store.aws import objects

    def script(seen: Seen) -> Reply:
        return Reply(200, b"<R><UploadId>u</UploadId></R>" if seen.method == "POST" else b"")

    monkeypatch.setattr(objects, "PIECE", 10)
    with serve(script) as server, pytest.raises(StoreError, match="PUT s3://b/k"):
        S3Store("s3://b", bucket(server.url)).put("k", [bytes(100)])


CREDENTIALS: dict[str, bytes] = {
    "a list": b"[]",
    "a number": b"5",
    "a text": b'"AccessKeyId"',
    "nothing": b"null",
    "a key that is no text": b'{"AccessKeyId": 5, "SecretAccessKey": "s"}',
    "no secret": b'{"AccessKeyId": "k", "SecretAccessKey": null}',
    "a token that is no text": b'{"AccessKeyId": "k", "SecretAccessKey": "s", "Token": ["t"]}',
    "a bad date": b'{"AccessKeyId": "k", "SecretAccessKey": "s", "Expiration": "soon"}',
    "a date of no calendar": b'{"AccessKeyId": "k", "SecretAccessKey": "s", "Expiration": "2026-99-99T99:99:99Z"}',
    "a date of other digits": '{"AccessKeyId": "k", "SecretAccessKey": "s", "Expiration": "٢٠٢٦-01-01T00:00:00Z"}'.encode(),
    "a date that is none": b'{"AccessKeyId": "k", "SecretAccessKey": "s", "Expiration": 5}',
    "a deep one": b"[" * 200_000,
    "no UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_what_is_no_credentials_is_a_store_error(name: str) -> None:
    with serve(lambda _: Reply(200, CREDENTIALS[name])) as server:
        variables = {**NOWHERE, "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/role"}
        with pytest.raises(StoreError, match="gave no credentials"):
            find(variables, Profiles(variables))


@pytest.mark.parametrize("end", ["soon", "2026-99-99T99:99:99Z"])
def test_a_role_with_a_bad_end_is_a_store_error(end: str, tmp_path: Path) -> None:
    body = f"<R><AccessKeyId>k</AccessKeyId><SecretAccessKey>s</SecretAccessKey><Expiration>{end}</Expiration></R>"
    (tmp_path / "token").write_text("t")
    with serve(lambda _: Reply(200, body.encode())) as server:
        named = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ROLE_ARN": "arn:aws:iam::1:role/r"}
        variables = {**NOWHERE, **named, "AWS_ENDPOINT_URL": server.url}
        with pytest.raises(StoreError, match="gave credentials for the role"):
            find(variables, Profiles(variables))


@pytest.mark.parametrize("answer", [b"a\r\nx-evil: 1", "tökén".encode("latin-1"), b"\xff"])
def test_what_a_server_tells_makes_no_header_of_its_own(answer: bytes) -> None:
    with serve(lambda _: Reply(200, answer)) as server:
        variables = {**NOWHERE, "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url}
        with pytest.raises(StoreError, match="a request cannot be sent"):
            find(variables, Profiles(variables))
    assert all("x-evil" not in seen.headers for seen in server.seen)


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
@pytest.mark.parametrize("value", ["k\n", "a b", "schlüssel", "k\r\nx: y"])
def test_credentials_with_more_around_them_are_told(name: str, value: str) -> None:
    with (
        serve(lambda _: Reply(200)) as server,
        pytest.raises(SetupError, match="AWS credentials hold a line break") as told,
    ):
        S3Store("s3://b", Bucket("b", {**KEYS, name: value, "AWS_ENDPOINT_URL": server.url})).get("k")
    assert value not in str(told.value)
    assert not server.seen


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:99999", "http://a..b", f"http://{'a' * 100}.org", "http://", "ftp://x", "x"]
)
def test_an_endpoint_that_is_none_is_told_once(endpoint: str) -> None:
    pauses: list[float] = []
    with pytest.raises(SetupError):
        S3Store("s3://b", Bucket("b", {**KEYS, "AWS_ENDPOINT_URL": endpoint}, sleep=pauses.append)).get("k")
    assert not pauses


def test_an_endpoint_with_a_password_is_refused_and_not_told() -> None:
    with pytest.raises(SetupError, match="holds a user or a password") as told:
        Bucket("b", {**KEYS, "AWS_ENDPOINT_URL": "http://user:p4ssw0rd@host"})
    assert "p4ssw0rd" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "is_asked"),
    [
        ("https://anywhere.org/role", True),
        ("http://127.0.0.1/role", True),
        ("http://127.8.9.1:80/role", True),
        ("http://localhost:8080/role", True),
        ("http://LOCALHOST/role", True),
        ("http://[::1]:80/role", True),
        ("http://169.254.170.2/role", True),
        ("http://169.254.170.23/v1/credentials", True),
        ("http://[fd00:ec2::23]/v1/credentials", True),
        ("http://anywhere.org/role", False),
        ("http://169.254.169.254/role", False),
        ("http://10.0.0.1/role", False),
        ("http://localhost.evil.org/role", False),
        ("http://127.0.0.1.evil.org/role", False),
        ("http://127.0.0.1@evil.org/role", False),
        ("http://2130706433/role", False),
        ("http://[::ffff:10.0.0.1]/role", False),
        ("https:///role", False),
        ("ftp://127.0.0.1/role", False),
        ("role", False),
    ],
)
def test_a_container_role_is_asked_near_by_or_over_tls_alone(
    url: str, is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flowc.store.aws import roles

    asked: list[str] = []

    def once(call: roles._Call) -> tuple[int, bytes]:
        asked.append(call.url)
        return 200, b'{"AccessKeyId": "k", "SecretAccessKey": "s"}'

    monkeypatch.setattr(roles, "_once", once)
    variables = {**NOWHERE, "AWS_CONTAINER_CREDENTIALS_FULL_URI": url}
    if is_asked:
        assert find(variables, Profiles(variables)).access_key == "k"
    else:
        with pytest.raises(SetupError, match="neither this machine, nor the service of ECS or EKS"):
            find(variables, Profiles(variables))
    assert asked == ([url] if is_asked else [])


def test_a_metadata_service_that_is_slow_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from flowc.store.aws import roles

    answers: list[object] = [TimeoutError(), (503, b""), (200, b"token"), (200, b"role"),
                             (200, b'{"AccessKeyId": "k", "SecretAccessKey": "s"}')]  # fmt: skip

    def once(_: roles._Call) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(roles, "_once", once)
    assert roles.instance("http://metadata").access_key == "k"  # type: ignore[union-attr]


def _missing(folder: Path) -> Mapping[str, str]:
    return {**NOWHERE, "FLOWC_STORE": "s3://bucket/prefix", "HOME": str(folder)}


@pytest.mark.parametrize(
    ("variables", "code", "told"),
    [
        ({}, 2, "no AWS credentials"),
        ({**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:99999"}, 2, "is no host, or its port is none"),
        ({**KEYS, "AWS_ENDPOINT_URL": "ftp://x"}, 2, "is no http:// or https:// URL"),
        ({**KEYS, "AWS_SESSION_TOKEN": "t\n"}, 2, "hold a line break"),
        ({"AWS_PROFILE": "nobody"}, 2, "AWS_PROFILE names the profile 'nobody'"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.org/"}, 2, "names neither this machine"),
        ({"FLOWC_STORE": "s3://key:p4ssw0rd@bucket/prefix"}, 2, "holds a user, a password or a signature"),
        ({"FLOWC_STORE": "az://container/prefix"}, 2, "no credentials for Azure"),
    ],
)
def test_no_attempt_is_worth_another_where_something_is_not_set_up(
    tmp_path: Path, variables: Mapping[str, str], code: int, told: str
) -> None:
    write(tmp_path, LINE.format(end="pass"))
    ended = contain(tmp_path, "start", **{**_missing(tmp_path), **variables})
    assert (ended.returncode, ended.stdout) == (code, ""), ended.stderr
    assert told in ended.stderr
    assert "p4ssw0rd" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
