"""The stores on Google Cloud Storage (`gs://bucket/prefix`) and Azure Blob Storage (`az://container/prefix`), through obstore.

obstore is imported here alone, when such a store is opened. Its threads do not outlive a fork: a store is of one process.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path
from flowc.store.pieces import AT_ONCE, cut, gathered
from flowc.store.protocol import Data, Found, Listed, MissingError, SetupError, StoreError, Unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PIECE = 16 << 20
_MOST_PIECES = 8000
"""Google takes 10,000 pieces of an object, Azure 50,000."""
_AT_MOST = 1000
"""Keys of one call to delete."""
_NO_BUCKET = re.compile("ContainerNotFound|NoSuchBucket|bucket does not exist")
_NO_CREDENTIALS = re.compile("token request", re.IGNORECASE)
_REFUSED = re.compile("status code: 40[13]")
_PROCESS = os.getpid()
_OLDEST = (0, 8, 2)
"""Before it, obstore escaped characters of keys once more: what one release wrote, another did not find."""


class _Kind(NamedTuple):
    """What differs between the two: `tag` is what a conditional replacement names an object by, `never` a tag that no object has."""

    title: str
    shape: str
    store: str
    tag: str
    never: str
    setup: str


_KINDS = {
    "gs": _Kind(
        "Google Cloud Storage",
        "gs://bucket/prefix",
        "GCSStore",
        "version",
        "1",
        "set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account, or give the pod or machine a service account "
        "(Workload Identity); at home run `gcloud auth application-default login`",
    ),
    "az": _Kind(
        "Azure Blob Storage",
        "az://container/prefix",
        "AzureStore",
        "e_tag",
        '"0x0"',
        "set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY or AZURE_CLIENT_ID with its companions, or give the pod or "
        "machine an identity (Workload Identity, managed identity)",
    ),
}


class CloudStore:
    """Objects of one bucket under one prefix; the methods are those of `flowc.store.Store`."""

    def __init__(self, url: str, environment: Mapping[str, str] = os.environ) -> None:
        scheme, _, rest = url.partition("://")
        self._kind = kind = _KINDS[scheme.partition(":")[0]]
        self._bucket, _, prefix = rest.rstrip("/").partition("/")
        if not self._bucket or "#" in url or "//" in f"/{prefix}":
            raise SetupError(f"{url!r} is no {kind.shape}")
        self.url = url.rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._obstore = _imported(self.url)
        try:
            self._store = _opened(self._obstore, kind, self._bucket, environment)
        except (self._obstore.exceptions.BaseError, ValueError) as error:
            raise self._no_credentials(f"{self.url} cannot be opened", _plain(str(error))) from error

    def __repr__(self) -> str:
        return f"CloudStore({self.url!r})"

    def get(self, key: str) -> Found:
        """The whole object. Raises MissingError."""
        with self._told("read", key):
            found = self._obstore.get(self._mine(), self._key(key))
            tag, data = found.meta[self._kind.tag] or "", bytes(found.bytes())
        return Found(data, lambda _: str(tag))

    def get_range(self, key: str, start: int, size: int) -> memoryview:
        """`size` bytes from `start`, in writable memory of their own. Raises MissingError."""
        if size == 0:
            return memoryview(bytearray())
        if size <= 2 * PIECE:
            return memoryview(bytearray(self._range(key, start, size)))

        def read(begin: int, room: memoryview) -> None:
            room[:] = self._range(key, start + begin, len(room))

        return gathered(size, PIECE, read)

    def put(self, key: str, parts: Iterable[Data]) -> None:
        """Write the object, atomically; what is large goes in several requests."""
        piece = max(PIECE, _size(parts) // _MOST_PIECES)
        pieces = map(b"".join, cut(parts, piece))
        first = list(islice(pieces, 2))
        more = next(pieces, None)
        with self._told("written", key):
            if more is None:
                self._obstore.put(self._mine(), self._key(key), b"".join(first), use_multipart=False)
            else:
                rest = chain(first, (more,), pieces)
                del first, more
                self._obstore.put(self._mine(), self._key(key), rest, chunk_size=piece, max_concurrency=AT_ONCE)

    def create(self, key: str, data: bytes) -> bool:
        """Write the object only where there is none; False where there is another one."""
        return self._written(key, data, "create") or self._holds(key, data)

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        """Write the object only over the one that has this tag; False where another, or none, is there."""
        return self._written(key, data, {self._kind.tag: etag}) or self._holds(key, data)

    def size(self, key: str) -> int | None:
        """How many bytes the object has; None where there is none."""
        try:
            with self._told("read", key):
                return int(self._obstore.head(self._mine(), self._key(key))["size"])
        except MissingError:
            return None

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        """Keys that begin with `prefix`, in the order of their bytes, at most `limit`."""
        for found in self.entries(prefix, limit):
            yield found.key

    def entries(self, prefix: str, limit: int | None = None) -> Iterator[Listed]:
        """What `list` gives, with sizes and times."""
        for found in islice(self._listed(self._key(prefix)), limit):
            yield Listed(found["path"][len(self._prefix) :], found["size"], found["last_modified"].timestamp())

    def folders(self, prefix: str = "") -> Iterator[str]:
        """What stands between `prefix`, which is empty or ends with `/`, and the next `/` of the keys below it, each once, in order."""
        with self._told("listed"):
            found = self._obstore.list_with_delimiter(self._mine(), self._key(prefix).rstrip("/") or None)
        yield from sorted(path.rpartition("/")[2] for path in found["common_prefixes"])

    def copy(self, source: str, key: str) -> None:
        """Let `key` hold what `source` holds; the server copies. Raises MissingError."""
        with self._told("read", source):
            self._obstore.copy(self._mine(), self._key(source), self._key(key))

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens where there is none."""
        with contextlib.suppress(MissingError), self._told("removed", key):
            self._obstore.delete(self._mine(), self._key(key))

    def delete_all(self, keys: Sequence[str]) -> None:
        """Remove these objects, as many at once as the server takes."""
        for start in range(0, len(keys), _AT_MOST):
            some = [self._key(key) for key in keys[start : start + _AT_MOST]]
            try:
                with self._told("removed"):
                    self._obstore.delete(self._mine(), some)
            except MissingError:  # one of them is gone: then one by one
                for key in keys[start : start + _AT_MOST]:
                    self.delete(key)

    def unfinished(self, prefix: str, before: float) -> Iterator[Unfinished]:
        """None: obstore lists no uploads that have not ended. Azure drops their pieces after a week, Google by a rule of the bucket."""
        return iter(())

    def discard(self, unfinished: Unfinished) -> None:
        """Nothing: there is none."""

    def probe(self, key: str, data: bytes) -> None:
        """Raise StoreError where the server ignores conditional puts. `key` must hold `data`, which is all that is ever written."""
        if self._written(key, data, "create") or self._written(key, data, {self._kind.tag: self._kind.never}):
            raise StoreError(
                f"the server of {self.url} ignores conditional puts, so two runs or two attempts could overwrite each other: "
                f"use {self._kind.title} itself, or an emulator that honours them"
            )

    def _range(self, key: str, start: int, size: int) -> Data:
        with self._told("read", key):
            found: Data = self._obstore.get_range(self._mine(), self._key(key), start=start, length=size)
        there = len(found)
        if there != size:
            raise StoreError(
                f"{self.url}/{key} has {there} bytes from {start} on, not {size}: it was changed by something else"
            )
        return found

    def _written(self, key: str, data: bytes, mode: Any) -> bool:
        errors = self._obstore.exceptions
        try:
            with self._told("written", key):
                self._obstore.put(self._mine(), self._key(key), data, mode=mode)
        except MissingError:  # there is nothing to replace
            return False
        except StoreError as error:
            if isinstance(error.__cause__, (errors.AlreadyExistsError, errors.PreconditionError)):
                return False
            raise
        return True

    def _holds(self, key: str, data: bytes) -> bool:
        """Whether it was this very write that won, and its answer was lost."""
        try:
            return self.get(key).data == data
        except MissingError:
            return False

    def _listed(self, full: str) -> Iterator[Mapping[str, Any]]:
        """Objects by whole keys. obstore lists folders alone: where the prefix ends within a name, what is past it is left."""
        folder, _, begin = full.rpartition("/")
        offset = full[:-1] if begin else None
        with self._told("listed"):
            for page in self._obstore.list(self._mine(), folder or None, offset=offset):
                for found in page:
                    key = found["path"]
                    if key.startswith(full):
                        yield found
                    elif key > full:
                        return

    def _mine(self) -> Any:
        if os.getpid() != _PROCESS:
            raise StoreError(
                f"{self.url} is asked in a fork of the process that opened it, where obstore waits for ever: read what a function "
                "of parallel_map and its like needs before it is called, or use processes that are started anew"
            )
        return self._store

    @contextlib.contextmanager
    def _told(self, done: str, key: str = "") -> Iterator[None]:
        """Say obstore's errors in the words of stores."""
        where = f"{self.url}/{key}" if key else self.url
        try:
            yield
        except FileNotFoundError as error:
            if _NO_BUCKET.search(str(error)):
                raise self._no_bucket() from error
            if "Object at location" not in str(error):  # a file of whoever gives the parts
                raise
            raise MissingError(where) from None
        except self._obstore.exceptions.BaseError as error:
            raise self._trouble(error, f"{where} cannot be {done}") from error

    def _trouble(self, error: Exception, told: str) -> StoreError:
        """What to tell of an error."""
        text, errors = _plain(str(error)), self._obstore.exceptions
        if _NO_BUCKET.search(text):
            return self._no_bucket()
        if "status code: 416" in text:
            return StoreError(f"{told}: it is shorter than it was, so it was changed by something else")
        if _NO_CREDENTIALS.search(text):
            return self._no_credentials(told, text)
        if isinstance(error, (errors.PermissionDeniedError, errors.UnauthenticatedError)) or _REFUSED.search(text):
            return StoreError(
                f"{told}: access denied. The identity needs to read, write, list and delete objects there: {text}"
            )
        return StoreError(f"{told}: {text}")

    def _no_credentials(self, told: str, text: str) -> SetupError:
        return SetupError(f"{told}: no credentials for {self._kind.title}: {self._kind.setup}. {text}")

    def _no_bucket(self) -> StoreError:
        return StoreError(f"there is no {self._bucket!r} ({self.url}): create it, or correct the URL")

    def _key(self, key: str) -> str:
        return self._prefix + key


def _imported(url: str) -> Any:
    try:
        import obstore
        import obstore.exceptions
        import obstore.store
    except ImportError as error:
        raise SetupError(
            f"{url} needs obstore, which is not installed here: `pip install obstore` where flowc runs, and among what the image of the "
            f"steps installs ({error})"
        ) from None
    if tuple(map(int, re.findall("[0-9]+", obstore.__version__)[:3])) < _OLDEST:
        raise SetupError(
            f"{url} needs obstore {'.'.join(map(str, _OLDEST))} or newer: {obstore.__version__} gives keys other names"
        )
    return obstore


def _opened(obstore: Any, kind: _Kind, bucket: str, environment: Mapping[str, str]) -> Any:
    with standard_path():
        from datetime import timedelta

    config, endpoint = (_google if kind.tag == "version" else _azure)(environment)
    patience = {"connect_timeout": timedelta(seconds=10), "timeout": timedelta(minutes=10)}
    return getattr(obstore.store, kind.store)(
        bucket,
        config=config,
        client_options={**patience, "allow_http": endpoint.startswith("http://")},
        retry_config={
            "max_retries": 8,
            "retry_timeout": timedelta(minutes=1),
            "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=8), "base": 2},
        },
    )


def _google(environment: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Settings besides the variables that obstore reads itself, and the server where it is another one."""
    emulator = environment.get("STORAGE_EMULATOR_HOST", "")
    if not emulator:
        return {}, ""
    with standard_path():
        import json

    url = emulator.rstrip("/") if "://" in emulator else f"http://{emulator.rstrip('/')}"
    account = {"gcs_base_url": url, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    return {"service_account_key": json.dumps(account)}, url


def _azure(environment: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """As above; with the names that Azure's own tools give to account and key."""
    names = {"AZURE_STORAGE_ACCOUNT": "account_name", "AZURE_STORAGE_KEY": "account_key"}
    config: dict[str, Any] = {key: environment[name] for name, key in names.items() if environment.get(name)}
    endpoint = environment.get("AZURE_STORAGE_ENDPOINT") or environment.get("AZURE_ENDPOINT") or ""
    if environment.get("AZURE_STORAGE_USE_EMULATOR", "").lower() in ("1", "true"):
        endpoint = environment.get("AZURITE_BLOB_STORAGE_URL") or "http://127.0.0.1:10000"
    return config, endpoint


def _plain(text: str) -> str:
    """An error's text in a line: without how obstore holds it, and without queries, where a signature may be."""
    told, _, body = text.partition("\n\nDebug source:")[0].partition("<?xml")
    reasons = re.findall("<(?:Code|Message)>([^<]*)<", body)
    return " ".join(re.sub(r"\?[^\s)]*", "?…", f"{told} {': '.join(reasons)}").split())


def _size(parts: Iterable[Data]) -> int:
    """All bytes, where that is known before."""
    return sum(memoryview(part).nbytes for part in parts) if isinstance(parts, (list, tuple)) else 0
