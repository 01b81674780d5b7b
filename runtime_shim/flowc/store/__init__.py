"""The store: objects under a URL (a folder, S3, Google Cloud Storage, Azure) with conditional puts. It knows no flows, tasks or artifacts.

May import: the ground alone, which is `exceptions`, `named_tuple`, `standard_path`, `public_names`. Start reading in `protocol`.
"""

from __future__ import annotations

from flowc.store.protocol import Data, Found, MissingError, SetupError, Store, StoreError

__all__ = ["KINDS", "Data", "Found", "MissingError", "SetupError", "Store", "StoreError", "fault", "open_store"]

KINDS = ("file:", "s3://", "gs://", "az://")
"""What the URLs of stores begin with."""


def open_store(url: str) -> Store:
    """The store of a URL: `file:/path`, `file:relative/path`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`.

    Raises SetupError for any other, and where what a store needs is not installed.
    """
    wrong = fault(url)
    if wrong:
        raise SetupError(wrong)
    if url.startswith("file:"):
        from flowc.store.files import FileStore

        return FileStore(url)
    if url.startswith("s3:"):
        from flowc.store.s3 import S3Store

        return S3Store(url)
    from flowc.store.cloud import CloudStore

    return CloudStore(url)


def fault(url: str) -> str:
    """Why no store can be at a URL, in words that are safe to print; empty where one can."""
    scheme, colon, rest = url.partition(":")
    if scheme != "file" and ("@" in rest or "?" in rest):
        return (
            f"the URL of a store, {_shown(url)}, holds a user, a password or a signature: everybody who reads a run would see it. "
            "Give the bucket alone, and credentials by the environment's variables or a role"
        )
    if not colon or scheme not in ("file", "s3", "gs", "az"):
        return f"no store at {url!r}: use file:/path, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
    return ""


def _shown(url: str) -> str:
    """A URL without what may be a secret in it: what stands before an `@`, and behind a `?`."""
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        scheme, slashes, rest = url.partition(":")
    before = rest.rpartition("@")[2] if scheme != "file" else rest
    plain = before.partition("?")[0] if scheme != "file" else before
    return f"{scheme}{slashes}{'…@' * (before != rest)}{plain}{'?…' * (plain != before)}"
