"""Values to bytes and back: pickle 5, large buffers written from memory and mapped when they are read; where the bytes lie.

What is read into memory is compared with a CRC-32 that was saved with it.
"""

from __future__ import annotations

import json
import pickle
from binascii import crc32
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

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
UNCHANGING = frozenset({int, str, float, bool, type(None)})
"""Types whose values have neither buffers nor anything that could change in place."""


class Packed(NamedTuple):
    """A small artifact: its pickle's place in the pack."""

    kind: str
    start: int
    size: int


class Blob(NamedTuple):
    """A large artifact: an object of its own. `parts` are the sizes of the pickle and of its buffers, `raw` the sha256, before `codec`.

    `codec` is nothing, `zlib` where an older flowc compressed the whole, or `parts`: then `stored` says of each part how it is
    compressed, if at all, and what size it has in the object. `sums` are the CRC-32 of the parts that are compared with it when they
    are read; there are none where an older flowc wrote it.
    """

    kind: str
    sha: str
    size: int
    codec: str
    parts: tuple[int, ...]
    raw: str
    sums: tuple[int | None, ...] = ()
    stored: tuple[tuple[str, int], ...] = ()


Entry: TypeAlias = "Packed | Blob"
"""Where an artifact's bytes lie; `kind` is its type's name as people write it."""


def entry_of(found: list[Any]) -> Entry:
    """An entry as a manifest has it in JSON; that of a blob says less where an older flowc wrote it."""
    if len(found) == _SMALL:
        return Packed._make(found)
    kind, sha, size, codec, parts, raw, *more = found
    sums, stored = [*more, (), ()][:2]
    return Blob(kind, sha, size, codec, tuple(parts), raw, tuple(sums), tuple((name, each) for name, each in stored))


_SMALL = len(Packed._fields)


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
    if type(value) in UNCHANGING:
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
    """Write a value as an object of its own, under its content's name, each of its parts compressed where that is worth it.

    Nothing is written where the value's bytes are those of `known`, the blob that it was loaded from.
    """
    pieces = list(layout(pickled))
    raw = sha256(pieces) if known is not None and known.parts == pickled.parts else ""
    if known is not None and known.raw == raw:
        return known
    with standard_path():
        from flowc.artifacts import codec

    parts = (pickled.stream, *((buffer,) for buffer in pickled.buffers))
    shrinking = codec.shrinking(parts)
    with codec.meanwhile(lambda: _sums(pickled, shrinking), pickled.size) as sums:
        if not any(shrinking):
            sha, size = save_pieces(store, run, pieces, raw)
            return Blob(kind, sha, size, "", pickled.parts, sha, sums())
        with codec.meanwhile(lambda: raw or sha256(pieces), pickled.size) as hashed:
            stored: list[tuple[str, int]] = []
            sha, size = save_pieces(store, run, _compressed(parts, shrinking, stored))
            return Blob(kind, sha, size, "parts", pickled.parts, hashed(), sums(), tuple(stored))


def _sums(pickled: Pickled, shrinking: Sequence[bool]) -> tuple[int | None, ...]:
    """What is compared when the parts are read; the pieces of compressed ones have their own."""
    parts = (pickled.stream, *((buffer,) for buffer in pickled.buffers))
    return tuple(
        crc(part) if not shrinks and (not number or size < _CHECKED) else None
        for number, (part, size, shrinks) in enumerate(zip(parts, pickled.parts, shrinking))
    )


def _compressed(
    parts: Sequence[Sequence[Data]], shrinking: Sequence[bool], stored: list[tuple[str, int]]
) -> Iterator[Data]:
    """The pieces of a blob whose parts are compressed where they shrink; how each is kept is added to `stored`."""
    from flowc.artifacts import codec

    by, end = codec.codec(), 0
    for part, shrinks in zip(parts, shrinking):
        if end % _PAGE:
            yield bytes(-end % _PAGE)
        size = 0
        for piece in codec.compressed(part, by) if shrinks else part:
            yield piece
            size += _length(piece)
        stored.append((by.name if shrinks else "", size))
        end += -end % _PAGE + size


def crc(pieces: Sequence[Data]) -> int:
    """The CRC-32 of the pieces, one after the other."""
    found = 0
    for piece in pieces:
        found = crc32(piece, found)
    return found


def save_pieces(store: Store, run: RunAddress, pieces: Iterable[Data], sha: str = "") -> tuple[str, int]:
    """Write an object under its content's name; its sha256 and size. One that is there is left, unless it is damaged.

    In a folder what is large is hashed while it is written; else its bytes are compared with what is there, elsewhere its size.
    """
    first, waiting = _up_to(iter(pieces), _WORTH_ASKING)
    put_named = getattr(store, "put_named", None)
    if put_named is not None and not sha and waiting is not None:
        found: tuple[str, int] = put_named(run.blob(""), chain(first, waiting))
        return found
    pieces = [*first, *(waiting or ())]
    sha, size = sha or sha256(pieces), sum(map(_length, pieces))
    key = run.blob(sha)
    if size < _WORTH_ASKING or store.size(key) != size or not _holds(store, key, pieces, size):
        store.put(key, pieces)
    return sha, size


def _up_to(pieces: Iterator[Data], size: int) -> tuple[list[Data], Iterator[Data] | None]:
    """The first pieces, which reach that size, and the rest; None where they do not reach it."""
    found: list[Data] = []
    for piece in pieces:
        found.append(piece)
        size -= _length(piece)
        if size <= 0:
            return found, pieces
    return found, None


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
    parts = _parts(store, run, blob)
    _check(parts, blob)
    return _unpickled(parts[0], parts[1:])


def _unpickled(data: memoryview, buffers: Sequence[memoryview]) -> Any:
    """The value, without a search for garbage meanwhile: each would go through all that is there by then."""
    import gc

    searches = gc.isenabled()
    gc.disable()
    try:
        return pickle.loads(data, buffers=buffers)
    finally:
        if searches:
            gc.enable()


def _check(parts: Sequence[memoryview], blob: Blob) -> None:
    """Compare what is read into memory with what was saved: pickles always, buffers up to a size, from which on they stay mapped.

    What was compressed has been read, and has its own sums.
    """
    for number, (part, known) in enumerate(zip(parts, blob.sums)):
        if known is not None and (number == 0 or len(part) < _CHECKED) and crc32(part) != known:
            raise _not_saved(blob)


def _not_saved(blob: Blob) -> DamagedError:
    return DamagedError(f"blob {blob.sha} is not what was saved")


_CHECKED = 16 * 1024 * 1024
"""A buffer below this size is compared when it is read, which takes 4 ms at most; `flowc verify` compares all."""


def _parts(store: Store, run: RunAddress, blob: Blob) -> list[memoryview]:
    """The parts of a blob as they were before its codec, writable without changing the store."""
    if not blob.stored:
        view = blob_bytes(store, run, blob)
        return [view[start:end] for start, end in _places(blob.parts)]
    with standard_path():
        from flowc.artifacts import codec

    view = store.get_range(run.blob(blob.sha), 0, blob.size)
    places = _places([size for _, size in blob.stored])
    try:
        return [
            codec.restored(view[start:end], name, size) if name else _writable(view[start:end])
            for (name, _), (start, end), size in zip(blob.stored, places, blob.parts)
        ]
    except ValueError:
        raise _not_saved(blob) from None


def blob_bytes(store: Store, run: RunAddress, blob: Blob) -> memoryview:
    """The bytes of a blob whose parts are not compressed one by one, as `_parts` gives them."""
    view = store.get_range(run.blob(blob.sha), 0, blob.size)
    if not blob.codec:
        return _writable(view)
    with standard_path():
        from flowc.artifacts.codec import decompressed

    try:
        return decompressed(view, list(_places(blob.parts))[-1][1])
    except ValueError:
        raise _not_saved(blob) from None


def _writable(view: memoryview) -> memoryview:
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
