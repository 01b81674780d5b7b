"""`S3()`: objects of S3 for flows and scripts, without boto3; a local folder may stand in for all buckets (`FLOWC_S3_ROOT`)."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, TypeVar

from flowc.datatools.places import About, Places, Span
from flowc.datatools.s3_object import (
    Facts,
    MetaflowS3AccessDenied,
    MetaflowS3Exception,
    MetaflowS3InsufficientDiskSpace,
    MetaflowS3InvalidObject,
    MetaflowS3InvalidRange,
    MetaflowS3NotFound,
    MetaflowS3URLException,
    RangeInfo,
    S3GetObject,
    S3Object,
    S3PutObject,
    told,
)
from flowc.store.protocol import Data, StoreError

__all__ = [
    "S3",
    "MetaflowS3AccessDenied",
    "MetaflowS3Exception",
    "MetaflowS3InsufficientDiskSpace",
    "MetaflowS3InvalidObject",
    "MetaflowS3InvalidRange",
    "MetaflowS3NotFound",
    "MetaflowS3URLException",
    "RangeInfo",
    "S3GetObject",
    "S3Object",
    "S3PutObject",
]

_AT_ONCE = 16
_CHUNK = 8 << 20

Given = TypeVar("Given")
Result = TypeVar("Result")


class S3:
    """A view of S3: full URLs, or keys below `s3root`, or below the run's own folder of the store (`run=self`, `run=a client Run`).

    Use it as a context manager: what it fetched lies in a temporary folder (under `tmproot`) that goes when it is closed.
    `bucket` and `prefix` with `run` say where the folders of runs are, in place of the store.
    """

    def __init__(
        self,
        tmproot: str | None = None,
        bucket: str | None = None,
        prefix: str | None = None,
        run: Any = None,
        s3root: str | None = None,
        encryption: str | None = None,
        **unused: Any,
    ) -> None:
        _refuse(unused)
        self._tmproot = tmproot
        self._folder: str | None = None
        self._lock = threading.Lock()
        self._encryption = encryption
        self._places = Places(os.environ)
        self._root = _root(run, bucket, prefix, s3root)

    def __enter__(self) -> S3:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was fetched."""
        folder, self._folder = self._folder, None
        if folder:
            shutil.rmtree(folder, ignore_errors=True)

    def list_paths(self, keys: Iterable[str] | None = None) -> list[S3Object]:
        """The next level below each key: objects, and what continues with a `/` (for which `exists` is False)."""
        return self._listed([self._url(key).rstrip("/") + "/" for key in _all(keys)], is_flat=True)

    def list_recursive(self, keys: Iterable[str] | None = None) -> list[S3Object]:
        """All objects whose addresses begin with one of the keys'."""
        return self._listed([self._url(key) if key else self._url(None) + "/" for key in _all(keys)], is_flat=False)

    def info(self, key: str | None = None, return_missing: bool = False) -> S3Object:
        """An object without its bytes. Raises MetaflowS3NotFound, unless `return_missing`: then `exists` is False."""
        url = self._url(key)
        with told(url):
            place, name = self._places.at(url)
            facts = place.facts(name)
        if facts is None and not return_missing:
            raise MetaflowS3NotFound(url)
        return S3Object(self._root, url, facts=facts)

    def info_many(self, keys: Iterable[str], return_missing: bool = False) -> list[S3Object]:
        """`info` of each key, in this order."""
        return _together(lambda key: self.info(key, return_missing), keys)

    def get(
        self, key: str | S3GetObject | None = None, return_missing: bool = False, return_info: bool = True
    ) -> S3Object:
        """An object with its bytes. Raises MetaflowS3NotFound, unless `return_missing`: then `exists` is False."""
        url = self._url(key)
        path = self._temporary()
        try:
            facts = self._fetched(url, _span(key), path)
        except MetaflowS3NotFound:
            if not return_missing:
                raise
            return S3Object(self._root, url)
        return S3Object(self._root, url, path, facts=facts if return_info else None)

    def get_many(
        self, keys: Iterable[str | S3GetObject], return_missing: bool = False, return_info: bool = True
    ) -> list[S3Object]:
        """`get` of each key, several at once, in this order."""
        return _together(lambda key: self.get(key, return_missing, return_info), keys)

    def get_recursive(self, keys: Iterable[str], return_info: bool = False) -> list[S3Object]:
        """All objects below the keys, with their bytes; each one's `key` is what is left below the key that was asked for."""
        return _together(lambda found: self._filled(found, return_info), self.list_recursive(keys))

    def get_all(self, return_info: bool = False) -> list[S3Object]:
        """All objects below `s3root` or the run's folder, with their bytes."""
        if self._root is None:
            raise MetaflowS3URLException("get_all() needs S3(s3root=…) or S3(run=…)")
        return _together(lambda found: self._filled(found, return_info), self.list_recursive())

    def put(
        self,
        key: str | S3PutObject,
        obj: Any,
        overwrite: bool = True,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Put text, bytes or an open file (from its beginning); gives the URL. Not where there is one and `overwrite` is False."""
        url = self._url(key)
        self._stored(url, _parts(obj, key), About(content_type, metadata, self._encryption), overwrite)
        return url

    def put_many(
        self, key_objs: Iterable[tuple[str, Any] | S3PutObject], overwrite: bool = True
    ) -> list[tuple[str, str]]:
        """Put several, some at once; the (key, URL) pairs of those that were put."""
        given = [pair if isinstance(pair, S3PutObject) else S3PutObject(pair[0], pair[1]) for pair in key_objs]
        work = [(put, _parts(put.value, put.key)) for put in given]
        return self._all_stored(work, overwrite)

    def put_files(
        self, key_paths: Iterable[tuple[str, str] | S3PutObject], overwrite: bool = True
    ) -> list[tuple[str, str]]:
        """Put several local files, some at once; the (key, URL) pairs of those that were put."""
        given = [pair if isinstance(pair, S3PutObject) else S3PutObject(pair[0], path=pair[1]) for pair in key_paths]
        for put in given:
            if put.path is None or not os.path.exists(put.path):
                raise MetaflowS3NotFound(f"Local file not found: {put.path}")
        return self._all_stored([(put, _file_parts(put.path or "")) for put in given], overwrite)

    def _all_stored(self, work: list[tuple[S3PutObject, Iterable[Data]]], overwrite: bool) -> list[tuple[str, str]]:
        def one(item: tuple[S3PutObject, Iterable[Data]]) -> tuple[str, str] | None:
            put, parts = item
            url = self._url(put.key)
            about = About(put.content_type, put.metadata, put.encryption or self._encryption)
            return (put.key, url) if self._stored(url, parts, about, overwrite) else None

        return [pair for pair in _together(one, work) if pair]

    def _stored(self, url: str, parts: Iterable[Data], about: About, overwrite: bool) -> bool:
        with told(url):
            place, name = self._places.at(url)
            if not name or name.endswith("/"):
                raise MetaflowS3URLException(f"{url} names no object")
            if not overwrite and place.facts(name) is not None:
                return False
            place.store(name, parts, about)
        return True

    def _fetched(self, url: str, span: Span | None, path: str) -> Facts:
        try:
            with told(url):
                place, name = self._places.at(url)
                return place.fetch(name, span, path)
        except BaseException:  # whatever ended it, half a file is of no use
            os.unlink(path)
            raise

    def _filled(self, found: S3Object, return_info: bool) -> S3Object:
        path = self._temporary()
        facts = self._fetched(found.url, None, path)
        return S3Object(found.prefix, found.url, path, facts=facts if return_info else None)

    def _listed(self, urls: list[str], is_flat: bool) -> list[S3Object]:
        found = []
        for url in urls:
            with told(url):
                place, prefix = self._places.at(url)
                base = url[: len(url) - len(prefix)]
                found += [
                    S3Object(url, base + key, size=size)
                    for key, size in place.list(prefix, is_flat)
                    if key != prefix or not key.endswith("/")
                ]
        return found

    def _url(self, key: Any) -> str:
        name = getattr(key, "key", key)
        if name is not None and not isinstance(name, str):
            raise MetaflowS3URLException(f"a key is a text, not {name!r}")
        is_full = name is not None and name.startswith(("s3://", "file:"))
        if self._root is None:
            if not is_full:
                raise MetaflowS3URLException(
                    f"{name!r} is no full s3:// URL: give one, or use S3(run=self) or S3(s3root=…)"
                )
            return str(name)
        if is_full:
            raise MetaflowS3URLException(f"S3() with a root takes keys below it, not the full URL {name}")
        return f"{self._root}/{str(name).lstrip('/')}" if name else self._root

    def _temporary(self) -> str:
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.mkdtemp(prefix="flowc-s3-", dir=self._tmproot)
        handle, path = tempfile.mkstemp(dir=self._folder)
        os.close(handle)
        return path


def _refuse(unused: Mapping[str, Any]) -> None:
    wrong = [name for name, value in unused.items() if value is not None]
    if wrong:
        raise TypeError(
            f"S3() does not take {', '.join(wrong)}: credentials and endpoints are the environment's (AWS_PROFILE, AWS_ROLE_ARN, "
            "AWS_ENDPOINT_URL)"
        )


def _root(run: Any, bucket: str | None, prefix: str | None, s3root: str | None) -> str | None:
    if run is not None:
        return _run_root(run, bucket, prefix)
    if s3root is None:
        return None
    if not str(s3root).startswith(("s3://", "file:")):
        raise MetaflowS3URLException(f"s3root is {s3root!r}, which is no s3:// URL")
    return str(s3root).rstrip("/")


def _run_root(run: Any, bucket: str | None, prefix: str | None) -> str:
    from flowc.artifacts.address import RunAddress, escape
    from flowc.client.context import store_of

    try:
        store, address = store_of(run)
    except StoreError as error:
        raise MetaflowS3URLException(str(error)) from None
    if bucket is None and prefix is None:
        return f"{store.rstrip('/')}/{RunAddress(*address).folder}/_s3"
    root = f"s3://{bucket}" if bucket else store.rstrip("/")
    middle = f"{prefix.strip('/')}/" if prefix and prefix.strip("/") else ""
    return f"{root}/{middle}{escape(address[0])}/{escape(address[1])}"


def _all(keys: Iterable[str] | None) -> Iterable[str | None]:
    if isinstance(keys, str):
        raise MetaflowS3URLException(f"a list of keys is wanted, not the text {keys!r}")
    return [None] if keys is None else keys


def _span(key: Any) -> Span | None:
    start, length = getattr(key, "offset", None), getattr(key, "length", None)
    if start is None and length is None:
        return None
    return Span(None, -length) if length is not None and length < 0 else Span(start or 0, length)


def _parts(obj: Any, key: Any) -> Iterable[Data]:
    if isinstance(obj, str):
        return [obj.encode()]
    if isinstance(obj, (bytes, bytearray, memoryview)):
        return [obj]
    if not (hasattr(obj, "read") and hasattr(obj, "seek")) or (hasattr(obj, "readable") and not obj.readable()):
        raise MetaflowS3InvalidObject(
            f"{type(obj).__name__} for {key!r}: only text, bytes and open files that can be read are put"
        )
    return _read_parts(obj)


def _read_parts(file: Any) -> Iterator[Data]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk.encode() if isinstance(chunk, str) else chunk


def _file_parts(path: str) -> Iterator[Data]:
    with open(path, "rb") as file:
        yield from _read_parts(file)


def _together(work: Callable[[Given], Result], given: Iterable[Given]) -> list[Result]:
    """The results of the work, in order; some of it at once."""
    items = list(given)
    if len(items) <= 1:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_AT_ONCE, len(items))) as pool:
        return list(pool.map(work, items))
