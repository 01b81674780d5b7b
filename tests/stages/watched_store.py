"""A store that tells of each operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flowc.store.protocol import Data, Found, Listed, Store


class Watched:
    """A store that calls `before` with the number of each operation, and `after` once it is done."""

    def __init__(
        self,
        inner: Store,
        before: Callable[[int, str], None] = lambda *_: None,
        after: Callable[[int, str], None] = lambda *_: None,
    ) -> None:
        self.inner, self.url = inner, inner.url
        self._before, self._after = before, after
        self.calls: list[str] = []

    def _around(self, name: str) -> Iterator[None]:
        self.calls.append(name)
        number = len(self.calls)
        self._before(number, name)
        yield
        self._after(number, name)

    def get(self, key: str) -> Found:
        for _ in self._around("get"):
            found = self.inner.get(key)
        return found

    def get_range(self, key: str, start: int, size: int) -> memoryview:
        for _ in self._around("get_range"):
            found = self.inner.get_range(key, start, size)
        return found

    def put(self, key: str, parts: Iterable[Data]) -> None:
        for _ in self._around("put"):
            self.inner.put(key, parts)

    def create(self, key: str, data: bytes) -> bool:
        for _ in self._around("create"):
            found = self.inner.create(key, data)
        return found

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        for _ in self._around("replace"):
            found = self.inner.replace(key, data, etag)
        return found

    def size(self, key: str) -> int | None:
        for _ in self._around("size"):
            found = self.inner.size(key)
        return found

    def entries(self, prefix: str, limit: int | None = None) -> Iterator[Listed]:
        """One operation, as a listing is."""
        for _ in self._around("list"):
            found = list(self.inner.entries(prefix, limit))
        yield from found

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        for _ in self._around("list"):
            found = list(self.inner.list(prefix, limit))
        return iter(found)

    def delete(self, key: str) -> None:
        for _ in self._around("delete"):
            self.inner.delete(key)

    def copy(self, source: str, key: str) -> None:
        for _ in self._around("copy"):
            self.inner.copy(source, key)
