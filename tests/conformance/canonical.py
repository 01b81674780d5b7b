"""One text for each artifact's value: equal values have equal texts, also where their classes come from different files."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections.abc import Mapping

LONGEST = 400
DEEPEST = 50


def canonical(value: object) -> str:
    """The value as text; long ones end in their digest."""
    text = _text(value, depth=0)
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _text(value: object, depth: int) -> str:
    assert depth < DEEPEST, "an artifact that holds itself"
    kind = type(value).__name__
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | range):
        return repr(value)
    if isinstance(value, type):
        return f"class {value.__qualname__}"
    if isinstance(value, list | tuple):
        inside = ", ".join(_text(one, depth + 1) for one in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, set | frozenset):
        return f"{kind}{{{', '.join(sorted(_text(one, depth + 1) for one in value))}}}"
    if isinstance(value, Mapping):
        pairs = sorted((_text(key, depth + 1), _text(one, depth + 1)) for key, one in value.items())
        return f"{{{', '.join(f'{key}: {one}' for key, one in pairs)}}}"
    return _object(value, kind, depth)


def _object(value: object, kind: str, depth: int) -> str:
    if hasattr(value, "exception") and hasattr(value, "stacktrace"):
        return f"Failure({str(value.exception)!r})"
    if kind == "Run":
        # Every engine has its own run; which flow's run it is must agree.
        return f"Run of {str(getattr(value, 'pathspec', '?')).split('/')[0]}"
    if isinstance(value, enum.Enum):  # how it is kept inside differs between releases of Python
        return f"{kind}({value.name!r}, {_text(value.value, depth + 1)})"
    inside = _inside(value)
    return repr(value) if inside is None else f"{kind}{_text(inside, depth + 1)}"


def _inside(value: object) -> object:
    """What makes an object equal to another one: of arrays and tables their types and values, else its fields."""
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return (str(value.dtype), getattr(value, "shape", ()), value.tolist())
    if hasattr(value, "to_dict") and hasattr(value, "dtypes"):
        return ([str(dtype) for dtype in value.dtypes], value.to_dict("list"))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return getattr(value, "__dict__", None)
