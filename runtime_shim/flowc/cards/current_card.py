"""`current.card`: what a step appends to its cards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from flowc.cards.basic import card_type
from flowc.cards.component import MetaflowCardComponent


class Components:
    """The components of a card in their order; those that were given an id are found by it."""

    def __init__(self) -> None:
        self._found: list[Any] = []
        self._ids: dict[str, Any] = {}

    def append(self, component: Any, id: str | None = None) -> None:
        """One more. Raises ValueError where the id is taken."""
        if id is not None:
            if id in self._ids:
                raise ValueError(f"the card has a component {id!r} already: update it with .update(…)")
            if isinstance(component, MetaflowCardComponent):
                component.component_id = id
            self._ids[id] = component
        self._found.append(component)

    def extend(self, components: Iterable[Any]) -> None:
        """More of them."""
        for component in components:
            self.append(component)

    def clear(self) -> None:
        """Forget them all."""
        self._found, self._ids = [], {}

    def keys(self) -> list[str]:
        """The ids that were given."""
        return list(self._ids)

    def values(self) -> list[Any]:
        """All components in their order."""
        return list(self._found)

    def __getitem__(self, key: str | int) -> Any:
        return self._found[key] if isinstance(key, int) else self._ids[key]

    def __setitem__(self, key: str, component: Any) -> None:
        self.append(component, id=key)

    def __delitem__(self, key: str) -> None:
        gone = self._ids.pop(key)
        self._found = [component for component in self._found if component is not gone]

    def __contains__(self, key: object) -> bool:
        return key in self._ids

    def __iter__(self) -> Iterator[Any]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


class CardComponents:
    """One card of the step: what its decorator says, and what the step appended."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self.type = str(attributes.get("type") or "default")
        self.id: str | None = attributes.get("id")
        self.options: Mapping[str, Any] = attributes.get("options") or {}
        self.timeout = float(attributes.get("timeout", 45))
        self.save_errors = bool(attributes.get("save_errors", True))
        self.customize = bool(attributes.get("customize", False))
        self.interval = float(5 if attributes.get("refresh_interval") is None else attributes["refresh_interval"])
        self.components = Components()
        self.data: Any = None
        self.shown_at = ""
        self.show: Callable[[CardComponents, bool], None] | None = None

    @property
    def is_editable(self) -> bool:
        """Whether its type shows what the step appends; one that is not known might."""
        known = card_type(self.type)
        return known is not None and known.ALLOW_USER_COMPONENTS

    def append(self, component: Any, id: str | None = None) -> None:
        """Put a component on the card; by its `id` it is found in `components` again."""
        self.components.append(component, id)

    def extend(self, components: Iterable[Any]) -> None:
        """Put several components on the card."""
        self.components.extend(components)

    def clear(self) -> None:
        """Take all components off the card."""
        self.components.clear()

    def refresh(self, data: Any = None, force: bool = False) -> None:
        """Show the page as it is now, while the step runs, in `flowc ui`; `data` is for its `render_runtime`.

        A call within `refresh_interval` seconds of the last page keeps the data alone, unless it is `force`d.
        """
        self.data = data
        if self.show is not None:
            self.show(self, force)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.components)


class Cards:
    """`current.card`: the cards of the running step. Without an id it is the one that the language calls the default editable one."""

    def __init__(self, given: Iterable[Mapping[str, Any]]) -> None:
        self.cards = [CardComponents(attributes) for attributes in given]
        self._warned: set[str] = set()
        self._by_id = self._unique()
        self._default = self._chosen()

    def _unique(self) -> dict[str, CardComponents]:
        ids = [card.id for card in self.cards if card.id is not None]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            self._warn(f"several @card have the id {', '.join(twice)}: current.card[{twice[0]!r}] finds none of them")
        return {card.id: card for card in self.cards if card.id is not None and card.id not in twice}

    def _chosen(self) -> CardComponents | None:
        """The card without an id: the only editable one, the one that says `customize=True`, the only one that has no id."""
        editable = [card for card in self.cards if card.is_editable]
        customized = [card for card in editable if card.customize]
        if len(customized) > 1:
            self._warn("several @card say customize=True: it is ignored")
        unnamed = [card for card in editable if card.id is None]
        for found in (editable, customized, unnamed):
            if len(found) == 1:
                return found[0]
        return None

    def append(self, component: Any, id: str | None = None) -> None:
        """Put a component on the card."""
        if self._default is None:
            self._nowhere()
        else:
            self._default.append(component, id)

    def extend(self, components: Iterable[Any]) -> None:
        """Put several components on the card."""
        if self._default is None:
            self._nowhere()
        else:
            self._default.extend(components)

    def clear(self) -> None:
        """Take all components off the card."""
        if self._default is not None:
            self._default.clear()

    def refresh(self, data: Any = None, force: bool = False) -> None:
        """Show the card's page as it is now, while the step runs."""
        if self._default is not None:
            self._default.refresh(data, force)

    @property
    def components(self) -> Components:
        """The components of the card."""
        if self._default is None:
            self._nowhere()
            return Components()
        return self._default.components

    def get(self, type: str | None = None) -> list[Components]:
        """The components of each card of that type."""
        return [card.components for card in self.cards if card.type == type]

    def __getitem__(self, key: str) -> Any:
        if key in self._by_id:
            return self._by_id[key]
        self._warn(f"no @card of this step has id={key!r}: what is appended to current.card[{key!r}] is not shown")
        return CardComponents({})

    def __setitem__(self, key: str, components: Iterable[Any]) -> None:
        card = self[key]
        card.clear()
        card.extend(components)

    def __contains__(self, key: object) -> bool:
        return key in self._by_id

    def _nowhere(self) -> None:
        self._warn(
            "several @card could be meant: give each an id and use current.card[id], or one of them customize=True"
            if any(card.is_editable for card in self.cards)
            else "no @card of this step shows components: use @card or @card(type='blank')"
        )

    def _warn(self, text: str) -> None:
        """Once in a task, where its output goes."""
        if text not in self._warned:
            self._warned.add(text)
            sys.stderr.write(f"@card: {text}\n")
