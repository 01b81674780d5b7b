"""What only cleaning up asks of a bucket: many deletions in one request, uploads that nobody has completed. No step imports it."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from flowc.named_tuple import NamedTuple
from flowc.store.aws.objects import remove
from flowc.store.aws.requests import NOT_FOUND, Bucket
from flowc.store.protocol import StoreError

_AT_MOST = 1000
"""So many keys go into one request, says S3."""


class Upload(NamedTuple):
    """An upload in pieces that has not ended; `begun` in seconds since 1970."""

    key: str
    upload: str
    begun: float


def seconds(text: str) -> float:
    """A time of S3's answers in seconds since 1970; 0 where there is none. Raises StoreError where it is no time."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else 0.0
    except (ValueError, OverflowError) as error:
        raise StoreError(f"the server answered {text[:40]!r} for a time") from error


def remove_all(bucket: Bucket, keys: Sequence[str]) -> None:
    """Delete these objects; nothing happens where there are none. Raises StoreError where the server refuses one."""
    plain = [key for key in keys if key.isprintable()]
    for start in range(0, len(plain), _AT_MOST):
        _remove(bucket, plain[start : start + _AT_MOST])
    for key in keys:
        if not key.isprintable():  # XML has no way to say some of these
            remove(bucket, key)


def _remove(bucket: Bucket, keys: Sequence[str]) -> None:
    listed = "".join(f"<Object><Key>{_escaped(key)}</Key></Object>" for key in keys)
    body = f"<Delete><Quiet>true</Quiet>{listed}</Delete>".encode()
    digest = hashlib.md5(body, usedforsecurity=False).digest()  # the checksum that every server of the protocol takes
    answer = bucket.send(
        "POST",
        "",
        (("delete", ""),),
        {"content-md5": b64encode(digest).decode(), "content-type": "application/xml"},
        [body],
    )
    if not answer.is_good:
        raise bucket.refused(answer, "POST", "")
    name, root = _parsed(bucket, answer.body)
    for error in root.iter(f"{name}Error"):
        code, key = error.findtext(f"{name}Code", ""), error.findtext(f"{name}Key", "")
        if code != "NoSuchKey":
            message = error.findtext(f"{name}Message", "")
            raise StoreError(f"s3://{bucket.name}/{key} cannot be removed: {code} {message}".rstrip())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def uploads(bucket: Bucket, prefix: str) -> Iterator[Upload]:
    """The uploads under way, or left behind, of keys that begin with `prefix`."""
    at: tuple[tuple[str, str], ...] = ()
    while True:
        answer = bucket.send("GET", "", (("uploads", ""), ("prefix", prefix), ("encoding-type", "url"), *at))
        if not answer.is_good:
            raise bucket.refused(answer, "GET", "")
        name, root = _parsed(bucket, answer.body)
        for item in root.iter(f"{name}Upload"):
            key = unquote_plus(item.findtext(f"{name}Key", ""))
            if key.startswith(prefix):
                yield Upload(key, item.findtext(f"{name}UploadId", ""), seconds(item.findtext(f"{name}Initiated", "")))
        if root.findtext(f"{name}IsTruncated") != "true":
            return
        at = (
            ("key-marker", unquote_plus(root.findtext(f"{name}NextKeyMarker") or "")),
            ("upload-id-marker", root.findtext(f"{name}NextUploadIdMarker") or ""),
        )


def abort(bucket: Bucket, key: str, upload: str) -> None:
    """End an upload that nobody will complete; nothing happens where it has ended."""
    answer = bucket.send("DELETE", key, (("uploadId", upload),))
    if not answer.is_good and answer.status != NOT_FOUND:
        raise bucket.refused(answer, "DELETE", key)


def _parsed(bucket: Bucket, body: bytes | bytearray) -> tuple[str, ElementTree.Element]:
    """The document, and what its names begin with."""
    try:
        root = ElementTree.fromstring(bytes(body))
    except ElementTree.ParseError as error:
        raise StoreError(f"{bucket} answered with no XML: {error}") from error
    return root.tag[: root.tag.rfind("}") + 1], root
