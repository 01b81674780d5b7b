"""Which names a step may find, and where two ways to it may have left different values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Version:
    """Who set a name last. Equal numbers are equal values, within one task of the foreach around.

    `varies` is true where the value differs from one task of that step to another; `sure` is false where only some of the
    ways that a switch may take have set it.
    """

    number: int
    varies: bool
    sure: bool = True


Scope = Mapping[str, Version]


@dataclass(frozen=True, slots=True)
class Loop:
    """A foreach that is open, its variable as the split left it."""

    variable: str
    number: int
    width: int


def is_sure(scope: Scope, *names: str) -> bool:
    """Whether every way has set these names."""
    return all(name in scope and scope[name].sure for name in names)


def meet(scopes: Sequence[Scope], number: Callable[[], int]) -> Scope:
    """The names where ways of a switch meet; `number` makes a version for what they may have left different."""
    if len(scopes) == 1:
        return scopes[0]
    found: dict[str, Version] = {}
    for name in dict.fromkeys(name for scope in scopes for name in scope):
        held = [scope[name] for scope in scopes if name in scope]
        sure = len(held) == len(scopes) and all(one.sure for one in held)
        if len({one.number for one in held}) > 1:
            found[name] = Version(number(), varies=True, sure=sure)
        else:
            found[name] = replace(held[0], sure=sure)
    return found


def differing(ends: Sequence[Scope]) -> set[str]:
    """Names that two arms hold in different versions."""
    numbers: dict[str, set[int]] = {}
    for end in ends:
        for name, version in end.items():
            numbers.setdefault(name, set()).add(version.number)
    return {name for name, found in numbers.items() if len(found) > 1}
