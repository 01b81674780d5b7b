"""All ways that some moving parts can go, one moment after the other, and what is wrong where one of them ends."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

State = TypeVar("State")


@dataclass
class Seen:
    """What an exploration came by: how many states, how many ends, what is wrong in them."""

    states: int = 0
    ends: int = 0
    wrong: list[str] = field(default_factory=list)


def explore(
    first: State, following: Callable[[State, Seen], list[State]], shape: Callable[[State], object], seen: Seen
) -> None:
    """Go all ways from a state on; of states that have one `shape` only the first."""
    known = set()
    waiting = [first]
    while waiting:
        state = waiting.pop()
        key = shape(state)
        if key in known:
            continue
        known.add(key)
        waiting += following(state, seen)


def wander(rng: random.Random, first: State, following: Callable[[State, Seen], list[State]], seen: Seen) -> None:
    """Go one way at random, to its end."""
    ways = [first]
    while ways:
        ways = following(rng.choice(ways), seen)
