"""Named tuples that are made without `typing` behave as its own."""

from __future__ import annotations

import copy
import json
import pickle
import typing
from collections.abc import Callable
from typing import Any

import flowc.named_tuple
import pytest
from flowc.task.gang import Parallel


class Ours(flowc.named_tuple.NamedTuple):
    """One of ours."""

    first: int
    index: str = "-"  # type: ignore[assignment]  # as in `TaskAddress`
    third: Any = None


class Theirs(typing.NamedTuple):
    """The same of `typing`."""

    first: int
    index: str = "-"  # type: ignore[assignment]  # as above
    third: Any = None


class Empty(flowc.named_tuple.NamedTuple):
    """No place at all."""


@pytest.mark.parametrize(
    "use",
    [
        lambda kind: kind(1),
        lambda kind: kind(1, "2", [3]),
        lambda kind: kind(third=0, first=1),
        lambda kind: kind(1, third=2)._replace(index="0.1"),
        lambda kind: kind(1)._asdict(),
        lambda kind: kind(1, "a").index,
        lambda kind: [*kind(1, "a", "b")],
        lambda kind: json.dumps(kind(1, "a")),
        lambda kind: pickle.loads(pickle.dumps(kind(1, "a", "b"), 5)),
        lambda kind: copy.deepcopy(kind(1, "a", ["b"])),
        lambda kind: hash(kind(1, "a")),
        lambda kind: kind._fields,
        lambda kind: kind.__match_args__,
        lambda kind: kind(1) == kind(2),
        lambda kind: hasattr(kind(1), "__dict__"),
        lambda kind: repr(kind(1, "a")).partition("(")[2],
    ],
)
def test_both_kinds_give_the_same(use: Callable[[Any], Any]) -> None:
    assert use(Ours) == use(Theirs)


@pytest.mark.parametrize("words", [((), {}), ((1, 2, 3, 4), {}), ((1,), {"first": 1}), ((1,), {"fourth": 4})])
@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_wrong_fields_are_refused(kind: Any, words: tuple[tuple[int, ...], dict[str, int]]) -> None:
    with pytest.raises(TypeError):
        kind(*words[0], **words[1])


def test_a_field_cannot_be_set() -> None:
    value: Any = Ours(1)
    with pytest.raises(AttributeError):
        value.first = 2


def test_no_field_is_a_field() -> None:
    assert Empty() == ()


def test_what_0_1_0_kept_still_loads() -> None:
    """Its named tuples were made otherwise, and elsewhere; their pickles name the class and give the values."""
    kept = (
        b"\x80\x05\x953\x00\x00\x00\x00\x00\x00\x00\x8c\nflowc.gang\x94\x8c\x08Parallel\x94\x93\x94"
        b"(\x8c\x0810.0.0.1\x94K\x02K\x01\x8c\x013\x94t\x94\x81\x94."
    )
    assert pickle.loads(kept) == Parallel("10.0.0.1", 2, 1, "3")
