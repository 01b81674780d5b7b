"""Which variants of a test the default suite runs; `make sample` runs the others.

What needs Airflow 2 or Azure's emulator is the sample's: each is an installation of its own. Where a test goes by either of several ways
that must come to the same, it is one of them; where it is marked `every(n)`, every n-th.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from zlib import crc32

import pytest

from tests.engines.argo_place import WAYS

LEFT = "`make sample`"
"""Why the default suite skips a test that is left to the sample."""

EITHER: Mapping[str, Sequence[str]] = {"place": WAYS, "stand_in": WAYS}
"""The parameters whose values are such ways: the two interfaces of Argo."""

INSTALLED: Mapping[str, str] = {"line": "af2", "kind": "az"}
"""The parameters with the values of which a test needs an installation that few others need."""

OLDER = "airflow 2"
"""The group of what that line of Airflow runs."""

Function = tuple[Path, str]


def left_to_the_sample(items: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    """The items that are run by the sample and not by the default suite; some may come twice."""
    yield from (item for item in items if (mark := item.get_closest_marker("xdist_group")) and mark.args[0] == OLDER)
    functions = [item for item in items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    yield from (
        item for item in functions if any(item.callspec.params.get(name) == INSTALLED[name] for name in INSTALLED)
    )
    yield from _other_ways(functions)
    yield from _between(functions)


def _other_ways(items: Iterable[pytest.Function]) -> Iterator[pytest.Item]:
    """All ways of a test but one, which follows from the test's name, so that each way has its share."""
    ways: defaultdict[tuple[Function, str], list[tuple[str, pytest.Item]]] = defaultdict(list)
    for item in items:
        for name, value in item.callspec.params.items():
            if value in EITHER.get(name, ()):
                ways[_function(item), name].append((value, item))
    for ((_, function), name), found in ways.items():
        there = [way for way in EITHER[name] if any(way == value for value, _ in found)]
        kept = there[crc32(function.encode()) % len(there)]
        yield from (item for value, item in found if value != kept)


def _between(items: Iterable[pytest.Function]) -> Iterator[pytest.Item]:
    """Those between every n-th."""
    marked: defaultdict[Function, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if mark := item.get_closest_marker("every"):
            found = marked[_function(item)]
            found.append(item)
            if (len(found) - 1) % mark.args[0]:
                yield item


def _function(item: pytest.Function) -> Function:
    return item.path, item.originalname
