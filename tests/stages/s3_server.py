"""An HTTP server whose answers a test scripts, to see what a client does with bad ones."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer

from tests.stages import http_handler


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered; `drop`: the connection ends instead; `short`: so many bytes of the body are held back;
    `leave`: the connection ends after the answer, unannounced."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    short: int = 0
    leave: bool = False


Script = Callable[[Seen], Reply]


@dataclass
class Server:
    """The requests so far, and where they arrive."""

    url: str
    seen: list[Seen]


@contextmanager
def serve(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on a free port of this machine, for as long as the block lasts."""
    seen: list[Seen] = []

    class Handler(http_handler.Handler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            request = Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            seen.append(request)
            reply = script(request)
            if reply.drop:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body[: len(reply.body) - reply.short])
            self.close_connection = self.close_connection or reply.leave or bool(reply.short)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # a client that breaks off is what some tests want
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Server(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", seen)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fault(code: str, message: str = "", extra: str = "") -> bytes:
    """The body of an S3 error."""
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{extra}</Error>".encode()
