"""Values to bytes and back: pickle 5, large buffers written from memory and mapped when they are read; where the bytes lie."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence

from flowc.artifacts.address import RunAddress
from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path
from flowc.store.protocol import Data, Store, sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

SMALL = 64 * 1024
"""Pickles below this size go into the pack."""

_PAGE = 4096
_BUFFER = 16 * 1024
"""Buffers below this size stay inside the pickle."""
_OFFSET = 8
_SIMPLE = frozenset({int, str, float, bool, type(None)})


class Packed(NamedTuple):
    """A small artifact: its pickle's place in the pack."""

    kind: str
    start: int
    size: int


class Blob(NamedTuple):
    """A large artifact: an object of its own. `parts` are the sizes of the pickle and of its buffers, `raw` the sha256, before `codec`."""

    kind: str
    sha: str
    size: int
    codec: str
    parts: tuple[int, ...]
    raw: str


Entry: TypeAlias = "Packed | Blob"
"""Where an artifact's bytes lie; `kind` is its type's name as people write it."""


class Frame(NamedTuple):
    """One level of foreach around a task: the split, the task's place among its children, and the blob of the items."""

    step: str
    place: int
    fan: int
    items: str
    size: int


class Pickled(NamedTuple):
    """A value as bytes: the pickle, in pieces, and the buffers that it refers to, still the value's own memory."""

    stream: Sequence[Data]
    buffers: Sequence[memoryview]

    @property
    def size(self) -> int:
        """All bytes, gaps not counted."""
        return sum(map(_length, self.stream)) + sum(map(len, self.buffers))

    @property
    def parts(self) -> tuple[int, ...]:
        """The size of the pickle, then of each buffer."""
        return (sum(map(_length, self.stream)), *map(len, self.buffers))


class NotPicklableError(Exception):
    """Neither pickle nor cloudpickle takes the value; the text says why."""


class _Pieces(list):  # type: ignore[type-arg]
    """Where a pickler writes: pieces are kept as they come, so that a large text is not copied."""

    __slots__ = ()
    write = list.append


def dumps(value: Any, whole: bool = False) -> Pickled:
    """The value's bytes; as one pickle without buffers where `whole`. Raises NotPicklableError."""
    if type(value) in _SIMPLE:
        return Pickled((pickle.dumps(value, 5),), ())
    try:
        return _dump(pickle.Pickler, value, whole)
    except Exception as error:  # noqa: BLE001 - a value's own __reduce__ may raise anything
        return _dump_by_value(value, whole, error)


def _dump(pickler: Callable[..., Any], value: Any, whole: bool) -> Pickled:
    pieces = _Pieces()
    buffers: list[memoryview] = []
    callback = None if whole else lambda buffer: _inside(buffer, buffers)
    pickler(pieces, protocol=5, buffer_callback=callback).dump(value)
    return Pickled(pieces, buffers)


def _inside(buffer: pickle.PickleBuffer, buffers: list[memoryview]) -> bool:
    """Whether a buffer stays in the pickle; else it is added to `buffers`."""
    try:
        raw = buffer.raw()
    except BufferError:  # not contiguous
        return True
    if len(raw) < _BUFFER:
        return True
    buffers.append(raw)
    return False


def _dump_by_value(value: Any, whole: bool, error: Exception) -> Pickled:
    """What plain pickle refuses (a lambda in a list, a class of a function) may be sent by value."""
    try:
        import cloudpickle  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise NotPicklableError(_reason(error)) from error
    try:
        return _dump(cloudpickle.Pickler, value, whole)
    except Exception as second:  # as above
        raise NotPicklableError(_reason(second)) from second


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def loads(data: Data) -> Any:
    """The value of a pickle that has no buffers outside."""
    return pickle.loads(data)


# A blob is the pickle and its buffers, one after the other, the large ones at the start of a page.


def _places(parts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where each part of a blob starts and ends."""
    end = 0
    for number, size in enumerate(parts):
        start = -(-end // _PAGE) * _PAGE if number else 0
        end = start + size
        yield start, end


def layout(pickled: Pickled) -> Iterator[Data]:
    """The pieces of a blob, gaps included."""
    end = 0
    yield from pickled.stream
    for (start, stop), buffer in zip(_places(pickled.parts), (None, *pickled.buffers)):
        if buffer is not None:
            if start > end:
                yield bytes(start - end)
            yield buffer
        end = stop


def save_blob(store: Store, run: RunAddress, kind: str, pickled: Pickled, known: Blob | None = None) -> Blob:
    """Write a value as an object of its own, under its content's name, compressed where that is worth it.

    Nothing is written where the value's bytes are those of `known`, the blob that it was loaded from.
    """
    pieces = list(layout(pickled))
    raw = sha256(pieces)
    if known is not None and (known.raw, known.parts) == (raw, pickled.parts):
        return known
    with standard_path():
        from flowc.artifacts.codec import compressed, shrinks

    if shrinks(pieces):
        sha, size = save_pieces(store, run, compressed(pieces))
        return Blob(kind, sha, size, "zlib", pickled.parts, raw)
    sha, size = save_pieces(store, run, pieces, raw)
    return Blob(kind, sha, size, "", pickled.parts, raw)


def save_pieces(store: Store, run: RunAddress, pieces: Sequence[Data], sha: str = "") -> tuple[str, int]:
    """Write an object under its content's name; its sha256 and size. One that is there is left, unless its size says that it is damaged."""
    sha, size = sha or sha256(pieces), sum(map(_length, pieces))
    key = run.blob(sha)
    if size < _WORTH_ASKING or store.size(key) != size:
        store.put(key, pieces)
    return sha, size


_WORTH_ASKING = 1 << 20
"""From this size on, asking whether the object is there already costs less than writing it again."""


def load_blob(store: Store, run: RunAddress, blob: Blob) -> Any:
    """The value of a large artifact; what is not compressed is mapped where the store can."""
    view = blob_bytes(store, run, blob)
    (start, end), *places = _places(blob.parts)
    return pickle.loads(view[start:end], buffers=[view[start:end] for start, end in places])


def blob_bytes(store: Store, run: RunAddress, blob: Blob) -> memoryview:
    """The bytes of a blob as they were before its codec, writable without changing the store."""
    view = store.get_range(run.blob(blob.sha), 0, blob.size)
    if blob.codec:
        with standard_path():
            from flowc.artifacts.codec import decompressed

        return decompressed(view, list(_places(blob.parts))[-1][1])
    return memoryview(bytearray(view)) if view.readonly else view


# The items of a foreach are one blob: where each ends (eight bytes a number), then the pickles. A body reads its own by range.


def save_items(store: Store, run: RunAddress, items: Sequence[Any]) -> tuple[str, int]:
    """Write the items; the blob's sha256 and size. Raises NotPicklableError."""
    pickles = [b"".join(dumps(item, whole=True).stream) for item in items]
    ends, end = bytearray(), _OFFSET * len(items)
    for data in pickles:
        end += len(data)
        ends += end.to_bytes(_OFFSET, "little")
    return save_pieces(store, run, (bytes(ends), *pickles))


def load_item(store: Store, run: RunAddress, frame: Frame) -> Any:
    """The item that a foreach gave to one of its children."""
    key = run.blob(frame.items)
    first = max(frame.place - 1, 0)
    ends = store.get_range(key, _OFFSET * first, _OFFSET * (frame.place + 1 - first))
    end = int.from_bytes(ends[-_OFFSET:], "little")
    start = int.from_bytes(ends[:_OFFSET], "little") if frame.place else _OFFSET * frame.fan
    return pickle.loads(store.get_range(key, start, end - start))


def _length(piece: Data) -> int:
    return memoryview(piece).nbytes
