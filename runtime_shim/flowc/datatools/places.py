"""Where the objects of `S3()` lie: buckets, or folders that stand in for them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from typing import NamedTuple, Protocol

from flowc.datatools.s3_object import (
    Facts,
    MetaflowS3Exception,
    MetaflowS3InvalidRange,
    MetaflowS3URLException,
    RangeInfo,
)
from flowc.store.aws.objects import fetch, head, listing, upload
from flowc.store.aws.requests import Bucket
from flowc.store.files import make_folder, private
from flowc.store.protocol import Data, MissingError

_ATTRIBUTES = "x-amz-meta-metaflow-user-attributes"
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_ABOUT = ".flowc-about"


class About(NamedTuple):
    """What is put with an object."""

    content_type: str | None = None
    metadata: Mapping[str, str] | None = None
    encryption: str | None = None


class Span(NamedTuple):
    """Bytes of an object: from `start` to the end or `size` of them, or the last `size` where `start` is None."""

    start: int | None
    size: int | None

    @property
    def header(self) -> str:
        """The span as HTTP says it."""
        if self.start is None:
            return f"bytes=-{self.size}"
        return f"bytes={self.start}-" + ("" if self.size is None else str(self.start + self.size - 1))


class Place(Protocol):
    """Objects by key. All methods raise StoreError or OSError for what cannot be done."""

    def fetch(self, key: str, span: Span | None, path: str) -> Facts:
        """Copy the object's bytes into a file. Raises MissingError."""
        ...

    def facts(self, key: str) -> Facts | None:
        """What is known of the object; None where there is none."""
        ...

    def store(self, key: str, parts: Iterable[Data], about: About) -> None:
        """Write the object; a reader sees all of it or nothing."""
        ...

    def list(self, prefix: str, is_flat: bool) -> Iterator[tuple[str, int | None]]:
        """Keys that begin with the prefix, with sizes; those below a `/` once, without a size, where `is_flat`."""
        ...


class BucketPlace:
    """Objects of a bucket of S3."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def fetch(self, key: str, span: Span | None, path: str) -> Facts:
        """Copy the object's bytes into a file. Raises MissingError."""
        with open(path, "wb") as file:
            answer = fetch(self._bucket, key, {"range": span.header} if span else {}, file)
            return _facts(answer.headers, file.tell())

    def facts(self, key: str) -> Facts | None:
        """What is known of the object; None where there is none."""
        headers = head(self._bucket, key)
        return None if headers is None else _facts(headers, int(headers.get("content-length", "0")))

    def store(self, key: str, parts: Iterable[Data], about: About) -> None:
        """Write the object, in pieces where it is large."""
        headers = {
            "content-type": about.content_type,
            "x-amz-server-side-encryption": about.encryption,
            _ATTRIBUTES: json.dumps(dict(about.metadata)) if about.metadata else None,
        }
        upload(self._bucket, key, parts, {name: value for name, value in headers.items() if value})

    def list(self, prefix: str, is_flat: bool) -> Iterator[tuple[str, int | None]]:
        """Keys that begin with the prefix, with sizes."""
        for entry in listing(self._bucket, prefix, delimiter="/" if is_flat else ""):
            yield entry.key, entry.size


class FolderPlace:
    """Objects as the files of a folder. Content types and metadata lie beside them in files that no listing shows."""

    def __init__(self, root: str) -> None:
        self._root = root

    def fetch(self, key: str, span: Span | None, path: str) -> Facts:
        """Copy the file. Raises MissingError."""
        facts = self.facts(key)
        if facts is None:
            raise MissingError(key)
        start, size = _bounds(span, facts.size, key)
        with open(self._path(key), "rb") as source, open(path, "wb") as file:
            source.seek(start)
            if size == facts.size:
                shutil.copyfileobj(source, file, 1 << 20)
            else:
                file.write(source.read(size))
        return facts._replace(size=size, range=RangeInfo(facts.size, start, size))

    def facts(self, key: str) -> Facts | None:
        """What is known of the file; None where there is none."""
        path = self._path(key)
        if not os.path.isfile(path):
            return None
        status = os.stat(path)
        about = _about(_beside(path))
        return Facts(
            status.st_size,
            about.content_type or "binary/octet-stream",
            dict(about.metadata) if about.metadata else None,
            int(status.st_mtime),
            about.encryption,
        )

    def store(self, key: str, parts: Iterable[Data], about: About) -> None:
        """Write the file under another name, then rename it."""
        path = self._path(key)
        if os.path.isdir(path):
            raise MetaflowS3Exception(
                f"{path} is a folder, since other keys continue this one: no local file can have its name"
            )
        try:
            make_folder(os.path.dirname(path))
            if not os.path.isdir(os.path.dirname(path)):
                raise NotADirectoryError
        except (FileExistsError, NotADirectoryError) as error:
            raise MetaflowS3Exception(f"{path}: a part of this key is a local file already") from error
        fresh = f"{os.path.dirname(path)}/.{os.getpid()}-{os.urandom(4).hex()}{_ABOUT}"
        with open(fresh, "wb", opener=private) as file:
            file.writelines(parts)
        given = {name: value for name, value in about._asdict().items() if value}
        if given:
            with open(_beside(path), "w", encoding="utf-8", opener=private) as file_about:
                json.dump(given, file_about)
        elif os.path.exists(_beside(path)):
            os.unlink(_beside(path))
        os.replace(fresh, path)

    def list(self, prefix: str, is_flat: bool) -> Iterator[tuple[str, int | None]]:
        """Keys that begin with the prefix, in the order of their bytes."""
        folder, slash, begin = prefix.rpartition("/")
        yield from self._walk(folder + slash, begin, is_flat)

    def _walk(self, folder: str, begin: str, is_flat: bool) -> Iterator[tuple[str, int | None]]:
        try:
            with os.scandir(self._path(folder)) as entries:
                found = {entry.name + "/" * entry.is_dir(): entry.path for entry in entries}
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in sorted(found, key=os.fsencode):
            if not name.startswith(begin) or name.endswith(_ABOUT):
                continue
            if name[-1] != "/":
                yield folder + name, os.stat(found[name]).st_size
            elif is_flat:
                yield folder + name, None
            else:
                yield from self._walk(folder + name, "", is_flat)

    def _path(self, key: str) -> str:
        if ".." in key.split("/") or "\0" in key:
            raise MetaflowS3URLException(f"{key!r} is no key that a local folder can hold")
        return f"{self._root}/{key}".rstrip("/")


class OverPlace:
    """Objects of a run that is done again: those of the place `under`, and in a folder what was written since.

    `root` is what the keys of the run's store begin with.
    """

    def __init__(self, under: Place, root: str, folder: str) -> None:
        self._under, self._root, self._over = under, root, FolderPlace(folder)

    def fetch(self, key: str, span: Span | None, path: str) -> Facts:
        """Copy the object's bytes into a file. Raises MissingError."""
        if self._over.facts(self._inside(key)) is not None:
            return self._over.fetch(self._inside(key), span, path)
        return self._under.fetch(key, span, path)

    def facts(self, key: str) -> Facts | None:
        """What is known of the object; None where there is none."""
        return self._over.facts(self._inside(key)) or self._under.facts(key)

    def store(self, key: str, parts: Iterable[Data], about: About) -> None:
        """Write the object into the folder."""
        self._over.store(self._inside(key), parts, about)

    def list(self, prefix: str, is_flat: bool) -> Iterator[tuple[str, int | None]]:
        """Keys that begin with the prefix, with sizes."""
        over = ((self._root + key, size) for key, size in self._over.list(self._inside(prefix), is_flat))
        before = None
        for key, size in merge(over, self._under.list(prefix, is_flat), key=lambda each: each[0].encode()):
            if key != before:  # what was written since comes first
                yield key, size
            before = key

    def _inside(self, key: str) -> str:
        return key[len(self._root) :]


class Places:
    """The place and the key of each URL; buckets are kept with their connections."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._buckets: dict[str, BucketPlace] = {}
        root = environment.get("FLOWC_S3_ROOT")
        if root and not root.startswith("file:"):
            raise MetaflowS3URLException(f"FLOWC_S3_ROOT is {root!r}: use file:/path")
        self._root = os.path.abspath(root[len("file:") :]) if root else None
        self._replay = environment.get("FLOWC_REPLAY")

    def at(self, url: str) -> tuple[Place, str]:
        """The place and the key in it. Raises MetaflowS3URLException."""
        place, key = self._found(url)
        return (self._over(url, place, key), key) if self._replay else (place, key)

    def _over(self, url: str, place: Place, key: str) -> Place:
        """The place as a replay sees it: nothing is written into the store of its run."""
        from flowc.store.overlay import read_rules

        assert self._replay, "only a replay has a folder"
        under = read_rules(self._replay).under.rstrip("/") + "/"
        if not url.startswith(under):
            return place
        return OverPlace(place, key[: len(key) - len(url) + len(under)], self._replay)

    def _found(self, url: str) -> tuple[Place, str]:
        scheme, colon, rest = url.partition(":")
        if scheme == "file" and colon and rest:
            return FolderPlace(""), os.path.abspath(rest)[1:] + "/" * rest.endswith("/")
        name, _, key = rest[2:].partition("/")
        if scheme != "s3" or not rest.startswith("//") or not name:
            raise MetaflowS3URLException(f"{url!r} is no s3://bucket/key")
        if self._root:
            return FolderPlace(f"{self._root}/{name}"), key
        if name not in self._buckets:
            self._buckets[name] = BucketPlace(Bucket(name, self._environment))
        return self._buckets[name], key


def _facts(headers: Mapping[str, str], size: int) -> Facts:
    match = _RANGE.match(headers.get("content-range", ""))
    first, last, total = (int(number) for number in match.groups()) if match else (0, size - 1, size)
    return Facts(
        size,
        headers.get("content-type"),
        json.loads(headers[_ATTRIBUTES]) if _ATTRIBUTES in headers else None,
        _moment(headers.get("last-modified")),
        headers.get("x-amz-server-side-encryption"),
        RangeInfo(total, first, last - first + 1),
    )


def _moment(text: str | None) -> int | None:
    from email.utils import parsedate_to_datetime

    return int(parsedate_to_datetime(text).timestamp()) if text else None


def _bounds(span: Span | None, there: int, key: str) -> tuple[int, int]:
    if span is None:
        return 0, there
    start = max(there - (span.size or 0), 0) if span.start is None else span.start
    if start >= there:
        raise MetaflowS3InvalidRange(f"{key} has {there} bytes, none from {start} on")
    return start, min(there - start, span.size) if span.size is not None else there - start


def _beside(path: str) -> str:
    folder, name = os.path.split(path)
    return f"{folder}/.{name}{_ABOUT}"


def _about(path: str) -> About:
    try:
        with open(path, encoding="utf-8") as file:
            return About(**json.load(file))
    except (FileNotFoundError, NotADirectoryError):
        return About()
