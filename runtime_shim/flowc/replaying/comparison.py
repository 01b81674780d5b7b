"""`python -m flowc compare`: whether artifacts that a replay left are worth what the task had left, by its own classes.

Values are unpickled, which runs the author's code, so it is done in a process of its own. What is asked and what is answered are files
of the replay's folder, as JSON.
"""

from __future__ import annotations

import io
import json
import os
import pickle
from typing import Any

from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Manifest, read
from flowc.container.command import loaded_flow, the_flow
from flowc.source.recorded import left_in
from flowc.store import open_store
from flowc.store.overlay import ANSWERED, ASKED, VARIABLE, read_rules

_LONGEST = 120


def main() -> int:
    """Compare, and write the answer: of each name whether both are equal, else why not, and the values where they are asked for."""
    folder = os.environ[VARIABLE]
    with open(os.path.join(folder, ASKED), encoding="utf-8") as file:
        asked = json.load(file)
    store = open_store(os.environ["FLOWC_STORE"])
    loaded_flow(the_flow())  # pickles name its module; where that cannot be imported, each value says so
    before, now = left_in(folder), read(store, TaskAddress(*read_rules(folder).task))
    found = {name: _compared(before, now, name, shows=asked["shows"]) for name in asked["names"]}
    with open(os.path.join(folder, ANSWERED), "w", encoding="utf-8") as file:
        json.dump(found, file)
    return 0


def _compared(before: Manifest, now: Manifest, name: str, *, shows: bool) -> dict[str, Any]:
    values = [_value(side, name) for side in (before, now)]
    troubles = [value.why for value in values if isinstance(value, _Unreadable)]
    found: dict[str, Any] = {"is_equal": not troubles and same(*values)}
    if troubles:
        found["why"] = troubles[0]
    if shows:
        found["values"] = [None if isinstance(value, _Absent) else _short(value) for value in values]
    return found


class _Unreadable:
    """A value that cannot be had."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __repr__(self) -> str:
        return f"<cannot be read: {self.why}>"


class _Absent:
    """No artifact has that name."""


def _value(manifest: Manifest, name: str) -> Any:
    if name not in manifest:
        return _Absent()
    try:
        return manifest[name]
    except Exception as error:  # noqa: BLE001 - unpickling runs the author's code
        return _Unreadable(f"{type(error).__name__}: {error}"[:_LONGEST])


def same(left: Any, right: Any) -> bool:
    """Whether two values are worth the same: of one type, with the same state throughout. The order of a set is nobody's.

    What is no value (it cannot be pickled once more) is the same as nothing.
    """
    if type(left) is not type(right):
        return False
    try:
        return _state(left) == _state(right)
    except Exception:  # noqa: BLE001 - a value's own __reduce__ may raise anything
        return False


def _state(value: Any) -> bytes:
    """The value's bytes, whatever of it is one object twice; with that where it contains itself."""
    try:
        return _pickled(value, is_fast=True)
    except (ValueError, RecursionError):
        return _pickled(value, is_fast=False)


def _pickled(value: Any, *, is_fast: bool) -> bytes:
    file = io.BytesIO()
    pickler = _Pickler(file, protocol=5)
    pickler.fast = is_fast
    pickler.dump(value)
    return file.getvalue()


class _Pickler(pickle.Pickler):
    """Writes sets in an order of their own."""

    def persistent_id(self, value: Any) -> Any:
        """What stands for a set."""
        if type(value) in (set, frozenset):
            return type(value).__name__, sorted(map(_state, value))
        return None


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - an author's __repr__ may raise anything
        text = f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
