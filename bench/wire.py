"""A server of S3's protocol that keeps nothing, to see what the wire carries: what is put is dropped, what is asked for is zeros.

`python -m bench.wire` prints its port, and serves until its input ends.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from http.server import ThreadingHTTPServer

from tests.stages import http_handler

SIZE = 2 << 30
"""Bytes of any object."""
_AT_ONCE = 1 << 20
_ZEROS = memoryview(bytes(_AT_ONCE))
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_BEGUN = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
_DONE = b'<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>'


class _Handler(http_handler.Handler):
    wbufsize = 1 << 16

    def do_PUT(self) -> None:
        self._take()
        self._answer(200, b"")

    def do_POST(self) -> None:
        self._take()
        self._answer(200, _BEGUN if "uploads" in self.path else _DONE)

    def do_DELETE(self) -> None:
        self._answer(204, b"")

    def do_HEAD(self) -> None:
        self._head(200, SIZE)

    def do_GET(self) -> None:
        asked = _RANGE.fullmatch(self.headers.get("range", ""))
        begin, last = (int(asked[1]), int(asked[2] or SIZE - 1)) if asked else (0, SIZE - 1)
        left = last - begin + 1
        self._head(206 if asked else 200, left, **{"content-range": f"bytes {begin}-{last}/{SIZE}"})
        self.wfile.flush()
        while left:
            part = _ZEROS[: min(left, _AT_ONCE)]
            self.connection.sendall(part)
            left -= len(part)

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # a client may have seen enough
            super().handle()

    def _take(self) -> None:
        left = int(self.headers.get("content-length", 0))
        room = memoryview(bytearray(_AT_ONCE))
        while left:
            count = self.rfile.readinto(room[: min(left, _AT_ONCE)])  # type: ignore[attr-defined]
            if not count:
                return
            left -= count

    def _answer(self, status: int, body: bytes) -> None:
        self._head(status, len(body))
        self.wfile.write(body)

    def _head(self, status: int, size: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "etag": '"e"', "content-length": str(size)}.items():
            self.send_header(name, value)
        self.send_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()


def main() -> None:
    """Serve until the input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
