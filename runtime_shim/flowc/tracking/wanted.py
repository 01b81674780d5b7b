"""What the deployment asks for: which server, which experiment, which numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flowc.exceptions import CallMistake
from flowc.named_tuple import NamedTuple

VARIABLE = "FLOWC_MLFLOW"
"""A JSON object: `uri`, and where they are not the default `experiment`, `metrics` and `required`."""

NUMBERS = "numbers"
"""The word for every artifact that is a number."""


class Wanted(NamedTuple):
    """`metrics` are the names of artifacts that are told as metrics, or None for all that are numbers. `required`: a task fails where
    the server does.
    """

    uri: str
    experiment: str
    metrics: frozenset[str] | None = frozenset()
    required: bool = False

    def is_metric(self, name: str) -> bool:
        """Whether an artifact of that name is told where it is a number."""
        return self.metrics is None or name in self.metrics


def wanted(flow: str, environment: Mapping[str, str]) -> Wanted:
    """What the variable says; the experiment has the flow's name where it says no other. Raises CallMistake."""
    try:
        said = json.loads(environment[VARIABLE])
        uri, experiment = str(said["uri"]), str(said.get("experiment") or flow)
        metrics = said.get("metrics") or ()
        names = None if metrics == NUMBERS else frozenset(map(str, metrics))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CallMistake(f'the variable {VARIABLE} wants a JSON object, as in {{"uri": "http://…"}}') from None
    _check(uri)
    return Wanted(uri.rstrip("/"), experiment, names, said.get("required") is True)


def _check(uri: str) -> None:
    scheme, slashes, rest = uri.partition("://")
    if "@" in rest or "?" in rest:
        raise CallMistake(
            f"the uri of {VARIABLE} holds a user or a password, which would be printed: give these by "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        )
    if not slashes or scheme not in ("http", "https") or not rest.strip("/"):
        raise CallMistake(f"the uri of {VARIABLE} is no http:// or https:// URL: {uri!r}")
