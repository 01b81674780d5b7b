"""The SHA-256 of bytes, without OpenSSL where that would cost more than it saves."""

from __future__ import annotations

import sys
from importlib import import_module

_LARGE = 1 << 20
"""From so many bytes on OpenSSL is faster, though loading it takes 2.5 ms."""
_OWN = "_sha2" if sys.version_info >= (3, 12) else "_sha256"
"""What `hashlib` itself takes where there is no OpenSSL."""


def sha256_of(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    try:
        module = import_module(_OWN if len(data) < _LARGE else "hashlib")
    except ImportError:  # a Python that was built without it
        module = import_module("hashlib")
    digest: str = module.sha256(data).hexdigest()
    return digest
