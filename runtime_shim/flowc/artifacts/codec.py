"""Large blobs, compressed where that is worth its time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from flowc.store.protocol import Data

_CHUNK = 1 << 18
_SAMPLE = 16 * 1024
_SAMPLES = 8
_WORTH = 0.8
"""Blobs are compressed where a sample shrinks below this part."""


def decompressed(view: memoryview, size: int) -> memoryview:
    """The `size` bytes that were compressed, writable. Raises ValueError where these are others."""
    machine, found, end = zlib.decompressobj(), memoryview(bytearray(size)), 0
    try:
        for at in range(0, len(view), _CHUNK):
            data = machine.decompress(view[at : at + _CHUNK])
            found[end : end + len(data)] = data
            end += len(data)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if end != size or not machine.eof:
        raise ValueError("it ends too early")
    return found


def shrinks(pieces: Sequence[Data]) -> bool:
    """Whether samples of the whole say that compression is worth its time."""
    size = sum(memoryview(piece).nbytes for piece in pieces)
    step = max(size // _SAMPLES, _SAMPLE)
    sample = b"".join(_slices(pieces, range(0, size, step)))
    return len(zlib.compress(sample, 1)) < _WORTH * len(sample)


def _slices(pieces: Sequence[Data], starts: range) -> Iterator[bytes]:
    begin, waiting = 0, list(reversed(starts))
    for piece in pieces:
        view = memoryview(piece).cast("B")
        while waiting and waiting[-1] < begin + len(view):
            at = waiting.pop() - begin
            yield bytes(view[at : at + _SAMPLE])
        begin += len(view)


def compressed(pieces: Sequence[Data]) -> list[Data]:
    """The pieces of the compressed whole."""
    machine = zlib.compressobj(1)
    found: list[Data] = []
    for piece in pieces:
        view = memoryview(piece).cast("B")
        found.extend(machine.compress(view[at : at + (1 << 24)]) for at in range(0, len(view), 1 << 24))
    return [part for part in (*found, machine.flush()) if part]
