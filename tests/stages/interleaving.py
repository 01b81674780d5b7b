"""Several actors on one store, in all orders of their operations with few changes between them, each order from a fresh store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from flowc.store.protocol import Data, Found, Listed, MissingError, Unfinished

_PAGE = 2
_HANGS = 60.0


class Memory:
    """A store in memory; a listing comes in pages, between which others may write.

    `now` is the time of what is written, `written` the keys in their order.
    """

    url = "memory:"

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self.objects: dict[str, tuple[bytes, float]] = {}
        self.written: list[str] = []

    def get(self, key: str) -> Found:
        if key not in self.objects:
            raise MissingError(key)
        return Found(self.objects[key][0], lambda data: str(hash(data)))

    def get_range(self, key: str, start: int, size: int) -> memoryview:
        return memoryview(bytearray(self.get(key).data[start : start + size]))

    def put(self, key: str, parts: Iterable[Data]) -> None:
        self.objects[key] = b"".join(parts), self.now
        self.written.append(key)

    def create(self, key: str, data: bytes) -> bool:
        if key in self.objects:
            return self.objects[key][0] == data
        self.put(key, (data,))
        return True

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        if key not in self.objects or self.get(key).etag != etag:
            return False
        self.put(key, (data,))
        return True

    def size(self, key: str) -> int | None:
        return len(self.objects[key][0]) if key in self.objects else None

    def page(self, prefix: str, after: str) -> list[Listed]:
        return [entry for entry in self.entries(prefix) if entry.key > after][:_PAGE]

    def entries(self, prefix: str, limit: int | None = None) -> Iterator[Listed]:
        for key in sorted(key for key in self.objects if key.startswith(prefix))[:limit]:
            yield Listed(key, len(self.objects[key][0]), self.objects[key][1])

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        yield from [entry.key for entry in self.entries(prefix)][:limit]

    def folders(self, prefix: str = "") -> Iterator[str]:
        below = {key[len(prefix) :].partition("/") for key in self.objects if key.startswith(prefix)}
        yield from sorted({name for name, slash, _ in below if slash})

    def copy(self, source: str, key: str) -> None:
        self.put(key, (self.get(source).data,))

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def delete_all(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.delete(key)

    def unfinished(self, prefix: str, before: float) -> Iterator[Unfinished]:
        return iter(())

    def discard(self, unfinished: Unfinished) -> None:
        raise AssertionError(unfinished)


class Ended(BaseException):
    """What a killed actor meets at its next operation, and at each that its handlers try."""


@dataclass
class Actor:
    """One of the actors: what it does, and where it is. `outcome` is what it returned or raised."""

    work: Callable[[Turns], object]
    ready: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    is_over: bool = False
    is_killed: bool = False
    outcome: object = None


class Turns:
    """The store as one actor sees it: each operation waits for its turn."""

    url = "memory:"

    def __init__(self, store: Memory, actor: Actor, rests: threading.Semaphore) -> None:
        self._store, self._actor, self._rests = store, actor, rests

    def _wait(self) -> Memory:
        if not self._actor.is_killed:
            self._rests.release()
            assert self._actor.ready.acquire(timeout=_HANGS)
        if self._actor.is_killed:
            raise Ended
        return self._store

    def get(self, key: str) -> Found:
        return self._wait().get(key)

    def get_range(self, key: str, start: int, size: int) -> memoryview:
        return self._wait().get_range(key, start, size)

    def put(self, key: str, parts: Iterable[Data]) -> None:
        self._wait().put(key, parts)

    def create(self, key: str, data: bytes) -> bool:
        return self._wait().create(key, data)

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        return self._wait().replace(key, data, etag)

    def size(self, key: str) -> int | None:
        return self._wait().size(key)

    def entries(self, prefix: str, limit: int | None = None) -> Iterator[Listed]:
        after = ""
        while page := self._wait().page(prefix, after):
            yield from page
            after = page[-1].key
            if len(page) < _PAGE:
                return

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        for number, entry in enumerate(self.entries(prefix)):
            if number == limit:
                return
            yield entry.key

    def folders(self, prefix: str = "") -> Iterator[str]:
        return self._wait().folders(prefix)

    def copy(self, source: str, key: str) -> None:
        self._wait().copy(source, key)

    def delete(self, key: str) -> None:
        self._wait().delete(key)

    def delete_all(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._wait().delete(key)

    def unfinished(self, prefix: str, before: float) -> Iterator[Unfinished]:
        return self._wait().unfinished(prefix, before)

    def discard(self, unfinished: Unfinished) -> None:
        self._wait().discard(unfinished)


@dataclass
class Order:
    """One order: whose turn it was at each operation, and who else could have had it."""

    turns: list[int]
    others: list[tuple[int, ...]]
    outcomes: list[object]


def play(
    store: Memory,
    works: Sequence[Callable[[Turns], object]],
    turns: Sequence[int],
    kill: int | None = None,
    look: Callable[[], None] = lambda: None,
) -> Order:
    """Give the actors these turns, and then each its own to its end; `kill`: the first actor is killed before its operation of that number.

    `look` is called after each operation.
    """
    rests = threading.Semaphore(0)
    actors = [Actor(work) for work in works]
    threads = [threading.Thread(target=_act, args=(store, actor, rests), daemon=True) for actor in actors]
    for thread in threads:
        thread.start()
        assert rests.acquire(timeout=_HANGS)
    order, given = Order([], [], []), 0
    current = 0
    while alive := [number for number, actor in enumerate(actors) if not actor.is_over]:
        at = len(order.turns)
        current = turns[at] if at < len(turns) else current if current in alive else alive[0]
        if current not in alive:
            current = alive[0]
        order.turns.append(current)
        order.others.append(tuple(number for number in alive if number != current))
        if current == 0:
            actors[0].is_killed = given == kill
            given += 1
        actors[current].ready.release()
        assert rests.acquire(timeout=_HANGS), "an actor hangs"
        look()
    for thread in threads:
        thread.join(_HANGS)
    order.outcomes = [actor.outcome for actor in actors]
    return order


def _act(store: Memory, actor: Actor, rests: threading.Semaphore) -> None:
    try:
        actor.outcome = actor.work(Turns(store, actor, rests))
    except BaseException as error:  # noqa: BLE001 - what it was is looked at later
        actor.outcome = error
    actor.is_over = True
    rests.release()


def orders(once: Callable[[Sequence[int]], Order], changes: int) -> Iterator[Order]:
    """All orders in which the turn passes at most so many times to another actor although one could go on.

    `once` plays an order that begins with the given turns.
    """
    waiting: list[tuple[tuple[int, ...], int]] = [((), changes)]
    while waiting:
        begin, left = waiting.pop()
        order = once(begin)
        yield order
        for at in range(len(begin), len(order.turns)):
            if left:
                waiting += [((*order.turns[:at], other), left - 1) for other in order.others[at]]
