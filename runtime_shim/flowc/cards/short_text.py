"""Values as short text: what a card shows of an artifact."""

from __future__ import annotations

import reprlib
from typing import Any

_LONG = 2000
_ROWS, _COLUMNS = 20, 20


class _Short(reprlib.Repr):
    """A value's repr, cut: long texts in their middle, long containers and deep ones at their end."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 400
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = self.maxdeque = 30
        self.maxlevel = 5

    def repr_instance(self, x: Any, level: int) -> str:
        """What an object says of itself; its type alone where that would be an address in memory."""
        if not any("__repr__" in vars(kind) for kind in type(x).__mro__[:-1]):
            return f"<{type(x).__module__}.{type(x).__qualname__}>"
        return super().repr_instance(x, level)


def shown(value: Any, is_short: bool = True) -> str:
    """A value as text, at most a page of it. Never raises: a `__repr__` that fails is told."""
    try:
        text = _Short().repr(value) if is_short else repr(value)
    except Exception as error:  # noqa: BLE001 - an author's __repr__ may raise anything
        return f"<{type(value).__qualname__}, whose __repr__ raised {type(error).__name__}>"
    return text if len(text) <= _LONG or not is_short else f"{text[:_LONG]}…"


def is_frame(value: Any) -> bool:
    """Whether it is a DataFrame of pandas or polars, as it says itself."""
    kind = type(value)
    return kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] in ("pandas", "polars")


def table_of(frame: Any, truncate: bool = True) -> dict[str, Any]:
    """A DataFrame's headers and rows, the first of them, and a last row of dots where there are more."""
    rows, columns = frame.shape
    names = list(frame.columns)[: _COLUMNS if truncate else None]
    part = frame.head(_ROWS) if truncate else frame
    values = [list(part[name]) for name in names]
    index = list(part.index) if hasattr(part, "index") else range(len(part))
    data = [[_cell(at), *(_cell(column[row]) for column in values)] for row, at in enumerate(index)]
    if len(data) < rows:
        data.append(["…"] * (len(names) + 1))
    more = [] if len(names) == columns else [f"… {columns - len(names)} more"]
    return {"type": "table", "columns": ["", *(str(name) for name in names), *more], "data": data}


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= _LONG else f"{value[:_LONG]}…"
    if isinstance(value, float):
        return f"{value:g}"
    return shown(value)
