"""Stand-ins for modules that others import and a short command never uses: a twentieth to a tenth of it (docs/decisions/0018)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


class _Module(ModuleType):
    """A module that is imported when it is used, unless that is while another module is imported: see `stand_ins`."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            return _stand_in(self.__name__, name)
        return getattr(import_module(self.__name__), name)


@contextmanager
def stand_ins(*names: str) -> Iterator[None]:
    """Within, importing one of the modules only notes its name; it is imported when something of it is used after that.

    What is taken from it within is a function that calls the real one: right for `from module import function` and for
    annotations, wrong for a class that is kept and asked `isinstance` of.
    """
    modules = {name: _Module(name) for name in names if name not in sys.modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            _wake(name)


def _wake(name: str) -> None:
    if isinstance(sys.modules.get(name), _Module):
        del sys.modules[name]


def _stand_in(module: str, name: str) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        _wake(module)
        found: object = getattr(import_module(module), name)(*args, **kwargs)
        return found

    return call
