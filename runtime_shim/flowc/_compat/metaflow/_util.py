"""`metaflow.util`: the few of its functions that flows use."""

from __future__ import annotations

import functools
import os
import shutil
import urllib.parse
from io import BytesIO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

__all__ = [
    "all_equal",
    "bytes_type",
    "cached_property",
    "get_username",
    "is_stringish",
    "longest_common_prefix",
    "resolve_identity",
    "to_bytes",
    "to_fileobj",
    "to_unicode",
    "unicode_type",
    "url_quote",
    "url_unquote",
    "which",
]

unicode_type, bytes_type = str, bytes
cached_property, which = functools.cached_property, shutil.which


def get_username() -> str | None:
    """Who runs this; None where only root or nobody is known."""
    for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"):
        if os.environ.get(name, "root") not in ("", "root"):
            return os.environ[name]
    return None


def resolve_identity() -> str:
    """`user:<name>`. Raises MetaflowException where nobody is known."""
    from flowc.exceptions import MetaflowException

    user = get_username()
    if user is None:
        raise MetaflowException("nobody knows who runs this: set METAFLOW_USER")
    return f"user:{user}"


def is_stringish(x: Any) -> bool:
    """Whether it is text or bytes."""
    return isinstance(x, (str, bytes))


def to_unicode(x: Any) -> str:
    """Bytes decoded, everything else as its text."""
    return x.decode("utf-8") if isinstance(x, bytes) else str(x)


def to_bytes(x: Any) -> bytes:
    """Bytes as they are, everything else as its text in UTF-8."""
    return x if isinstance(x, bytes) else str(x).encode("utf-8")


def to_fileobj(x: Any) -> BytesIO:
    """Its bytes as a file."""
    return BytesIO(to_bytes(x))


def url_quote(url: Any) -> bytes:
    """A URL with what it cannot hold escaped, as bytes."""
    return urllib.parse.quote(to_bytes(url), safe="/:").encode()


def url_unquote(url_bytes: Any) -> str:
    """What `url_quote` was given."""
    return urllib.parse.unquote(to_unicode(url_bytes))


def all_equal(it: Iterable[Any]) -> bool:
    """Whether all items are equal; true of none."""
    items = iter(it)
    first = next(items, None)
    return all(each == first for each in items)


def longest_common_prefix(lst: Sequence[str]) -> str:
    """What all texts begin with."""
    first, last = min(lst, default=""), max(lst, default="")
    same = (one == other for one, other in zip(first, last))
    return first[: next((at for at, each in enumerate(same) if not each), min(len(first), len(last)))]
