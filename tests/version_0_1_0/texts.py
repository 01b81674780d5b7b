"""A value as text that does not depend on how a version keeps it; it imports nothing of flowc."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_MORE = {
    "Cards": ("cards",),
    "CardComponents": ("type", "id", "components"),
    "Card": ("type", "id", "hash", "size", "pathspec"),
    "Parameter": ("name", "default", "help", "required"),
    "IncludeFile": ("name", "default", "is_text"),
    "S3Object": ("url", "key", "prefix", "size", "exists", "metadata", "content_type", "range_info", "last_modified"),
    "Trigger": ("event", "events", "runs"),
}
"""What of objects with a short text is told, too."""

_PLAIN = (bool, int, float, str, bytes, bytearray, range, type(None), datetime)


def text_of(value: Any) -> str:
    """The value as the outside sees it: its type's name, and what its public names say; nothing of how it is kept."""
    if isinstance(value, type):
        return f"class {value.__qualname__}"
    return f"{type(value).__name__} {_inside(value)}"


def _inside(value: Any) -> str:
    if isinstance(value, _PLAIN):
        return shortened(repr(value))
    if hasattr(value, "_asdict") and isinstance(value, tuple):
        return text_of(value._asdict())
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{text_of(key)}: {text_of(one)}' for key, one in value.items())}}}"
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(map(text_of, value)))}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(text_of, value))}]"
    return _of_object(value, type(value).__name__)


def _of_object(value: Any, kind: str) -> str:
    if isinstance(value, BaseException):
        public = {name: one for name, one in vars(value).items() if name[:1] != "_"}
        return f"{value} {text_of(public)}"
    if hasattr(value, "render") and not kind.endswith("Card"):
        return text_of(value.render())
    if kind in ("Components", "MetaflowArtifacts"):
        return text_of(list(value))
    if kind == "MetaflowData":
        return ""
    more = {name: getattr(value, name) for name in _MORE.get(kind, ())}
    said = repr(value) if type(value).__repr__ is not object.__repr__ else ""
    return f"{said} {text_of(more)}" if more else said


def shortened(text: str, longest: int = 300) -> str:
    """The text, of a long one the beginning and the digest."""
    if len(text) <= longest:
        return text
    return f"{text[: longest // 3]}… {len(text)} sha256:{hashlib.sha256(text.encode()).hexdigest()}"
