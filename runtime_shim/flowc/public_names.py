"""The names that a room offers to authors, each loaded when it is first asked for."""

from __future__ import annotations

from importlib import import_module

from flowc.standard_path import standard_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def loader(room: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: `homes` has, for each module, the names that it holds, divided by blanks.

    It raises AttributeError for any other name.
    """
    home = {name: module for module, names in homes.items() for name in names.split()}

    def load(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        with standard_path():
            return getattr(import_module(home[name]), name)

    return load
