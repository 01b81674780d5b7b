"""Server-sent events: a line whenever a run has gone on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

PAUSE = 2.0
"""Seconds between two looks at the store, each a listing."""
_SILENCE = 15
"""Looks after which an empty word shows whether anybody still listens."""


async def changes(mark: Callable[[], Awaitable[str]], is_gone: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
    """An event each time `mark` gives something else than before, until nobody listens."""
    before = await mark()
    quiet = 0
    yield "retry: 5000\n\n"
    while not await is_gone():
        await asyncio.sleep(PAUSE)
        now = await mark()
        quiet = quiet + 1 if now == before else 0
        if now != before:
            yield "data: changed\n\n"
        elif quiet % _SILENCE == 0:
            yield ": still here\n\n"
        before = now
