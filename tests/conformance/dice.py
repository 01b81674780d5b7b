"""Chance, by name."""

from __future__ import annotations

import random


def chance(rng: random.Random, probability: float) -> bool:
    """True with this probability."""
    return rng.random() < probability
