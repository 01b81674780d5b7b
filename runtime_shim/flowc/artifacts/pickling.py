"""Values to bytes and back: pickle 5, large buffers written from memory and mapped when they are read; where the bytes lie.

What is read into memory is compared with a CRC-32 that was saved with it.
"""

from __future__ import annotations

import json
import pickle
from binascii import crc32
from collections.abc import Callable, Iterator, Sequence

from flowc.artifacts.address import RunAddress
from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path
from flowc.store.protocol import DamagedError, Data, Store, sha256

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
    """A large artifact: an object of its own. `parts` are the sizes of the pickle and of its buffers, `raw` the sha256, before `codec`.

    `sums` are the CRC-32 of the parts; there are none where an older flowc wrote it.
    """

    kind: str
    sha: str
    size: int
    codec: str
    parts: tuple[int, ...]
    raw: str
    sums: tuple[int, ...] = ()


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

    sums = (crc(pickled.stream), *(crc32(buffer) for buffer in pickled.buffers))
    if shrinks(pieces):
        sha, size = save_pieces(store, run, compressed(pieces))
        return Blob(kind, sha, size, "zlib", pickled.parts, raw, sums)
    sha, size = save_pieces(store, run, pieces, raw)
    return Blob(kind, sha, size, "", pickled.parts, raw, sums)


def crc(pieces: Sequence[Data]) -> int:
    """The CRC-32 of the pieces, one after the other."""
    found = 0
    for piece in pieces:
        found = crc32(piece, found)
    return found


def save_pieces(store: Store, run: RunAddress, pieces: Sequence[Data], sha: str = "") -> tuple[str, int]:
    """Write an object under its content's name; its sha256 and size. One that is there is left, unless it is damaged.

    In a folder its bytes are compared, which costs less than to write them; elsewhere its size.
    """
    sha, size = sha or sha256(pieces), sum(map(_length, pieces))
    key = run.blob(sha)
    if size < _WORTH_ASKING or store.size(key) != size or not _holds(store, key, pieces, size):
        store.put(key, pieces)
    return sha, size


def _holds(store: Store, key: str, pieces: Sequence[Data], size: int) -> bool:
    if not store.url.startswith("file:"):
        return True
    there, end = store.get_range(key, 0, size), 0
    for piece in pieces:
        view = memoryview(piece).cast("B")
        for at in range(0, len(view), _CHUNK):  # a comparison of views in one go asks for each byte as an object
            part = view[at : at + _CHUNK]
            if bytes(there[end : end + len(part)]) != bytes(part):
                return False
            end += len(part)
    return True


_CHUNK = 1 << 20


_WORTH_ASKING = 1 << 20
"""From this size on, asking whether the object is there already costs less than writing it again."""


def load_blob(store: Store, run: RunAddress, blob: Blob) -> Any:
    """The value of a large artifact; what is not compressed is mapped where the store can. Raises DamagedError."""
    view = blob_bytes(store, run, blob)
    (start, end), *places = _places(blob.parts)
    parts = [view[start:end], *(view[start:end] for start, end in places)]
    _check(parts, blob)
    return pickle.loads(parts[0], buffers=parts[1:])


def _check(parts: Sequence[memoryview], blob: Blob) -> None:
    """Compare what is read into memory with what was saved: pickles always, buffers up to a size, from which on they stay mapped.

    What was compressed has been read, and zlib has its own sum.
    """
    for number, (part, known) in enumerate(zip(parts, blob.sums)):
        if (number == 0 or len(part) < _CHECKED) and crc32(part) != known:
            raise DamagedError(f"blob {blob.sha} is not what was saved")


_CHECKED = 16 * 1024 * 1024
"""A buffer below this size is compared when it is read, which takes 4 ms at most; `flowc verify` compares all."""


def blob_bytes(store: Store, run: RunAddress, blob: Blob) -> memoryview:
    """The bytes of a blob as they were before its codec, writable without changing the store."""
    view = store.get_range(run.blob(blob.sha), 0, blob.size)
    if blob.codec:
        with standard_path():
            from flowc.artifacts.codec import decompressed

        try:
            return decompressed(view, list(_places(blob.parts))[-1][1])
        except ValueError:
            raise DamagedError(f"blob {blob.sha} is not what was saved") from None
    return memoryview(bytearray(view)) if view.readonly else view


def whole(store: Store, run: RunAddress, sha: str, size: int) -> memoryview:
    """All of an object that is named by its content. Raises DamagedError where that is another one."""
    found = store.get_range(run.blob(sha), 0, size)
    if sha256((found,)) != sha:
        raise DamagedError(f"blob {sha} is not what was saved")
    return found


# The items of a foreach are one blob: where each ends (eight bytes a number), then the items. A body reads its own by range.
# An item is its pickle, the CRC-32 of that (four bytes), and a NUL: what an older flowc wrote is the pickle alone, whose last byte
# is a full stop, where unpickling ends.


def save_items(store: Store, run: RunAddress, items: Sequence[Any]) -> tuple[str, int]:
    """Write the items; the blob's sha256 and size. Raises NotPicklableError."""
    written = [_sealed(b"".join(dumps(item, whole=True).stream)) for item in items]
    ends, end = bytearray(), _OFFSET * len(items)
    for data in written:
        end += len(data)
        ends += end.to_bytes(_OFFSET, "little")
    return save_pieces(store, run, (bytes(ends), *written))


def _sealed(data: bytes) -> bytes:
    return data + crc32(data).to_bytes(_SUM, "little") + b"\0"


_SUM = 4
_END = b"."


def load_item(store: Store, run: RunAddress, frame: Frame) -> Any:
    """The item that a foreach gave to one of its children. Raises DamagedError."""
    key = run.blob(frame.items)
    first = max(frame.place - 1, 0)
    ends = store.get_range(key, _OFFSET * first, _OFFSET * (frame.place + 1 - first))
    end = int.from_bytes(ends[-_OFFSET:], "little")
    start = int.from_bytes(ends[:_OFFSET], "little") if frame.place else _OFFSET * frame.fan
    if not _OFFSET * frame.fan <= start < end <= frame.size:
        raise DamagedError(f"blob {frame.items} is not what was saved")
    data = store.get_range(key, start, end - start)
    if bytes(data[-1:]) != _END and data != _sealed(bytes(data[: -_SUM - 1])):
        raise DamagedError(f"blob {frame.items} is not what was saved")
    return pickle.loads(data)


# Records are JSON objects, some with bytes behind them.


_SEALED = b'{"crc32":"'
_DIGITS = slice(len(_SEALED), len(_SEALED) + 8)
_REST = _DIGITS.stop + len(b'",')
_UNSEALED = (b'{"version":', b'{"flow":', b'{"crc32": ')
"""What records of an older flowc begin with, and those that it has changed."""


def seal(data: bytes) -> bytes:
    """What begins with a JSON object, with the CRC-32 of all that follows as the first member of that."""
    rest = memoryview(data)[1:]
    return b"".join((_SEALED, b"%08x" % crc32(rest), b'",', rest))


def opened(data: bytes, end: int | None = None) -> dict[str, Any] | None:
    """The JSON object that ends before `end`; None where the bytes are not what was written."""
    is_sealed = data[: _DIGITS.start] == _SEALED
    if data[_DIGITS] != b"%08x" % crc32(memoryview(data)[_REST:]) if is_sealed else not data.startswith(_UNSEALED):
        return None
    try:
        fields: dict[str, Any] = json.loads(data[:end])
    except ValueError:
        return None
    fields.pop("crc32", None)
    return fields if "version" in fields else None


def damaged(what: str, store: Store, run: RunAddress) -> DamagedError:
    """What is told of something of a run that is not what was written."""
    return DamagedError(
        f"{what} in the store {store.url} is damaged or gone: `flowc verify {run.flow}/{run.run}` tells what else is, "
        "and which tasks to run again"
    )


def _length(piece: Data) -> int:
    return memoryview(piece).nbytes
