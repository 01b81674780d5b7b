"""Names of templates, tasks and the deployment: what Argo and Kubernetes take, without two that meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.backends.names import within

MOST_FIELD, MOST_OBJECT, MOST_CRON = 128, 63, 52
_MOST_TASK = MOST_FIELD - len("-each")
_MOST_NUMBERED = MOST_FIELD - len("-9999")

_CONSTANTS = frozenset({"true", "false", "nil", "not", "in", "or", "and", "matches", "contains", "let", "if", "else"})
"""Words that a `depends` expression takes for something else than a task."""

_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_LABEL = _LOWER | frozenset("0123456789")


class Names:
    """Names of one kind in one file: a wish that is taken gets a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def claim(self, wish: str) -> str:
        """The wish, or the first of `wish-2`, `wish-3`, … that is free; it is taken from then on."""
        name, number = wish, 1
        while name in self._taken:
            number += 1
            name = f"{within(wish, _MOST_NUMBERED)}-{number}"
        self._taken.add(name)
        return name


def task_name(step: str) -> str:
    """A step as the name of a task: dashes for underscores, which no step has, so that no two steps meet.

    Words that expressions reserve get a capital, which no step has either, and so does the digest of a long name.
    """
    name = step.replace("_", "-").replace(" ", "-")
    if name in _CONSTANTS:
        return f"{name}-Step"
    return within(name, _MOST_TASK, whole=step, joint="-X")


def object_name(name: str) -> str:
    """A flow's or deployment's name as Kubernetes writes them: `TaxiTrips` is `taxi-trips`, dots stay."""
    kept = (letter if letter in _LABEL or letter == "." else " " for letter in "".join(_words(name)).lower())
    return within("-".join("".join(kept).split()).strip("-."), MOST_OBJECT, whole=name)


def _words(name: str) -> Iterator[str]:
    """The letters of a name, with a blank where a word of it begins: `TaxiHTTPTrips` has three."""
    for at, letter in enumerate(name):
        if at and letter in _UPPER:
            before, after = name[at - 1], name[at + 1 : at + 2]
            if before in _LABEL or (before in _UPPER and after in _LOWER):
                yield " "
        yield letter


def is_object_name(name: str) -> bool:
    """Whether Kubernetes takes the name for an object: its characters, for its length is not the author's care."""
    return all(_is_label(label) for label in name.split("."))


def _is_label(text: str) -> bool:
    return (
        bool(text) and _LABEL.issuperset(text.replace("-", "")) and not text.startswith("-") and not text.endswith("-")
    )
