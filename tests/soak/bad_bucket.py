"""S3 with bad luck, as a program: `python -m tests.soak.bad_bucket SEED`; it prints its port and ends when its standard input closes.

moto answers. Before or behind it a share of the requests for a bucket goes wrong: `PUT /-/luck?bucket=NAME&rate=0.3` sets the share, and
answers with what has gone wrong there so far, by kind.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from moto.s3.responses import S3Response
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BEFORE = ("busy", "error", "throttled", "dropped")
"""A 503, a 500, a 429, a closed connection: the request is not looked at."""
BEHIND = ("lost after it was done", "error after it was done", "cut body")
"""It is done, and then the connection is closed, or a 500 comes, or half of the answer's body."""
KINDS = (*BEFORE, *BEHIND)

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_STATUS = {"busy": "503 Slow Down", "error": "500 Internal Server Error", "throttled": "429 Too Many Requests"}


class BadLuck:
    """What lies around the server."""

    def __init__(self, server: Wsgi, seed: int) -> None:
        self._server, self._dice, self._lock = server, random.Random(seed), threading.Lock()
        self._rates: dict[str, float] = {}
        self._counts: dict[str, Counter[str]] = {}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        bucket = environ["PATH_INFO"].split("/")[1]
        if bucket == "-":
            return self._steered(parse_qs(environ["QUERY_STRING"]), start)
        with self._lock:
            kind = self._dice.choice(KINDS) if self._dice.random() < self._rates.get(bucket, 0) else ""
        if kind in BEFORE:
            self._count(bucket, kind)
            return _closed(environ) if kind == "dropped" else _refused(_STATUS[kind], start)
        status, headers, body = _asked(self._server, environ)
        if not kind or (kind == "cut body" and len(body) < 2):
            start(status, headers)
            return (body,)
        self._count(bucket, kind)
        if kind == "error after it was done":
            return _refused(_STATUS["error"], start)
        if kind == "cut body":
            _send_cut(environ["werkzeug.socket"], status, headers, body)
        return _closed(environ)

    def _count(self, bucket: str, kind: str) -> None:
        with self._lock:
            self._counts[bucket][kind] += 1

    def _steered(self, said: dict[str, list[str]], start: Callable[..., Any]) -> Iterable[bytes]:
        [bucket], [rate] = said["bucket"], said["rate"]
        with self._lock:
            self._rates[bucket] = float(rate)
            told = json.dumps(self._counts.setdefault(bucket, Counter())).encode()
        start("200 OK", [("Content-Length", str(len(told)))])
        return (told,)


def _asked(server: Wsgi, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    got: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        got.update(status=status, headers=headers)

    body = b"".join(server(environ, start))
    return got["status"], got["headers"], body


def _refused(status: str, start: Callable[..., Any]) -> Iterable[bytes]:
    body = b"<Error><Code>InternalError</Code><Message>bad luck</Message></Error>"
    start(status, [("Content-Length", str(len(body))), ("Content-Type", "application/xml")])
    return (body,)


def _closed(environ: dict[str, Any]) -> Iterable[bytes]:
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return ()


def _send_cut(connection: socket.socket, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers if name.lower() != "content-length")
    told = f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n"
    connection.sendall(told.encode() + body[: len(body) // 2])
    connection.shutdown(socket.SHUT_RDWR)


def _one_put_at_a_time() -> None:
    """S3 decides a conditional put in one go; moto looks first and writes then."""
    lock, put = threading.Lock(), S3Response.put_object

    def at_once(self: S3Response) -> object:
        with lock:
            return put(self)

    S3Response.put_object = at_once  # type: ignore[method-assign]


def main() -> None:
    """Serve until standard input closes."""
    _one_put_at_a_time()
    luck = BadLuck(DomainDispatcherApplication(create_backend_app), int(sys.argv[1]))
    server = make_server("127.0.0.1", 0, luck, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
