"""Times of the server in seconds since 1970."""

from __future__ import annotations

import datetime


def seconds(at: object) -> float | None:
    """A time of RFC 3339; None for what is none and for those before 1971, by which the server says "not yet"."""
    if not isinstance(at, str):
        return None
    try:
        found = datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found.timestamp() if found.year > 1970 and found.tzinfo else None  # noqa: PLR2004 - the first year of all times
