"""Modules that others import and a short command never uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


class _Late(ModuleType):
    """A module that is imported when something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        _take_away(self)
        return getattr(__import__(self.__name__), name)


@contextmanager
def late(name: str) -> Iterator[None]:
    """Within, `import name` (a module at the top level) only notes the name: the module is imported when it is first used."""
    if name in sys.modules:
        yield
        return
    module = sys.modules[name] = _Late(name)
    try:
        yield
    finally:
        _take_away(module)


def _take_away(module: ModuleType) -> None:
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]
