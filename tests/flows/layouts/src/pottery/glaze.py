"""Beside the package of the flow."""

from __future__ import annotations

from dataclasses import dataclass

SHADES = ("celadon", "tenmoku")
TRIES = 2


@dataclass(frozen=True)
class Glaze:
    """What lies on a pot; an artifact of the flow."""

    shade: str
    degrees: int
