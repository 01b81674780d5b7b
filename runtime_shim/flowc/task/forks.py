"""What a process must know that forks: whether it may, and what its children must not share."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def has_threads() -> bool:
    """Whether other threads run: a fork would hold their locks for ever."""
    threading: Any = sys.modules.get("threading")
    return threading is not None and threading.active_count() > 1


def reseed() -> None:
    """Forks must not draw the same random numbers."""
    for name, seed in (("random", "seed"), ("numpy.random", "seed")):
        if name in sys.modules:
            getattr(sys.modules[name], seed)()
