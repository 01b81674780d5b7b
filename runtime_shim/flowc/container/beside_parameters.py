"""What travels beside a run's parameters under names that no parameter has: more of them in an object, the scheduled time, tags.

`flowc-parameters` is the URL of a JSON object whose values go over those that were given, for what is too large for an engine.
`flowc-scheduled-at` is the time for which a clock started the run, empty where nobody's did; `FLOWC_SCHEDULED_AT` goes over it.
`flowc-tags` is a list of tags, beside those of `FLOWC_TAGS`: an engine whose runs have no variables of their own has no other way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone

from flowc.exceptions import CallMistake
from flowc.store import KINDS, read_object
from flowc.store.protocol import MissingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PARAMETERS, SCHEDULED, TAGS = "flowc-parameters", "flowc-scheduled-at", "flowc-tags"
VARIABLE = "FLOWC_SCHEDULED_AT"


def taken(given: Mapping[str, Any], variables: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """The parameters with those of the object, and the scheduled time in UTC as ISO 8601 writes it, or nothing.

    Raises CallMistake for what is no URL of a JSON object, and for what is no time.
    """
    parameters = dict(given)
    said = parameters.pop(SCHEDULED, "")
    url = parameters.pop(PARAMETERS, "")
    if url:
        if not isinstance(url, str) or not url.startswith(KINDS):
            raise CallMistake(f"{PARAMETERS} wants the URL of a JSON object, {', '.join(KINDS)}, not {url!r}")
        parameters.update(json_object(read_text(url), PARAMETERS))
    return parameters, scheduled_time(variables.get(VARIABLE) or said)


def tagged(given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The parameters without the tags, and the tags: a list of texts, or JSON of one. Raises CallMistake for what is none."""
    parameters = dict(given)
    tags = parameters.pop(TAGS, [])
    try:
        found = json.loads(tags) if isinstance(tags, str) else tags
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(tag, str) for tag in found):
        raise CallMistake(f"{TAGS} wants a list of texts, not {tags!r}")
    return parameters, tuple(found)


def read_text(url: str) -> str:
    """The text of the object at a URL. Raises CallMistake where there is none."""
    try:
        return read_object(url).decode()
    except MissingError:
        raise CallMistake(f"there are no parameters at {url}") from None
    except UnicodeDecodeError:
        raise CallMistake(f"what lies at {url} is no text") from None


def json_object(text: str, name: str) -> dict[str, Any]:
    """The object that a text of JSON says. Raises CallMistake, which calls it by `name`."""
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise CallMistake(f"{name} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise CallMistake(f"{name} is no JSON object")
    return found


def scheduled_time(said: Any) -> str:
    """A time in UTC as ISO 8601 writes it; one without a zone is UTC. Nothing where none is said. Raises CallMistake for what is none."""
    # Argo hands a tag on as it is where it has no value for it: nobody's clock started the run.
    if not said or (isinstance(said, str) and said.startswith("{{")):
        return ""
    try:
        when = datetime.fromisoformat(said.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        raise CallMistake(f"{SCHEDULED} wants a time like 2026-01-02T03:04:05Z, not {said!r}") from None
    return (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).astimezone(timezone.utc).isoformat()
