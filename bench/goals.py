"""What a row was asked for, and what stands beside it where that is missed."""

from __future__ import annotations


def at_least(times: float, found: float, why: str = "") -> str:
    """So many times as fast as Metaflow. `why` is told where it is not."""
    return _told(f"≥ {times:,g}x", found >= times, why)


def at_most(limit: float, unit: str, found: float, why: str = "") -> str:
    """So much and no more, in that unit. `why` is told where it is more."""
    return _told(f"≤ {limit:,g}{unit}", found <= limit, why)


def within(seconds: float, found: float, why: str = "") -> str:
    """So many seconds and no more, said in milliseconds where it is less than one. `why` is told where it is more."""
    goal = f"≤ {seconds:,g} s" if seconds >= 1 else f"≤ {seconds * 1000:,g} ms"
    return _told(goal, found <= seconds, why)


def both(*goals: str) -> str:
    """Several of them in one row."""
    return "; ".join(filter(None, goals))


def _told(goal: str, is_met: bool, why: str) -> str:
    return goal if is_met else f"{goal}: missed{': ' if why else ''}{why}"
