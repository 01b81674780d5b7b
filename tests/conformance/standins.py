"""Unpickle artifacts without importing the flow's code: what its modules define is stood in for by empty classes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType


class StandIn:
    """An object of a class of the flow's: what it was made with, and its state."""

    def __new__(cls, *arguments: object, **named: object) -> StandIn:
        made = super().__new__(cls)
        if arguments or named:
            vars(made)["made_with"] = (arguments, named)
        return made

    def __init__(self, *arguments: object, **named: object) -> None:
        """Everything is done by `__new__`."""


class _Module(ModuleType):
    """A module that has every class that one asks for."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        found = type(name, (StandIn,), {"__module__": self.__name__, "__qualname__": name})
        setattr(self, name, found)
        return found


class _Finder(MetaPathFinder, Loader):
    """The last finder: only modules of these names that nothing else provides."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        known = fullname.partition(".")[0] in self._names
        return ModuleSpec(fullname, self, is_package=True) if known else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


_ONE_AT_A_TIME = threading.RLock()
"""Imports are the process's, so threads take turns."""


@contextmanager
def stood_in(folder: Path) -> Iterator[None]:
    """While it is open, the modules of a flow's folder can be unpickled from."""
    names = frozenset(path.stem for path in folder.rglob("*") if path.suffix == ".py" or path.is_dir())
    finder = _Finder(names)
    with _ONE_AT_A_TIME:
        sys.meta_path.append(finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            for name in [name for name, module in list(sys.modules.items()) if isinstance(module, _Module)]:
                del sys.modules[name]
