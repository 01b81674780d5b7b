"""The cards of a task that has ended: each is rendered, saved as a blob, and named in the task's manifest."""

from __future__ import annotations

import inspect
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from flowc.artifacts import pickling
from flowc.artifacts.failure import trace
from flowc.artifacts.manifest import Manifest
from flowc.cards.basic import BlankCard, DefaultCard, ErrorCard, MetaflowCard, card_type
from flowc.cards.component import rendered
from flowc.cards.current_card import CardComponents, Cards
from flowc.client import Task, task_of
from flowc.standard_path import standard_path
from flowc.store.protocol import Store, StoreError

if TYPE_CHECKING:
    from flowc.artifacts.address import TaskAddress
    from flowc.source.module import Loaded


def made(store: Store, address: TaskAddress, data: bytes, cards: Cards, loaded: Loaded) -> list[dict[str, Any]]:
    """The cards of the task whose manifest is `data`, saved. One that cannot be made fails nothing: an error stands in its place."""
    task = task_of(Manifest(store, address, data))
    entries = []
    for card in cards.cards:
        page = _page(card, task, loaded)
        if page is not None:
            sha, size = pickling.save_pieces(store, address.of, (page.encode("utf-8", "backslashreplace"),))
            entries.append({"type": card.type, "id": card.id, "sha": sha, "size": size})
    for card in cards.cards:
        if card.shown_at:
            with suppress(StoreError):  # it does not count, and goes with the run
                store.delete(card.shown_at)
    return entries


def with_cards(data: bytes, entries: list[dict[str, Any]], said: bytes) -> bytes:
    """The manifest `data` with these cards, and with what was said on stderr while they were made."""
    head, newline, rest = data.partition(b"\n")
    header = {**json.loads(head), "cards": entries}
    start, size, sha = header["log"]["stderr"]
    if said and not sha:  # it stands last in the manifest
        header["log"]["stderr"] = (start, size + len(said), sha)
        rest += said
    return b"".join((json.dumps(header, separators=(",", ":")).encode(), newline, rest))


def _page(card: CardComponents, task: Task, loaded: Loaded) -> str | None:
    try:
        with _time_limit(card.timeout):
            return _rendered(card, task, loaded)
    except Exception as error:  # noqa: BLE001 - the author's card may raise anything
        why = trace(error)
    sys.stderr.write(f"@card: the card of type {card.type!r} could not be made\n{why}")
    return ErrorCard({"error": why}).render(task) if card.save_errors else None


def live_page(card: CardComponents, task: Task, loaded: Loaded) -> str | None:
    """The page of a card while its step runs; None where its type has none then."""
    kind = card_type(card.type)
    return None if kind is None or not kind.RUNTIME_UPDATABLE else _rendered(card, task, loaded, is_live=True)


def _rendered(card: CardComponents, task: Task, loaded: Loaded, *, is_live: bool = False) -> str:
    with standard_path():
        from flowc.source.graph import steps_info

    kind = card_type(card.type)
    if kind is None:
        raise LookupError(
            f"there is no card type {card.type!r}: use 'default' or 'blank', or import the module whose subclass of MetaflowCard "
            f"says type = {card.type!r}"
        )
    # The language's default page stays small where nothing of the graph is asked for.
    wants_graph = kind is DefaultCard or not issubclass(kind, (DefaultCard, ErrorCard))
    graph = steps_info(loaded) if wants_graph and not (is_live and kind in (DefaultCard, BlankCard)) else None
    components = [rendered(part) for part in card.components] if kind.ALLOW_USER_COMPONENTS else []
    given = {"options": card.options, "components": components, "graph": graph, "flow": loaded.flow}
    made = kind(**_taken(kind, given))
    page = made.render_runtime(task, card.data) if is_live else made.render(task)
    if not isinstance(page, str):
        name = f"{kind.__name__}.{'render_runtime' if is_live else 'render'}"
        raise TypeError(f"{name}(task) gave a {type(page).__name__}, where the HTML text is wanted")
    return page


def _taken(kind: type[MetaflowCard], given: dict[str, Any]) -> dict[str, Any]:
    """The arguments that the card's `__init__` takes: old ones know neither `graph` nor `flow`."""
    known = inspect.signature(kind).parameters
    takes_all = any(each.kind is each.VAR_KEYWORD for each in known.values())
    return given if takes_all else {name: value for name, value in given.items() if name in known}


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block when its time is over."""

    def expired(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"the card took longer than {seconds:g} s (@card(timeout=…))")

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
