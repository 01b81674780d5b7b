"""What a store is: objects by key, with the conditional puts that identity and order stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TypeAlias
else:
    Protocol = object

Data: TypeAlias = "bytes | bytearray | memoryview"


class MissingError(Exception):
    """There is no object of that key."""


class StoreError(Exception):
    """The store cannot be used: a bad URL, no rights, no answer, or conditional puts that it ignores. The message says what to do."""


class DamagedError(StoreError):
    """What is in the store is not what was written there. The message says whose it is and what to do."""


class SetupError(StoreError):
    """What the store needs is not set up here: credentials, a distribution, a URL that can be used. Another attempt meets the same."""


class Found:
    """An object; `etag` is what a conditional replacement names it by, worked out when it is asked for."""

    __slots__ = ("_tag", "data")

    def __init__(self, data: bytes, tag: Callable[[bytes], str]) -> None:
        self.data = data
        self._tag = tag

    @property
    def etag(self) -> str:
        """The tag."""
        return self._tag(self.data)


class Listed(NamedTuple):
    """An object as a listing shows it: its size in bytes, and when it was written, in seconds since 1970."""

    key: str
    size: int
    modified: float


class Unfinished(NamedTuple):
    """A write that has not ended: the object's key, the bytes so far (0 where that would cost a request), the store's own name of it."""

    key: str
    size: int
    name: str


class Store(Protocol):
    """Objects by key (`a/b/c`, already escaped) under a root. All methods raise StoreError for what retries did not cure."""

    url: str

    def get(self, key: str) -> Found:
        """The whole object. Raises MissingError."""
        ...

    def get_range(self, key: str, start: int, size: int) -> memoryview:
        """`size` bytes from `start`; a file store maps them privately: what is written to them stays here. Raises MissingError."""
        ...

    def put(self, key: str, parts: Iterable[Data]) -> None:
        """Write the object, atomically: a reader sees all of it or nothing. `parts` are written one after the other."""
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Write the object only where there is none; False where there is one (unless it is this very write, retried)."""
        ...

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        """Write the object only over the one that has this tag; False where another is there."""
        ...

    def size(self, key: str) -> int | None:
        """How many bytes the object has; None where there is none."""
        ...

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        """Keys that begin with `prefix`, in the order of their bytes, at most `limit`."""
        ...

    def copy(self, source: str, key: str) -> None:
        """Let `key` hold what `source` holds, without a way through this process where the store can. Raises MissingError."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens where there is none."""
        ...

    def entries(self, prefix: str, limit: int | None = None) -> Iterator[Listed]:
        """What `list` gives, with sizes and times."""
        ...

    def folders(self, prefix: str = "") -> Iterator[str]:
        """What stands between `prefix`, which is empty or ends with `/`, and the next `/` of the keys below it, each once, in order."""
        ...

    def delete_all(self, keys: Sequence[str]) -> None:
        """Remove all these objects, a thousand in one request where the store can."""
        ...

    def unfinished(self, prefix: str, before: float) -> Iterator[Unfinished]:
        """Writes below `prefix` that began before that time (seconds since 1970) and have not ended: what killed processes leave."""
        ...

    def discard(self, unfinished: Unfinished) -> None:
        """Remove what was written of it; nothing happens where there is nothing any more."""
        ...


def sha256(pieces: Iterable[Data]) -> str:
    """The digest of the pieces, one after the other, in hexadecimal digits: the name of content.

    `hashlib` loads OpenSSL, so it is loaded where the first digest is asked for: a small step needs none.
    """
    with standard_path():
        import hashlib

    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
