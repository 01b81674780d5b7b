"""Which kind of change the other direction has."""

from __future__ import annotations

OPPOSITE = {
    "added": "removed",
    "set": "unset",
    "read": "unread",
    "carries": "loses",
    "gained": "lost",
    "optional": "required",
    "takes": "refuses",
}
"""The last word of a kind of change, and of the one that takes it back; every other is its own."""


def opposite(kind: str) -> str:
    """The kind of change that takes one back; a required parameter that comes is one parameter that goes."""
    back = {**OPPOSITE, **{other: one for one, other in OPPOSITE.items()}}
    first, _, last = kind.replace("required-parameter", "parameter").rpartition("-")
    return f"{first}-{back.get(last, last)}"
