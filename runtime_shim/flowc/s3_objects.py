"""Objects of an S3 bucket: uploads of any size, downloads, listings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import BinaryIO, NamedTuple

from flowc.s3_requests import Answer, Bucket, tag
from flowc.s3_sigv4 import Query
from flowc.store import Data, MissingError, StoreError

SINGLE = 64 << 20
"""What is larger goes in pieces of this size, the most that is held in memory of an upload; S3 allows 10,000 pieces."""
_GROW = 1000
_PAGE = 1000
_NO_HEADERS: Mapping[str, str] = {}


class Entry(NamedTuple):
    """One line of a listing: an object, or what keys have in common up to the delimiter (then `size` is None)."""

    key: str
    size: int | None


def fetch(bucket: Bucket, key: str, headers: Mapping[str, str] = _NO_HEADERS, into: BinaryIO | None = None) -> Answer:
    """The object (or the range that the headers name), in memory or in the file. Raises MissingError."""
    answer = bucket.send("GET", key, (), headers, (), into)
    if answer.is_good:
        return answer
    if answer.status == HTTPStatus.NOT_FOUND and answer.code != "NoSuchBucket":
        raise MissingError(f"s3://{bucket.name}/{key}")
    raise bucket.refused(answer, "GET", key)


def head(bucket: Bucket, key: str) -> Mapping[str, str] | None:
    """The object's headers, or None where there is none."""
    answer = bucket.send("HEAD", key)
    if answer.is_good:
        return answer.headers
    if answer.status == HTTPStatus.NOT_FOUND:
        return None
    raise bucket.refused(answer, "HEAD", key)


def remove(bucket: Bucket, key: str) -> None:
    """Delete the object; nothing happens where there is none."""
    answer = bucket.send("DELETE", key)
    if not answer.is_good and answer.status != HTTPStatus.NOT_FOUND:
        raise bucket.refused(answer, "DELETE", key)


def upload(bucket: Bucket, key: str, parts: Iterable[Data], headers: Mapping[str, str] = _NO_HEADERS) -> None:
    """Write the object, in one request where it is small; a reader sees all of it or nothing."""
    pieces = _pieces(parts)
    first = next(pieces, [])
    second = next(pieces, None)
    if second is None:
        answer = bucket.send("PUT", key, (), headers, first)
        if not answer.is_good:
            raise bucket.refused(answer, "PUT", key)
        return
    _multipart(bucket, key, _chained(first, second, pieces), headers)


def listing(bucket: Bucket, prefix: str, *, delimiter: str = "", limit: int | None = None) -> Iterator[Entry]:
    """What begins with `prefix`, in the order of the bytes; with a delimiter, what is below one is named once."""
    token = ""
    left = limit
    while left is None or left > 0:
        page = _PAGE if left is None else min(left, _PAGE)
        query = [("list-type", "2"), ("prefix", prefix), ("max-keys", str(page)), ("encoding-type", "url")]
        query += [("delimiter", delimiter)] if delimiter else []
        query += [("continuation-token", token)] if token else []
        entries, token = _page(bucket, query)
        entries = entries if left is None else entries[:left]
        yield from entries
        if not token:
            return
        left = None if left is None else left - len(entries)


def _page(bucket: Bucket, query: Query) -> tuple[list[Entry], str]:
    from urllib.parse import unquote_plus
    from xml.etree import ElementTree

    answer = bucket.send("GET", "", query)
    if not answer.is_good:
        raise bucket.refused(answer, "GET", "")
    try:
        root = ElementTree.fromstring(bytes(answer.body))
    except ElementTree.ParseError as error:
        raise StoreError(f"{bucket} answered a listing with no XML: {error}") from error
    space = re.match(r"\{.*\}|", root.tag)
    name = space[0] if space else ""
    found = [
        Entry(unquote_plus(item.findtext(f"{name}Key", "")), int(item.findtext(f"{name}Size", "0")))
        for item in root.iter(f"{name}Contents")
    ]
    found += [
        Entry(unquote_plus(item.findtext(f"{name}Prefix", "")), None) for item in root.iter(f"{name}CommonPrefixes")
    ]
    is_more = root.findtext(f"{name}IsTruncated") == "true"
    return sorted(found, key=_bytes), (root.findtext(f"{name}NextContinuationToken") or "") if is_more else ""


def _bytes(entry: Entry) -> bytes:
    return entry.key.encode()


def _pieces(parts: Iterable[Data]) -> Iterator[list[Data]]:
    """The parts again, grouped and cut to pieces of one request each, without a copy."""
    piece: list[Data] = []
    room = size = SINGLE
    count = 0
    for part in parts:
        view = memoryview(part).cast("B")
        while view.nbytes > room:
            yield [*piece, view[:room]]
            count += 1
            view, piece, size = view[room:], [], SINGLE * (1 + count // _GROW)
            room = size
        if view.nbytes:
            piece.append(view)
            room -= view.nbytes
    if piece:
        yield piece


def _chained(first: list[Data], second: list[Data], rest: Iterator[list[Data]]) -> Iterator[list[Data]]:
    yield first
    yield second
    yield from rest


def _multipart(bucket: Bucket, key: str, pieces: Iterator[list[Data]], headers: Mapping[str, str]) -> None:
    begun = bucket.send("POST", key, (("uploads", ""),), headers)
    upload_id = tag(begun.body, "UploadId")
    if not begun.is_good or not upload_id:
        raise bucket.refused(begun, "POST", key)
    try:
        tags: dict[int, str] = {}
        size = 0
        for number, piece in enumerate(pieces, 1):
            answer = bucket.send("PUT", key, (("partNumber", str(number)), ("uploadId", upload_id)), {}, piece)
            if not answer.is_good:
                raise bucket.refused(answer, "PUT", key)
            tags[number] = answer.headers["etag"]
            size += sum(memoryview(part).nbytes for part in piece)
        _complete(bucket, key, upload_id, tags, size)
    except BaseException:
        bucket.send("DELETE", key, (("uploadId", upload_id),))  # else the pieces stay, unseen, and are paid for
        raise


def _complete(bucket: Bucket, key: str, upload_id: str, tags: Mapping[int, str], size: int) -> None:
    """Make the pieces one object. S3 may say 200 and then tell of an error in the body, or forget an upload whose answer was lost."""
    listed = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in tags.items())
    body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
    for _ in range(3):
        answer = bucket.send("POST", key, (("uploadId", upload_id),), {}, [body])
        code = tag(answer.body, "Code")
        if answer.is_good and not code:
            return
        if code == "NoSuchUpload":
            found = head(bucket, key)
            if found is not None and found.get("content-length") == str(size):
                return
        if not answer.is_good:
            break
    raise bucket.refused(answer, "POST", key)
