"""The pages of cards while their step runs: each is put into the store when the step asks for that, for `flowc ui` to show.

They are no part of what the task leaves: the page that counts is made when the step has ended, and these go then. Of an attempt that
fails they stay, as far as it came.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from flowc.artifacts.address import escape
from flowc.standard_path import standard_path

if TYPE_CHECKING:
    from flowc.artifacts.address import TaskAddress
    from flowc.artifacts.ordering import Fence
    from flowc.cards.current_card import CardComponents, Cards
    from flowc.source.module import Loaded
    from flowc.store.protocol import Store


class Live:
    """The cards of one attempt, and when each was shown last."""

    def __init__(self, store: Store, fence: Fence, loaded: Loaded) -> None:
        self._store, self._fence, self._loaded = store, fence, loaded
        self._shown: dict[str, float] = {}
        self._is_told = False

    def follow(self, cards: Cards) -> None:
        """Show each card when it is asked to."""
        for number, card in enumerate(cards.cards):
            card.show = partial(self._show, key_of(self._fence.address, self._fence.attempt, number, card))

    def _show(self, key: str, card: CardComponents, force: bool) -> None:
        now = time.monotonic()
        if not force and now < self._shown.get(key, now - card.interval) + card.interval:
            return
        try:
            page = self._page(card)
            if page is not None:
                self._store.put(key, (page.encode("utf-8", "backslashreplace"),))
                card.shown_at = key
        except Exception as error:  # noqa: BLE001 - the author's card may raise anything, and a page fails no step
            if not self._is_told:
                self._is_told = True
                sys.stderr.write(f"@card: the page is not shown while the step runs: {type(error).__name__}: {error}\n")
        self._shown[key] = time.monotonic()

    def _page(self, card: CardComponents) -> str | None:
        with standard_path():
            from flowc.cards.render import live_page
            from flowc.client.task import running_task
        return live_page(card, running_task(self._fence.address, self._store.url), self._loaded)


def key_of(address: TaskAddress, attempt: int, number: int, card: CardComponents) -> str:
    """The key of a card's page: the card's number, its type, and its id where it has one."""
    named = [escape(card.type), *([escape(card.id)] if card.id else [])]
    return f"{address.live(attempt)}{'~'.join([str(number), *named])}"
