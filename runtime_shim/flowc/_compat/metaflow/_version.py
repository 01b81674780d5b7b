"""`metaflow.metaflow_version`: the version of the language."""

from __future__ import annotations

__all__ = ["get_version"]


def get_version(public: bool = False) -> str:
    """The version of the language; `public` leaves out that flowc runs it."""
    from . import __version__

    return __version__.partition("+")[0] if public else __version__
