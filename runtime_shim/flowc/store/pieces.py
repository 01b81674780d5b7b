"""What is large in pieces: cut where it is written, gathered where it is read, a few at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from flowc.standard_path import standard_path
from flowc.store.protocol import Data

AT_ONCE = 4
"""So many pieces are under way."""


def cut(parts: Iterable[Data], size: int, grow: int = 0) -> Iterator[list[Data]]:
    """The parts again, grouped and cut to pieces of `size` bytes, without a copy; where `grow`, of so many pieces more each that many."""
    piece: list[Data] = []
    room, count = size, 0
    for part in parts:
        view = memoryview(part).cast("B")
        while view.nbytes > room:
            yield [*piece, view[:room]]
            count += 1
            view, piece, room = view[room:], [], size * (1 + (count // grow if grow else 0))
        if view.nbytes:
            piece.append(view)
            room -= view.nbytes
    if piece:
        yield piece


def gathered(size: int, piece: int, read: Callable[[int, memoryview], None]) -> memoryview:
    """`size` bytes in writable memory of their own, of what `read(start, room)` puts into each piece of it, a few at once."""
    with standard_path():
        from concurrent.futures import ThreadPoolExecutor

    view = _room(size)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda start: read(start, view[start : start + piece]), range(0, size, piece)))
    return view


def _room(size: int) -> memoryview:
    """Memory whose pages come when they are filled, by the threads that fill them. Raises MemoryError."""
    with standard_path():
        import mmap

    try:
        return memoryview(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    except OSError as error:
        raise MemoryError(f"{size} bytes do not fit into this process's memory") from error


@contextlib.contextmanager
def hashed(parts: Iterable[Data]) -> Iterator[tuple[Iterator[Data], Callable[[], tuple[str, int]]]]:
    """The parts again, in pieces that another thread hashes as they go by; and what gives, when all have gone by, their sha256 and size."""
    with standard_path():
        import hashlib
        import queue
        import threading

    waiting: queue.SimpleQueue[Data | None] = queue.SimpleQueue()
    digest, size = hashlib.sha256(), 0
    hears = waiting.put if can_start(1) else digest.update

    def passing() -> Iterator[Data]:
        nonlocal size
        for piece in chain.from_iterable(cut(parts, _PASSING)):
            size += memoryview(piece).nbytes
            hears(piece)
            yield piece

    def follow() -> None:
        while (piece := waiting.get()) is not None:
            digest.update(piece)

    def result() -> tuple[str, int]:
        waiting.put(None)
        if thread.ident is not None:
            thread.join()
        return digest.hexdigest(), size

    thread = threading.Thread(target=follow, daemon=True)
    if hears == waiting.put:
        thread.start()
    try:
        yield passing(), result
    finally:
        waiting.put(None)
        if thread.ident is not None:
            thread.join()


_PASSING = 8 << 20
"""Bytes that are written, and hashed, at once."""


def can_start(count: int) -> bool:
    """Whether this process may have so many more threads at once: a container may be limited to few."""
    with standard_path():
        import threading

    go, started = threading.Event(), []
    try:
        for _ in range(count):
            thread = threading.Thread(target=go.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:  # the system has no room for another
        return False
    finally:
        go.set()
        for thread in started:
            thread.join()
    return True
