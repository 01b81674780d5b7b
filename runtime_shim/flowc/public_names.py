"""Modules whose names lie elsewhere, each loaded when it is first asked for: packages that offer names, and names of before."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from flowc.standard_path import standard_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from importlib.machinery import ModuleSpec
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


class Facade:
    """A loader for `import`: the module that it makes has no name of its own; `look_up` finds each, `import *` takes `public()`."""

    def __init__(self, look_up: Callable[[str], Any], public: Callable[[], list[str]]) -> None:
        self._look_up, self._public = look_up, public

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module."""
        return ModuleType(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Let names be looked up when they are asked for; those of the import system are none of the home's."""

        def look_up(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return self._look_up(name)

        module.__getattr__ = look_up  # type: ignore[method-assign]
        module.__dict__["__all__"] = self._public()


def public_names(home: ModuleType) -> list[str]:
    """What a module offers: what its `__all__` says, else the names without `_` of what flowc itself has made."""
    said: list[str] | None = getattr(home, "__all__", None)
    if said is not None:
        return list(said)
    return [
        name for name, value in vars(home).items() if name[0] != "_" and name != "TYPE_CHECKING" and _is_ours(value)
    ]


def _is_ours(value: object) -> bool:
    """Whether a value is none that a module of ours has imported from elsewhere."""
    made_in = str(getattr(value, "__module__", "flowc"))
    return made_in.partition(".")[0] in ("flowc", "metaflow") and not isinstance(value, ModuleType)
