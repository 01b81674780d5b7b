"""What `S3()` takes and gives: objects, ranges, and the errors by the names that flows of the language use."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, NamedTuple

from flowc.exceptions import MetaflowException
from flowc.store.aws.requests import Refusal
from flowc.store.protocol import MissingError, StoreError


class MetaflowS3InvalidObject(MetaflowException):
    """What is to be put is no text, no bytes and no file that can be read."""

    headline = "Not a string-like object"


class MetaflowS3URLException(MetaflowException):
    """A URL or a key that names no object."""

    headline = "Invalid address"


class MetaflowS3Exception(MetaflowException):
    """S3 did not do what it was asked."""

    headline = "S3 access failed"


class MetaflowS3NotFound(MetaflowException):
    """There is no such object."""

    headline = "S3 object not found"


class MetaflowS3AccessDenied(MetaflowException):
    """The credentials do not allow it."""

    headline = "S3 access denied"


class MetaflowS3InvalidRange(MetaflowException):
    """The object has no such bytes."""

    headline = "S3 invalid range"


class MetaflowS3InsufficientDiskSpace(MetaflowException):
    """There is no room for what is fetched."""

    headline = "Insufficient disk space"


class S3GetObject(NamedTuple):
    """A part of an object: `length` bytes from `offset`; to the end without a length, the last ones with a negative one."""

    key: str
    offset: int | None = None
    length: int | None = None


class S3PutObject(NamedTuple):
    """An object to put: `value` for `put_many`, `path` for `put_files`."""

    key: str
    value: Any = None
    path: str | None = None
    content_type: str | None = None
    encryption: str | None = None
    metadata: Mapping[str, str] | None = None


class RangeInfo(NamedTuple):
    """Which bytes of an object came, of how many."""

    total_size: int
    request_offset: int = 0
    request_length: int = -1


class Facts(NamedTuple):
    """What is known of an object besides its bytes. `last_modified` in seconds since 1970."""

    size: int
    content_type: str | None = None
    metadata: dict[str, str] | None = None
    last_modified: int | None = None
    encryption: str | None = None
    range: RangeInfo | None = None


class S3Object:
    """An object, a place where one could be, or what several keys have in common.

    `url` is its whole address, `key` what is left of it below `prefix`. `path` names a file with its bytes that lives as
    long as its `S3()` is open; None where nothing was fetched.
    """

    def __init__(
        self, prefix: str | None, url: str, path: str | None = None, size: int | None = None, facts: Facts | None = None
    ) -> None:
        self.url = url
        self.path = path
        self.size = os.stat(path).st_size if path else facts.size if facts else size
        self._facts = facts
        if prefix is None or prefix == url:
            self.key, self.prefix = url, None
        else:
            self.key, self.prefix = _below(prefix, url), prefix

    key: str
    prefix: str | None

    @property
    def exists(self) -> bool:
        """Whether there is such an object."""
        return self.size is not None

    @property
    def downloaded(self) -> bool:
        """Whether its bytes are here."""
        return bool(self.path)

    @property
    def blob(self) -> bytes | None:
        """Its bytes; None where nothing was fetched."""
        if not self.path:
            return None
        with open(self.path, "rb") as file:
            return file.read()

    @property
    def text(self) -> str | None:
        """Its text, as UTF-8; None where nothing was fetched."""
        blob = self.blob
        return None if blob is None else blob.decode()

    @property
    def has_info(self) -> bool:
        """Whether content type, metadata and time are known."""
        return self._facts is not None

    @property
    def metadata(self) -> dict[str, str] | None:
        """What `put(metadata=…)` gave."""
        return self._facts.metadata if self._facts else None

    @property
    def content_type(self) -> str | None:
        """Its MIME type."""
        return self._facts.content_type if self._facts else None

    @property
    def encryption(self) -> str | None:
        """How the server encrypts it."""
        return self._facts.encryption if self._facts else None

    @property
    def range_info(self) -> RangeInfo | None:
        """Which part of it was fetched."""
        return self._facts.range if self._facts else None

    @property
    def last_modified(self) -> int | None:
        """When it was put, in seconds since 1970."""
        return self._facts.last_modified if self._facts else None

    def __str__(self) -> str:
        state = f"{self.size} bytes" if self.exists else "not an object"
        return f"<S3Object {self.url} ({state}{', fetched' if self.downloaded else ''})>"

    __repr__ = __str__


def _below(prefix: str, url: str) -> str:
    """What is left of the address below the prefix; below the prefix's own folder where it ends within a name."""
    folder = prefix.rstrip("/") + "/"
    if not url.startswith(folder):
        folder = prefix[: prefix.rindex("/") + 1]
    return url[len(folder) :].rstrip("/")


@contextmanager
def told(url: str) -> Iterator[None]:
    """Say the store's errors in the words of the language."""
    try:
        yield
    except MissingError:
        raise MetaflowS3NotFound(url) from None
    except Refusal as error:
        raise _of_refusal(error)(f"{error}") from error
    except StoreError as error:
        raise MetaflowS3Exception(f"{url}: {error}") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise MetaflowS3InsufficientDiskSpace(f"{url}: {error}") from error
        raise MetaflowS3Exception(f"{url}: {error}") from error


def _of_refusal(error: Refusal) -> type[MetaflowException]:
    if error.code == "NoSuchBucket":
        return MetaflowS3URLException
    if error.status == HTTPStatus.FORBIDDEN:
        return MetaflowS3AccessDenied
    if error.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return MetaflowS3InvalidRange
    return MetaflowS3Exception
