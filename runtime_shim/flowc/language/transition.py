"""What `self.next(...)` means: targets, a foreach's items, a switch's case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from flowc.artifacts.saving import kind_of
from flowc.artifacts.work import KEY, Transition
from flowc.exceptions import InvalidNextException
from flowc.language.decorators import StepMarks, marks_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def transition(
    flow: Any, targets: tuple[Any, ...], foreach: str | None, condition: str | None, num_parallel: Any
) -> Transition:
    """The transition that a call of `self.next(...)` says. Raises InvalidNextException, and what the foreach's iterator raises."""
    if len(targets) == 1 and isinstance(targets[0], dict):
        return _switch(flow, targets[0], condition)
    if condition is not None:
        raise InvalidNextException("self.next(..., condition=...) wants one dict of values and steps")
    names = tuple(_name(flow, target) for target in targets)
    if not names:
        raise InvalidNextException("self.next() wants at least one step")
    if foreach is not None:
        return _foreach(flow, names, foreach)
    if num_parallel is not None:
        return _gang(flow, names, num_parallel)
    kind = "split" if len(names) > 1 else ""
    return Transition(names, kind, "", None, None, _into_join(flow, names))


def _name(flow: Any, target: Any) -> str:
    marks = _marks_behind(target)
    if marks is None or marks_of(getattr(type(flow), marks.name, None)) is None:
        raise InvalidNextException(f"self.next(...) wants steps of {type(flow).__name__}, not {target!r}")
    return marks.name


def _marks_behind(target: Any) -> StepMarks | None:
    """The marks of a step, also where a decorator's `__get__` gives `functools.partial(self, flow)` or a method of its own."""
    for _ in range(_DEEPEST):
        marks = marks_of(target)
        if marks is not None:
            return marks
        target = getattr(target, "func", None) or getattr(target, "__self__", None)
    return None


_DEEPEST = 5


def _into_join(flow: Any, names: tuple[str, ...]) -> bool:
    marks = marks_of(getattr(type(flow), names[0]))
    return len(names) == 1 and marks is not None and marks.join


def _switch(flow: Any, cases: dict[Any, Any], condition: str | None) -> Transition:
    if not isinstance(condition, str):
        raise InvalidNextException("a switch wants condition='name of an artifact'")
    value = getattr(flow, condition)
    place = _place(cases, value)
    if place is None:
        step, keys = flow.__dict__[KEY].address.step, ", ".join(map(repr, cases))
        raise InvalidNextException(
            f"the switch of step {step!r} has no case for {condition} = {_shown(value)}: it has {keys}"
        )
    name = _name(flow, list(cases.values())[place])
    return Transition((name,), "switch", condition, place, None, _into_join(flow, (name,)))


def _place(cases: dict[Any, Any], value: Any) -> int | None:
    """The position of the key that a dict would find: what is equal and has the same hash, so True is 1."""
    try:
        return {key: place for place, key in enumerate(cases)}.get(value)
    except TypeError:  # a list, a dict, an array: no key equals it
        return None


_LONGEST = 200


def _shown(value: Any) -> str:
    """A value as a person would write it, and its type where that is not one of the keys' own."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - an author's __repr__ may raise anything
        text = f"<{type(error).__name__} in its repr>"
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return text if type(value) in (str, int, bool, type(None)) else f"{text} of type {kind_of(value)}"


def _foreach(flow: Any, names: tuple[str, ...], variable: str) -> Transition:
    step = flow.__dict__[KEY].address.step
    if len(names) != 1 or not isinstance(variable, str):
        raise InvalidNextException("a foreach wants one step and foreach='name of an artifact'")
    value = getattr(flow, variable)
    try:
        items = _items(value)
    except TypeError:
        if isinstance(value, Iterator) or hasattr(value, "__iter__"):
            raise
        text = f"the foreach of step {step!r} goes over {variable!r}, which is no iterable but {type(value).__name__}"
        raise InvalidNextException(text) from None
    if not items:
        raise InvalidNextException(f"the foreach of step {step!r} goes over {variable!r}, which is empty")
    if isinstance(value, Iterator):  # used up: what later steps see is what it gave
        setattr(flow, variable, items)
    return Transition(names, "foreach", variable, None, items, False)


def _gang(flow: Any, names: tuple[str, ...], width: Any) -> Transition:
    """As many tasks as nodes; each has its place for an item."""
    step = flow.__dict__[KEY].address.step
    if len(names) != 1:
        raise InvalidNextException("num_parallel goes to one step")
    try:
        count = int(width.__index__()) if not isinstance(width, bool) else 0
    except (AttributeError, TypeError):  # no whole number
        count = 0
    if count < 1:
        raise InvalidNextException(
            f"num_parallel of step {step!r} must be a whole number from 1 on, not {_shown(width)}"
        )
    return Transition(names, "gang", "num_parallel", None, list(range(count)), False)


def _items(value: Any) -> list[Any]:
    """The items in the order of their children. A set has none that two processes agree on, so its items are sorted."""
    if isinstance(value, Mapping):
        return list(value.items())
    if not isinstance(value, Set):
        return list(value)
    try:
        return sorted(value)
    except TypeError:  # of several kinds, or of one that has no order
        return sorted(value, key=lambda item: (type(item).__module__, type(item).__qualname__, repr(item)))
