"""The sha256 of bytes. `hashlib` loads OpenSSL, so it is loaded where the first digest is asked for: a small step needs none."""

from __future__ import annotations

from collections.abc import Iterable

from flowc.standard_path import standard_path
from flowc.store.protocol import Data


def sha256(pieces: Iterable[Data]) -> str:
    """The digest of the pieces, one after the other, in hexadecimal digits."""
    with standard_path():
        import hashlib

    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
