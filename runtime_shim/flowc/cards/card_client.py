"""`get_cards(task)`: the cards that a task left."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from flowc.client import Task
from flowc.exceptions import MetaflowException
from flowc.store.protocol import DamagedError, Store, sha256


class CardNotPresentException(MetaflowException):
    """The task has no such card."""

    headline = "Card not found"


class Card:
    """One page that a task left; it is read when it is asked for."""

    def __init__(self, store: Store, run: Any, entry: dict[str, Any], pathspec: str) -> None:
        self._store, self._address = store, run.blob(entry["sha"])
        self.type: str = entry["type"]
        self.hash: str = entry["sha"]
        self.id: str | None = entry["id"]
        self.size: int = entry["size"]
        self.pathspec = pathspec
        self.from_resumed = False
        self.origin_pathspec: str | None = None

    def get(self) -> str:
        """The page, HTML."""
        data = self._store.get_range(self._address, 0, self.size)
        if sha256((data,)) != self.hash:
            raise DamagedError(
                f"the card of {self.pathspec} in the store {self._store.url} is damaged: run its task again"
            )
        return bytes(data).decode()

    @property
    def path(self) -> str:
        """Where it lies in the store."""
        return f"{self._store.url}/{self._address}"

    def view(self) -> None:
        """Open it in the browser, from a temporary file."""
        import tempfile
        import webbrowser

        handle, path = tempfile.mkstemp(prefix="flowc-card-", suffix=".html")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(self.get())
        webbrowser.open(f"file://{path}")

    def _repr_html_(self) -> str:
        from html import escape

        return f'<iframe srcdoc="{escape(self.get())}" sandbox style="width: 100%; height: 40rem; border: 0"></iframe>'

    def __repr__(self) -> str:
        return f"<Card {self.type!r}{f' id={self.id!r}' if self.id else ''} of {self.pathspec}>"


class CardContainer(Sequence[Card]):
    """The cards of a task, in the order of their decorators; a notebook shows them."""

    def __init__(self, cards: tuple[Card, ...]) -> None:
        self._cards = cards

    def __getitem__(self, place: Any) -> Any:
        return self._cards[place]

    def __len__(self) -> int:
        return len(self._cards)

    def __iter__(self) -> Iterator[Card]:
        return iter(self._cards)

    def __repr__(self) -> str:
        return f"CardContainer({', '.join(map(repr, self._cards))})"

    def _repr_html_(self) -> str:
        return "\n".join(card._repr_html_() for card in self._cards)


def get_cards(
    task: Task | str, id: str | None = None, type: str | None = None, follow_resumed: bool = True
) -> CardContainer:
    """The cards of a task, of its pathspec too (whatever its namespace), all or those of an id or a type. None is no error."""
    if isinstance(task, str):
        from flowc.client.context import open_here

        found: Task = Task._restored(task, open_here().url, None)
        found._check()
    elif isinstance(task, Task):
        found = task
    else:
        raise TypeError(f"get_cards takes a Task or its pathspec, not a {task.__class__.__name__}")
    entries = found._manifest.cards if found._manifest else ()
    run, store = found._run, found._store
    return CardContainer(
        tuple(
            Card(store, run, entry, found.pathspec)
            for entry in entries
            if (id is None or entry["id"] == id) and (type is None or entry["type"] == type)
        )
    )
