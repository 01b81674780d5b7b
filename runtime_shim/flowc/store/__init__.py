"""The store: objects under a URL, in a folder or on S3, with conditional puts. It knows nothing of flows, tasks or artifacts.

May import: the ground alone, which is `exceptions`, `named_tuple`, `standard_path`, `public_names`. Start reading in `protocol`.
"""

from __future__ import annotations

from flowc.store.protocol import Data, Found, MissingError, Store, StoreError

__all__ = ["Data", "Found", "MissingError", "Store", "StoreError", "open_store"]


def open_store(url: str) -> Store:
    """The store of a URL: `file:/path`, `file:relative/path`, `s3://bucket/prefix`. Raises StoreError for any other."""
    scheme = url.partition(":")[0]
    if scheme == "file":
        from flowc.store.files import FileStore

        return FileStore(url)
    if scheme == "s3":
        from flowc.store.s3 import S3Store

        return S3Store(url)
    raise StoreError(f"no store at {url!r}: use file:/path or s3://bucket/prefix")
