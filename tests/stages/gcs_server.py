"""Google Cloud Storage as obstore speaks to it: the XML API, with generations and conditional puts decided in one go.

No emulator of a registry does: fake-gcs-server takes no put of this API, gcp-storage-emulator looks at no condition.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.stages import http_handler


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """An object as it is now."""

    data: bytes
    generation: int
    written: float = field(default_factory=time.time)

    @property
    def headers(self) -> dict[str, str]:
        """What tells of it."""
        generation = str(self.generation)
        return {
            "etag": f'"{generation}"',
            "x-goog-generation": generation,
            "last-modified": formatdate(self.written, usegmt=True),
        }


class Storage:
    """Buckets, their objects, and uploads that have not ended. `page`: so many keys a listing shows at once."""

    def __init__(self, *buckets: str, page: int = 1000) -> None:
        self.page = page
        self._buckets: dict[str, dict[str, Kept]] = {name: {} for name in buckets}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self._lock = threading.Lock()
        self._generations = itertools.count(1_700_000_000_000_000)

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """What Google would answer."""
        bucket, _, key = path.lstrip("/").partition("/")
        with self._lock:
            objects = self._buckets.get(unquote(bucket))
            if objects is None:
                return _fault(404, "NoSuchBucket")
            name = unquote(key)
            if not name:
                return self._listing(objects, query)
            if "uploads" in query or "uploadId" in query:
                return self._upload(method, objects, name, query, body)
            return self._of_one(method, objects, name, headers, body)

    def _of_one(
        self, method: str, objects: dict[str, Kept], name: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        if method == "PUT":
            return self._put(objects, name, headers, body)
        if name not in objects:
            return _fault(404, "NoSuchKey")
        if method == "DELETE":
            del objects[name]
            return Answer(204)
        return _part(objects[name], headers.get("range", ""))

    def _put(self, objects: dict[str, Kept], name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        wanted = headers.get("x-goog-if-generation-match")
        there = objects.get(name)
        if wanted is not None and int(wanted) != (there.generation if there else 0):
            return _fault(412, "PreconditionFailed")
        source = headers.get("x-goog-copy-source")
        if source is not None:
            copied = objects.get(unquote(source).lstrip("/").partition("/")[2])
            if copied is None:
                return _fault(404, "NoSuchKey")
            body = copied.data
        return self._keep(objects, name, body)

    def _keep(self, objects: dict[str, Kept], name: str, data: bytes) -> Answer:
        objects[name] = Kept(data, next(self._generations))
        return Answer(200, headers=objects[name].headers)

    def _upload(
        self, method: str, objects: dict[str, Kept], name: str, query: Mapping[str, str], body: bytes
    ) -> Answer:
        if "uploads" in query:
            upload = str(next(self._generations))
            self.uploads[upload] = {}
            told = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            return Answer(200, told.encode())
        upload = query["uploadId"]
        if upload not in self.uploads:
            return _fault(404, "NoSuchUpload")
        if method == "DELETE":
            del self.uploads[upload]
            return Answer(204)
        if method == "PUT":
            self.uploads[upload][int(query["partNumber"])] = body
            return Answer(200, headers={"etag": f'"{query["partNumber"]}"'})
        parts = self.uploads.pop(upload)
        numbers = [int(each) for each in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
        kept = self._keep(objects, name, b"".join(parts[number] for number in numbers))
        tag = escape(kept.headers["etag"])
        return Answer(
            200,
            f"<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>".encode(),
            kept.headers,
        )

    def _listing(self, objects: Mapping[str, Kept], query: Mapping[str, str]) -> Answer:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token") or query.get("start-after", "")
        found: dict[str, str] = {}
        for key in sorted(objects, key=str.encode):
            if not key.startswith(prefix) or key.encode() <= after.encode():
                continue
            head, cut, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            if cut:
                common = escape(prefix + head + cut)
                found.setdefault(common, f"<CommonPrefixes><Prefix>{common}</Prefix></CommonPrefixes>")
            else:
                kept = objects[key]
                moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(kept.written))
                found[key] = (
                    f"<Contents><Key>{escape(key)}</Key><Size>{len(kept.data)}</Size><LastModified>{moment}</LastModified>"
                    f'<ETag>"{kept.generation}"</ETag></Contents>'
                )
        shown = list(found)[: self.page]
        more = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if len(found) > len(shown) else ""
        text = "".join(found[key] for key in shown)
        return Answer(200, f"<ListBucketResult>{text}{more}</ListBucketResult>".encode())


def _part(kept: Kept, asked: str) -> Answer:
    bounds = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
    if not bounds:
        return Answer(200, kept.data, kept.headers)
    start, size = int(bounds[1]), len(kept.data)
    if start >= size:
        return _fault(416, "InvalidRange")
    end = min(int(bounds[2]) if bounds[2] else size - 1, size - 1)
    return Answer(206, kept.data[start : end + 1], {**kept.headers, "content-range": f"bytes {start}-{end}/{size}"})


def _fault(status: int, code: str) -> Answer:
    return Answer(status, f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())


@contextmanager
def google(storage: Storage) -> Iterator[str]:
    """The URL of a server on this machine, for as long as the block lasts: what STORAGE_EMULATOR_HOST wants."""

    class Handler(http_handler.Handler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked = urlsplit(self.path)
            query = dict(parse_qsl(asked.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = storage.answer(self.command, asked.path, query, headers, body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # a client that breaks off
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
