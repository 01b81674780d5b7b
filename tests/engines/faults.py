"""An HTTP proxy before a server, which does to chosen requests what networks, proxies and overloaded servers do.

`with faulty(url) as proxy: proxy.when("POST /v1/x", Answer(503), times=2)`: a request is known by a text in its method, its path and
the headers that a test names; what no fault is set for goes through as it is.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.stages import http_handler


@dataclass(frozen=True)
class Answer:
    """The server is not asked; this is answered."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Drop:
    """The connection is closed without an answer; `is_asked`: after the server has done what it was asked for."""

    is_asked: bool = False


@dataclass(frozen=True)
class Cut:
    """The server's answer ends after so many bytes of its body, although more were announced."""

    bytes: int = 5


@dataclass(frozen=True)
class Slow:
    """The answer comes so many seconds later."""

    seconds: float


Fault = Answer | Drop | Cut | Slow

HTML = Answer(200, b"<html><body>Sign in to the guest network</body></html>", {"Content-Type": "text/html"})
"""What a captive portal answers whatever is asked."""


@dataclass
class _Rule:
    text: str
    fault: Fault
    left: int


class Faulty:
    """A running proxy; `url` is its address, `seen` what went through, one text a request."""

    def __init__(self, url: str, headers: tuple[str, ...]) -> None:
        self.seen: list[str] = []
        self._server = urlsplit(url)
        self._headers = headers
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def when(self, text: str, fault: Fault, times: int = 1_000_000) -> None:
        """Let the next requests that hold the text have the fault."""
        with self._lock:
            self._rules.insert(0, _Rule(text, fault, times))

    def clear(self) -> None:
        """No more faults."""
        with self._lock:
            self._rules.clear()
            self.seen.clear()

    def stop(self) -> None:
        """End the proxy."""
        self._http.shutdown()
        self._http.server_close()

    def _fault(self, request: str) -> Fault | None:
        with self._lock:
            self.seen.append(request)
            for rule in self._rules:
                if rule.left and rule.text in request:
                    rule.left -= 1
                    return rule.fault
        return None

    def _handler(self) -> type[http_handler.Handler]:
        proxy = self

        class Handler(http_handler.Handler):
            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                marks = " ".join(self.headers.get(name, "") for name in proxy._headers)
                fault = proxy._fault(f"{self.command} {self.path} {marks}")
                proxy._answer(self, fault, body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _do

        return Handler

    def _answer(self, handler: http_handler.Handler, fault: Fault | None, body: bytes) -> None:
        if isinstance(fault, Slow):
            time.sleep(fault.seconds)
        if isinstance(fault, Answer):
            _send(handler, fault.status, list(fault.headers.items()), fault.body)
            return
        if isinstance(fault, Drop) and not fault.is_asked:
            handler.close_connection = True
            return
        status, headers, told = self._asked(handler, body)
        if isinstance(fault, Drop):
            handler.close_connection = True
            return
        _send(handler, status, headers, told, whole=None if not isinstance(fault, Cut) else fault.bytes)

    def _asked(self, handler: http_handler.Handler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(str(self._server.hostname), self._server.port, timeout=120)
        try:
            whole = urlsplit(handler.path)  # who takes it for its proxy asks for a whole address
            path = whole._replace(scheme="", netloc="").geturl()
            connection.request(handler.command, path, body, dict(handler.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


_HOP = {"transfer-encoding", "connection", "content-length", "keep-alive"}


def _send(handler: Any, status: int, headers: list[tuple[str, str]], body: bytes, whole: int | None = None) -> None:
    try:
        handler.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body if whole is None else body[:whole])
    except ConnectionError:
        pass  # who asked has not waited
    if whole is not None:
        handler.close_connection = True


@contextmanager
def faulty(url: str, *headers: str) -> Iterator[Faulty]:
    """A proxy before a server; `headers` are those by which requests are told apart."""
    proxy = Faulty(url, headers)
    try:
        yield proxy
    finally:
        proxy.stop()
