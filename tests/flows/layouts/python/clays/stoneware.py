"""In a folder of the root that holds packages by custom."""

from __future__ import annotations

from pottery.glaze import SHADES


def degrees(shade: str) -> int:
    """How hot the kiln gets for a glaze."""
    return 1200 + 50 * SHADES.index(shade)
