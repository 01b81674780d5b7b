"""What an event that started the run hands over beside the parameters: `flowc-trigger`, `flowc-trigger-1`, ….

Each is a JSON object (or its text): `name`, `type` (`event` or `run`), `id`, `timestamp`, the event's `payload`, and `parameters`:
which of them takes which field. Empty ones belong to events that have not come: somebody started the run by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from flowc.exceptions import CallMistake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "flowc-trigger"
_FACTS = ("name", "id", "timestamp", "type")


def taken(given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    """The parameters with what the events fill, and the events: `name`, `id`, `timestamp` (seconds since 1970), `type`.

    Raises CallMistake for what is no event.
    """
    parameters = {name: value for name, value in given.items() if not name.startswith(NAME)}
    events = [event for name, value in given.items() if name.startswith(NAME) for event in _events(name, value)]
    for event in events:
        payload = _payload(event)
        for parameter, field in event.get("parameters", {}).items():
            if field in payload:
                parameters[parameter] = payload[field]
    return parameters, tuple(_told(event) for event in events)


def _events(name: str, value: Any) -> Iterator[dict[str, Any]]:
    try:
        found = json.loads(value) if isinstance(value, str) and value else value
    except ValueError as error:
        raise CallMistake(f"{name} is no JSON: {error}") from None
    for event in found if isinstance(found, list) else [found] if found else []:
        if not isinstance(event, dict) or not isinstance(event.get("name"), str):
            raise CallMistake(f"{name} holds no event: {event!r}")
        yield event


def _payload(event: Mapping[str, Any]) -> Mapping[str, Any]:
    found = event.get("payload")
    return found if isinstance(found, dict) else {}


def _told(event: Mapping[str, Any]) -> dict[str, Any]:
    payload = _payload(event)
    facts = {key: event.get(key, payload.get(key)) for key in _FACTS}
    return {**facts, "timestamp": _seconds(facts["timestamp"])}


def _seconds(said: Any) -> Any:
    if not isinstance(said, str):
        return said
    try:
        return datetime.fromisoformat(said.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return said
