"""Objects of an S3 bucket: uploads of any size, downloads, listings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice

from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path
from flowc.store.aws.requests import NOT_FOUND, OK, RANGE_NOT_SATISFIABLE, Answer, Bucket, Refusal, tag
from flowc.store.aws.sigv4 import Query
from flowc.store.pieces import AT_ONCE, cut, gathered
from flowc.store.protocol import Data, MissingError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

PIECE = 32 << 20
"""What is larger than two pieces goes and comes in pieces. Later ones are larger, since S3 allows 10,000."""
_GROW = 500
_ONE_COPY = 5 << 30
"""S3 copies no larger object in one request."""
_PAGE = 1000
_NO_HEADERS: Mapping[str, str] = {}


class Entry(NamedTuple):
    """One line of a listing: an object, or what keys have in common up to the delimiter (then `size` is None).

    `modified` is the server's own text of when it was written.
    """

    key: str
    size: int | None
    modified: str = ""


def fetch(
    bucket: Bucket, key: str, headers: Mapping[str, str] = _NO_HEADERS, into: BinaryIO | memoryview | None = None
) -> Answer:
    """The object (or the range that the headers name), in memory of its own, or where it is to go. Raises MissingError."""
    answer = bucket.send("GET", key, (), headers, (), into)
    if answer.is_good:
        return answer
    if answer.status == NOT_FOUND and answer.code != "NoSuchBucket":
        raise MissingError(f"s3://{bucket.name}/{key}")
    raise bucket.refused(answer, "GET", key)


def head(bucket: Bucket, key: str) -> Mapping[str, str] | None:
    """The object's headers, or None where there is none."""
    answer = bucket.send("HEAD", key)
    if answer.is_good:
        if not answer.headers.get("content-length", "0").isdecimal():
            raise bucket.refused(answer, "HEAD", key)
        return answer.headers
    if answer.status == NOT_FOUND:
        return None
    raise bucket.refused(answer, "HEAD", key)


def remove(bucket: Bucket, key: str) -> None:
    """Delete the object; nothing happens where there is none."""
    answer = bucket.send("DELETE", key)
    if not answer.is_good and answer.status != NOT_FOUND:
        raise bucket.refused(answer, "DELETE", key)


def upload(bucket: Bucket, key: str, parts: Iterable[Data], headers: Mapping[str, str] = _NO_HEADERS) -> None:
    """Write the object, in one request up to two pieces; a reader sees all of it or nothing."""
    pieces = cut(parts, PIECE, _GROW)
    first = list(islice(pieces, 2))
    more = next(pieces, None)
    if more is not None:
        _multipart(bucket, key, chain(first, (more,), pieces), headers)
        return
    answer = bucket.send("PUT", key, (), headers, [part for piece in first for part in piece])
    if not answer.is_good:
        raise bucket.refused(answer, "PUT", key)


def duplicate(bucket: Bucket, source: str, key: str) -> None:
    """Let the server copy an object; what is larger than it copies in one request comes and goes through here. Raises MissingError."""
    with standard_path():
        from urllib.parse import quote

    answer = bucket.send("PUT", key, (), {"x-amz-copy-source": quote(f"/{bucket.name}/{source}")})
    if answer.is_good and not tag(answer.body, "Code"):
        return
    found = head(bucket, source)
    if found is None:
        raise MissingError(f"s3://{bucket.name}/{source}")
    size = int(found.get("content-length", "0"))
    if size <= _ONE_COPY:
        raise bucket.refused(answer, "PUT", key)
    upload(bucket, key, (_range(bucket, source, at, min(PIECE, size - at)) for at in range(0, size, PIECE)))


def fetch_range(bucket: Bucket, key: str, start: int, size: int) -> memoryview:
    """So many bytes of the object, in writable memory of their own; large ones come in several pieces at once. Raises MissingError."""
    if size <= 2 * PIECE:
        return _range(bucket, key, start, size)

    def read(begin: int, room: memoryview) -> None:
        view = _range(bucket, key, start + begin, len(room), room)
        if view is not room:
            room[:] = view

    return gathered(size, PIECE, read)


def _range(bucket: Bucket, key: str, start: int, size: int, room: memoryview | None = None) -> memoryview:
    """So many bytes in memory of their own, or in `room`, which has as many, where the server sends just these."""
    if size == 0:
        return memoryview(bytearray())
    try:
        answer = fetch(bucket, key, {"range": f"bytes={start}-{start + size - 1}"}, room)
    except Refusal as error:
        if error.status != RANGE_NOT_SATISFIABLE:
            raise
        raise StoreError(
            f"s3://{bucket.name}/{key} ends before byte {start}: it was changed by something else"
        ) from error
    if answer.is_filled:
        assert room is not None, "it was asked for"
        return room
    view = memoryview(answer.body)
    if answer.status == OK:
        view = view[start : start + size]  # a server that knows no ranges
    if view.nbytes != size:
        raise StoreError(
            f"s3://{bucket.name}/{key} has {view.nbytes} bytes from {start} on, not {size}: it was changed by something else"
        )
    return view


def listing(bucket: Bucket, prefix: str, *, delimiter: str = "", limit: int | None = None) -> Iterator[Entry]:
    """What begins with `prefix`, in the order of the bytes; with a delimiter, what is below one is named once."""
    token = ""
    left = limit
    while left is None or left > 0:
        page = _PAGE if left is None else min(left, _PAGE)
        query = [("list-type", "2"), ("prefix", prefix), ("max-keys", str(page)), ("encoding-type", "url")]
        query += [("delimiter", delimiter)] if delimiter else []
        query += [("continuation-token", token)] if token else []
        before = token
        entries, token = _page(bucket, query)
        if token and token == before:
            raise StoreError(f"{bucket} answers a listing with the same page again and again")
        entries = entries if left is None else entries[:left]
        yield from entries
        if not token:
            return
        left = None if left is None else left - len(entries)


def _page(bucket: Bucket, query: Query) -> tuple[list[Entry], str]:
    with standard_path():
        from urllib.parse import unquote_plus
        from xml.etree import ElementTree

    answer = bucket.send("GET", "", query)
    if not answer.is_good:
        raise bucket.refused(answer, "GET", "")
    try:
        root = ElementTree.fromstring(bytes(answer.body))
        name = root.tag[: root.tag.rfind("}") + 1]  # its namespace
        found = [
            Entry(
                unquote_plus(item.findtext(f"{name}Key", "")),
                int(item.findtext(f"{name}Size", "0")),
                item.findtext(f"{name}LastModified", ""),
            )
            for item in root.iter(f"{name}Contents")
        ]
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # of XML, a size, an encoding
        raise StoreError(f"{bucket} answered a listing with no XML of one: {error}") from error
    found += [
        Entry(unquote_plus(item.findtext(f"{name}Prefix", "")), None) for item in root.iter(f"{name}CommonPrefixes")
    ]
    is_more = root.findtext(f"{name}IsTruncated") == "true"
    return sorted(found, key=_bytes), (root.findtext(f"{name}NextContinuationToken") or "") if is_more else ""


def _bytes(entry: Entry) -> bytes:
    return entry.key.encode()


def _multipart(bucket: Bucket, key: str, pieces: Iterable[list[Data]], headers: Mapping[str, str]) -> None:
    begun = bucket.send("POST", key, (("uploads", ""),), headers)
    upload_id = tag(begun.body, "UploadId")
    if not begun.is_good or not upload_id:
        raise bucket.refused(begun, "POST", key)

    def put(number: int, piece: list[Data]) -> tuple[str, int]:
        answer = bucket.send("PUT", key, (("partNumber", str(number)), ("uploadId", upload_id)), {}, piece)
        if not answer.is_good or "etag" not in answer.headers:
            raise bucket.refused(answer, "PUT", key)
        return answer.headers["etag"], sum(memoryview(part).nbytes for part in piece)

    try:
        sent = _at_once(put, pieces)
        _complete(bucket, key, upload_id, [etag for etag, _ in sent], sum(size for _, size in sent))
    except BaseException:  # whatever ended it, pieces would stay, unseen, and be paid for
        bucket.send("DELETE", key, (("uploadId", upload_id),))
        raise


def _at_once(put: Callable[[int, list[Data]], tuple[str, int]], pieces: Iterable[list[Data]]) -> list[tuple[str, int]]:
    """The pieces put, a few at once, no more of them in memory than are under way."""
    with standard_path():
        from collections import deque
        from concurrent.futures import Future, ThreadPoolExecutor

    done: list[tuple[str, int]] = []
    waiting: deque[Future[tuple[str, int]]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, piece in enumerate(pieces, 1):
            if len(waiting) == AT_ONCE:
                done.append(waiting.popleft().result())
            waiting.append(pool.submit(put, number, piece))
        done += [future.result() for future in waiting]
    return done


def _complete(bucket: Bucket, key: str, upload_id: str, tags: list[str], size: int) -> None:
    """Make the pieces one object. S3 may say 200 and then tell of an error in the body, or forget an upload whose answer was lost."""
    listed = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in enumerate(tags, 1))
    body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
    for _ in range(3):
        answer = bucket.send("POST", key, (("uploadId", upload_id),), {}, [body])
        code = tag(answer.body, "Code")
        if answer.is_good and not code:
            return
        if code == "NoSuchUpload" and _has_size(bucket, key, size):
            return
        if not answer.is_good:
            raise bucket.refused(answer, "POST", key)
    raise StoreError(
        f"the pieces of s3://{bucket.name}/{key} could not be made one object: the server failed three times"
    )


def _has_size(bucket: Bucket, key: str, size: int) -> bool:
    found = head(bucket, key)
    return found is not None and found.get("content-length") == str(size)
