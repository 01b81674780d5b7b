"""Names of templates, tasks and the deployment: what Argo and Kubernetes take, without two that meet."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

MOST_FIELD, MOST_OBJECT, MOST_CRON = 128, 63, 52

_CONSTANTS = frozenset({"true", "false", "nil", "not", "in", "or", "and", "matches", "contains", "let", "if", "else"})
"""Words that a `depends` expression takes for something else than a task."""

_DNS = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


class Names:
    """Names of one kind in one file: a wish that is taken gets a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def claim(self, wish: str) -> str:
        """The wish, or the first of `wish-2`, `wish-3`, … that is free; it is taken from then on."""
        name, number = wish, 1
        while name in self._taken:
            number += 1
            name = f"{wish}-{number}"
        self._taken.add(name)
        return name


def task_name(step: str) -> str:
    """A step as the name of a task: dashes for underscores, which no step has, so that no two steps meet.

    Words that expressions reserve get a capital, which no step has either; a long name is cut and ends with its hash.
    """
    name = step.replace("_", "-")
    if name in _CONSTANTS:
        return f"{name}-Step"
    if len(name) > MOST_FIELD - len("-each"):
        return f"{name[:100]}-X{hashlib.sha256(step.encode()).hexdigest()[:10]}"
    return name


def object_name(name: str) -> str:
    """A flow's or deployment's name as Kubernetes writes them: `TaxiTrips` is `taxi-trips`, dots stay."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name)
    return re.sub(r"[^a-z0-9.]+", "-", words.lower()).strip("-.")


def is_object_name(name: str, most: int) -> bool:
    """Whether Kubernetes takes the name for an object, in at most so many characters."""
    return len(name) <= most and _DNS.fullmatch(name) is not None
