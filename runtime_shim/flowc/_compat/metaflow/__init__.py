"""The module `metaflow` while a flow of flowc runs: `from metaflow import FlowSpec, step` is `from flowc import FlowSpec, step`.

Each name of the language either works or is an ImportError that says what to use. It lies on the path of running flows only.
"""

from __future__ import annotations

import flowc

from . import _elsewhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__version__ = "2.19.0+flowc"
"""The version of the language."""

__all__ = [name for name in dir(flowc) if not name.startswith("_")]

_elsewhere.install()


def __getattr__(name: str) -> Any:
    """A submodule, or a name of flowc; an ImportError that says what to use for one that it has not."""
    # Before flowc's own: a module of that name may be loaded there, without what is below it here.
    if (module := _elsewhere.submodule(name)) is not None:
        return module
    if name in __all__:
        return getattr(flowc, name)
    if (found := _elsewhere.from_image(name)) is not None:
        return found
    text = flowc.INSTEAD.get(name) or _elsewhere.name_instead(name)
    if text is None:
        raise AttributeError(f"module 'metaflow' (flowc stands in for it) has no attribute {name!r}")
    raise ImportError(f"flowc has no {name}: {text}", name="metaflow")


def __dir__() -> list[str]:
    """All names that can be imported."""
    return sorted(__all__)
