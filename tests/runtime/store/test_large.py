"""Files above memory go to a store and come from it bit by bit: what a process holds of one has a bound."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from tests.engines.azurite import DIRECT
from tests.stages import http_handler
from tests.stages.aws import NOWHERE

SIZE = 512 << 20
_ZEROS = memoryview(bytes(1 << 20))


class _Endless(http_handler.Handler):
    taken: ClassVar[list[int]]

    def do_PUT(self) -> None:
        self.taken.append(self._take())
        self._answer(b"", etag='"e"')

    def do_POST(self) -> None:
        self._take()
        self._answer(b"<R><UploadId>u</UploadId><ETag>e</ETag></R>")

    def do_DELETE(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        size = int(asked[2]) + 1 - int(asked[1]) if asked else SIZE
        self.send_response(206 if asked else 200)
        self.send_header("content-length", str(size))
        self.end_headers()
        for _ in range(size // len(_ZEROS)):
            self.wfile.write(_ZEROS)

    def _take(self) -> int:
        size = left = int(self.headers.get("content-length", 0))
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        return size

    def _answer(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in {**headers, "x-goog-generation": "1"}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def endless() -> Iterator[tuple[str, list[int]]]:
    """A server of any object that keeps nothing: what is put is counted, what is asked for is SIZE zeros."""
    taken: list[int] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Endless,), {"taken": taken}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def grown(code: str, url: str, folder: Path) -> int:
    """By how many bytes a process grows while it does that, once it has done the same with something small."""
    measured = (
        "import resource, sys\nfrom flowc.datatools.s3 import S3\nfrom flowc.store import open_store\n"
        "def parts(size):\n    for _ in range(size >> 20): yield bytes(1 << 20)\n"
        f"def do(size):\n    {code}\n"
        "do(1 << 20); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"do({SIZE}); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", **NOWHERE, **DIRECT}
    variables = {**keys, "AWS_ENDPOINT_URL": url, "STORAGE_EMULATOR_HOST": url, "TMPDIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", measured], env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)


def test_what_is_written_through_obstore_is_not_held(tmp_path: Path) -> None:
    with endless() as (url, taken):
        assert grown("open_store('gs://b/p').put('k', parts(size))", url, tmp_path) < 200 << 20
    assert sum(taken) == SIZE + (1 << 20)


def test_a_file_that_is_put_is_not_held(tmp_path: Path) -> None:
    code = (
        "path = __import__('tempfile').mktemp(); open(path, 'wb').truncate(size)\n"
        "    with S3(s3root='s3://b/p') as s3: s3.put_files([('k', path)])"
    )
    with endless() as (url, taken):
        assert grown(code, url, tmp_path) < 320 << 20
    assert sum(taken) == SIZE + (1 << 20)


def test_what_is_read_in_pieces_comes_into_the_memory_of_the_whole(tmp_path: Path) -> None:
    with endless() as (url, _):
        code = "assert len(open_store('s3://b/p').get_range('k', 0, size)) == size"
        assert grown(code, url, tmp_path) < SIZE + (32 << 20)


def test_a_file_that_is_fetched_is_not_held(tmp_path: Path) -> None:
    code = "with S3(s3root='s3://b/p') as s3: assert s3.get('k').size == " + str(SIZE)
    with endless() as (url, _):
        assert grown(code, url, tmp_path) < 16 << 20
