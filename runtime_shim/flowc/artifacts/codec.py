"""The parts of large blobs, compressed one by one where that is worth its time, by several threads.

A compressed part is a row of pieces, each for so many bytes of the part: four bytes with its size, four with its CRC-32, and the
piece. One that is as long as what it stands for is that itself.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from binascii import crc32
from collections.abc import Callable, Iterable, Iterator, Sequence

from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path
from flowc.store.pieces import can_start
from flowc.store.protocol import Data, SetupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Asked = TypeVar("Asked")
    Answer = TypeVar("Answer")

COMPRESSION = "FLOWC_COMPRESSION"
"""The variable that says `zstd` where all who read what a task saves have it; zlib, which every Python has, is the default."""

_PIECE = 1 << 20
_HEAD = 8
"""Bytes before a piece: its size, and its CRC-32."""
_LEAST = 16 * 1024
"""Parts below this size are left as they are."""
_SAMPLE, _SAMPLES = 4 * 1024, 8
_WORTH = 0.8
"""Parts are compressed where samples of them shrink below this share."""
_THREADS = 4


class Codec(NamedTuple):
    """How pieces are compressed, and below which share of a sample of theirs that is worth its time."""

    name: str
    compress: Callable[[Data], bytes]
    worth: float


def codec() -> Codec:
    """The one that this process writes. Raises SetupError where it was told to write what it cannot."""
    said = os.environ.get(COMPRESSION, "")
    if said in ("", "zlib"):
        return Codec("zlib", lambda data: zlib.compress(data, 1), 0.6)
    if said != "zstd":
        raise SetupError(f"{COMPRESSION} is zlib or zstd, not {said!r}")
    found = _zstd()
    if found is None:
        raise SetupError(f"{COMPRESSION} says zstd, {_LACKS}")
    return Codec("zstd", found[0], _WORTH)


_LACKS = "and this Python has none: install `zstandard`, or take Python 3.14"


def _zstd() -> tuple[Callable[[Any], bytes], Callable[[Any, int], bytes]] | None:
    """What compresses, and what gives back so many bytes; the interpreter's own, or that of `zstandard`."""
    with contextlib.suppress(ImportError):
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]

        return lambda data: zstd.compress(data, 1), lambda data, size: zstd.decompress(data)
    with contextlib.suppress(ImportError):
        import zstandard  # type: ignore[import-not-found, unused-ignore]

        return (
            lambda data: zstandard.ZstdCompressor(level=1).compress(data),
            lambda data, size: zstandard.ZstdDecompressor().decompress(data, max_output_size=size),
        )
    return None


def decompressed(view: memoryview, size: int) -> memoryview:
    """The `size` bytes that an older flowc compressed as a whole, writable. Raises ValueError where these are others."""
    machine, found, end = zlib.decompressobj(), memoryview(bytearray(size)), 0
    try:
        for at in range(0, len(view), _PIECE):
            data = machine.decompress(view[at : at + _PIECE])
            found[end : end + len(data)] = data
            end += len(data)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if end != size or not machine.eof:
        raise ValueError("it ends too early")
    return found


def shrinking(parts: Sequence[Sequence[Data]]) -> list[bool]:
    """Of each part, given in its pieces, whether samples say that compression is worth its time."""
    return list(in_threads(shrinks, parts, sum(map(length, parts))))


def length(part: Sequence[Data]) -> int:
    """The bytes of a part."""
    return sum(memoryview(piece).nbytes for piece in part)


def shrinks(part: Sequence[Data]) -> bool:
    """Whether samples of a part say that compression is worth its time."""
    size = length(part)
    if size < _LEAST:
        return False
    step = max(size // _SAMPLES, _SAMPLE)
    return _share(b"".join(_slices(part, range(0, size, step)))) < _WORTH


def _share(sample: Data) -> float:
    """How much of a sample is left when it is compressed."""
    return len(zlib.compress(sample, 1)) / memoryview(sample).nbytes


def _slices(pieces: Sequence[Data], starts: range) -> Iterator[bytes]:
    begin, waiting = 0, list(reversed(starts))
    for piece in pieces:
        view = memoryview(piece).cast("B")
        while waiting and waiting[-1] < begin + len(view):
            at = waiting.pop() - begin
            yield bytes(view[at : at + _SAMPLE])
        begin += len(view)


def compressed(part: Sequence[Data], by: Codec) -> Iterator[Data]:
    """A part in its compressed pieces, in their order; no more than a few wait for whoever takes them."""
    for found, data in in_threads(lambda piece: _compressed(piece, by), _cut(part), length(part)):
        yield found
        yield data


def _compressed(data: Data, by: Codec) -> tuple[bytes, Data]:
    found: Data = data
    middle = max((len(data) - _SAMPLE) // 2, 0)
    if _share(memoryview(data)[middle : middle + _SAMPLE]) < by.worth:
        shorter = by.compress(data)
        found = shorter if len(shorter) < len(data) else data
    return len(found).to_bytes(4, "little") + crc32(found).to_bytes(4, "little"), found


def _cut(part: Sequence[Data]) -> Iterator[Data]:
    """The part again, in pieces of one size; what is larger is not copied."""
    rest = bytearray()
    for each in part:
        view = memoryview(each).cast("B")
        while len(rest) + len(view) >= _PIECE:
            taken = _PIECE - len(rest)
            yield bytes(rest + view[:taken]) if rest else view[:taken]
            view, rest = view[taken:], bytearray()
        rest += view
    if rest:
        yield bytes(rest)


def restored(view: memoryview, name: str, size: int) -> memoryview:
    """The `size` bytes of a part, writable. Raises ValueError where these are others, SetupError where this Python cannot read them."""
    back = _back(name)
    whole = memoryview(bytearray(size))

    def one(piece: tuple[int, memoryview]) -> None:
        at, data = piece
        length = min(_PIECE, size - at)
        whole[at : at + length] = data if len(data) == length else back(data, length)

    try:
        for _ in in_threads(one, _pieces(view, size), size):
            pass
    except Exception as error:  # zlib's, or either zstd's
        raise ValueError(str(error)) from error
    return whole


def _back(name: str) -> Callable[[Any, int], bytes]:
    """What gives back so many bytes."""
    if name == "zlib":
        return lambda data, length: zlib.decompress(data, zlib.MAX_WBITS, length)
    found = _zstd() if name == "zstd" else None
    if found is None:
        raise SetupError(f"an artifact is compressed by {name}, {_LACKS}")
    return found[1]


def _pieces(view: memoryview, size: int) -> Iterator[tuple[int, memoryview]]:
    """Of each piece the place of what it stands for, and its bytes. Raises ValueError where they are not what was written."""
    end = 0
    for at in range(0, size, _PIECE):
        start = end + _HEAD
        end = start + int.from_bytes(view[start - _HEAD : start - 4], "little")
        data = view[start:end]
        if end > len(view) or crc32(data) != int.from_bytes(view[start - 4 : start], "little"):
            raise ValueError("a piece is not what was written")
        yield at, data
    if end != len(view):
        raise ValueError("it does not end where it should")


def in_threads(work: Callable[[Asked], Answer], asked: Iterable[Asked], size: int) -> Iterator[Answer]:
    """What `work` gives for each, in their order; where `size` bytes are worth it by a few threads, for which few of them wait."""
    at_once = min(_THREADS, _processors())
    if size < _ALONE or not can_start(at_once):
        yield from map(work, asked)
        return
    with standard_path():
        from concurrent.futures import ThreadPoolExecutor

    waiting: list[Any] = []
    with ThreadPoolExecutor(at_once) as pool:
        for each in asked:
            waiting.append(pool.submit(work, each))
            if len(waiting) > 2 * at_once:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


@contextlib.contextmanager
def meanwhile(work: Callable[[], Answer], size: int) -> Iterator[Callable[[], Answer]]:
    """What gives the answer of `work`, which is done by another thread beside the block where `size` bytes are worth it."""
    if size < _ALONE or not can_start(1):
        yield work
        return
    with standard_path():
        from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work).result


_ALONE = 4 << 20
"""Below so many bytes one thread is as fast, and needs no import."""


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
