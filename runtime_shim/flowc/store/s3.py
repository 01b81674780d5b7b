"""The store on S3: `s3://bucket/prefix`, or any server of that protocol that honours conditional puts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flowc.store.aws.objects import duplicate, fetch, fetch_range, head, listing, remove, upload
from flowc.store.aws.requests import CONFLICT, NOT_FOUND, PRECONDITION_FAILED, Bucket
from flowc.store.aws.wire import parsed
from flowc.store.protocol import Data, Found, Listed, MissingError, StoreError, Unfinished

_LOST = (CONFLICT, PRECONDITION_FAILED)


class S3Store:
    """Objects of one bucket under one prefix; the methods are those of `flowc.store.Store`."""

    def __init__(self, url: str, bucket: Bucket | None = None) -> None:
        parts = parsed(url)
        if parts.scheme != "s3" or not parts.host or "?" in url or "#" in url:
            raise StoreError(f"{url!r} is no s3://bucket/prefix")
        self.url = url.rstrip("/")
        self._prefix = parts.path.strip("/")
        self.bucket = bucket or Bucket(parts.host)

    def get(self, key: str) -> Found:
        """The whole object. Raises MissingError."""
        answer = fetch(self.bucket, self._key(key))
        return Found(bytes(answer.body), lambda _: answer.headers.get("etag", ""))

    def get_range(self, key: str, start: int, size: int) -> memoryview:
        """`size` bytes from `start`, in writable memory of their own. Raises MissingError."""
        return fetch_range(self.bucket, self._key(key), start, size)

    def put(self, key: str, parts: Iterable[Data]) -> None:
        """Write the object, atomically; what is large goes in several requests."""
        upload(self.bucket, self._key(key), parts)

    def create(self, key: str, data: bytes) -> bool:
        """Write the object only where there is none; False where there is one (unless it is this very write, its answer lost)."""
        return self._put_if(key, data, {"if-none-match": "*"})

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        """Write the object only over the one that has this tag; False where another, or none, is there."""
        return self._put_if(key, data, {"if-match": etag})

    def size(self, key: str) -> int | None:
        """How many bytes the object has; None where there is none."""
        found = head(self.bucket, self._key(key))
        return None if found is None else int(found.get("content-length", "0"))

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        """Keys that begin with `prefix`, in the order of their bytes, at most `limit`."""
        skip = len(self._key(""))
        for entry in listing(self.bucket, self._key(prefix), limit=limit):
            yield entry.key[skip:]

    def entries(self, prefix: str, limit: int | None = None) -> Iterator[Listed]:
        """What `list` gives, with sizes and times."""
        from flowc.store.aws.removal import seconds

        skip = len(self._key(""))
        for entry in listing(self.bucket, self._key(prefix), limit=limit):
            yield Listed(entry.key[skip:], entry.size or 0, seconds(entry.modified))

    def folders(self, prefix: str = "") -> Iterator[str]:
        """The next components of all keys that begin with `prefix`, by one listing."""
        skip = len(self._key(prefix))
        for entry in listing(self.bucket, self._key(prefix), delimiter="/"):
            if entry.size is None:
                yield entry.key[skip:-1]

    def copy(self, source: str, key: str) -> None:
        """Let `key` hold what `source` holds; the server copies. Raises MissingError."""
        duplicate(self.bucket, self._key(source), self._key(key))

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens where there is none."""
        remove(self.bucket, self._key(key))

    def delete_all(self, keys: Sequence[str]) -> None:
        """Remove these objects, a thousand in one request."""
        from flowc.store.aws.removal import remove_all

        remove_all(self.bucket, [self._key(key) for key in keys])

    def unfinished(self, prefix: str, before: float) -> Iterator[Unfinished]:
        """Uploads in pieces that were begun and neither completed nor ended."""
        from flowc.store.aws.removal import uploads

        skip = len(self._key(""))
        for upload_begun in uploads(self.bucket, self._key(prefix)):
            if upload_begun.begun < before:
                yield Unfinished(upload_begun.key[skip:], 0, upload_begun.upload)

    def discard(self, unfinished: Unfinished) -> None:
        """End the upload; the server drops its pieces."""
        from flowc.store.aws.removal import abort

        abort(self.bucket, self._key(unfinished.key), unfinished.name)

    def probe(self, key: str, data: bytes) -> None:
        """Raise StoreError where the server ignores conditional puts. `key` must hold `data`, which is all that is ever written."""
        if self._status(key, data, {"if-none-match": "*"})[0] or self._status(key, data, {"if-match": '"0"'})[0]:
            raise StoreError(
                f"the server of {self.url} ignores conditional puts (If-None-Match, If-Match), so two runs or two attempts "
                "could overwrite each other: use AWS S3, MinIO, Ceph from 19 on, or another server that honours them"
            )

    def _put_if(self, key: str, data: bytes, condition: dict[str, str]) -> bool:
        is_written, again = self._status(key, data, condition)
        return is_written or (again and self._holds(key, data))

    def _status(self, key: str, data: bytes, condition: dict[str, str]) -> tuple[bool, bool]:
        """Whether it was written, and whether an earlier try of the same write may have been."""
        answer = self.bucket.send("PUT", self._key(key), (), condition, [data])
        if answer.is_good:
            return True, answer.again
        missing = answer.status == NOT_FOUND and answer.code == "NoSuchKey"
        if answer.status in _LOST or missing:
            return False, answer.again
        raise self.bucket.refused(answer, "PUT", self._key(key))

    def _holds(self, key: str, data: bytes) -> bool:
        try:
            return self.get(key).data == data
        except MissingError:
            return False

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key
