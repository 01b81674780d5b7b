"""The store: objects under a URL (a folder, S3, Google Cloud Storage, Azure) with conditional puts. It knows no flows, tasks or artifacts.

May import: the ground alone, which is `exceptions`, `named_tuple`, `standard_path`, `public_names`. Start reading in `protocol`.
"""

from __future__ import annotations

import os

from flowc.store.protocol import Data, Found, MissingError, SetupError, Store, StoreError

__all__ = [
    "CLOUDS",
    "KINDS",
    "OBSTORE",
    "Data",
    "Found",
    "MissingError",
    "SetupError",
    "Store",
    "StoreError",
    "fault",
    "open_store",
    "read_object",
    "secret_in",
]

KINDS = ("file:", "s3://", "gs://", "az://")
"""What the URLs of stores begin with."""

CLOUDS = ("gs://", "az://")
"""Those of stores that are asked through obstore."""

OBSTORE = "obstore>=0.8.2"
"""What pip installs for them."""


def open_store(url: str) -> Store:
    """The store of a URL: `file:/path`, `file:relative/path`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`.

    Where a task is done again (`FLOWC_REPLAY`), the run's store is one that is only read (`overlay`).
    Raises SetupError for any other, and where what a store needs is not installed.
    """
    wrong = fault(url)
    if wrong:
        raise SetupError(wrong)
    opened = _opened(url)
    folder = os.environ.get("FLOWC_REPLAY")
    if folder:
        from flowc.store.overlay import over

        return over(opened, folder)
    return opened


def _opened(url: str) -> Store:
    if url.startswith("file:"):
        from flowc.store.files import FileStore

        return FileStore(url)
    if url.startswith("s3:"):
        from flowc.store.s3 import S3Store

        return S3Store(url)
    from flowc.store.cloud import CloudStore

    return CloudStore(url)


def read_object(url: str) -> bytes:
    """The whole object at a URL. Raises MissingError, and StoreError as stores do."""
    folder, _, name = url.rpartition("/")
    return open_store(folder).get(name).data


def fault(url: str) -> str:
    """Why no store can be at a URL, in words that are safe to print; empty where one can."""
    scheme, colon, _ = url.partition(":")
    secret = secret_in(url)
    if not secret and (not colon or scheme not in ("file", "s3", "gs", "az")):
        return f"no store at {url!r}: use file:/path, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
    return secret


def secret_in(url: str) -> str:
    """Why the URL of a store or of an object in one holds a secret, in words that are safe to print; empty where it holds none."""
    scheme, _, rest = url.partition(":")
    if scheme != "file" and ("@" in rest or "?" in rest):
        return (
            f"the URL {_shown(url)} holds a user, a password or a signature: everybody who reads a run would see it. "
            "Give the bucket alone, and credentials by the environment's variables or a role"
        )
    return ""


def _shown(url: str) -> str:
    """A URL without what may be a secret in it: what stands before an `@`, and behind a `?`."""
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        scheme, slashes, rest = url.partition(":")
    before = rest.rpartition("@")[2] if scheme != "file" else rest
    plain = before.partition("?")[0] if scheme != "file" else before
    return f"{scheme}{slashes}{'…@' * (before != rest)}{plain}{'?…' * (plain != before)}"
