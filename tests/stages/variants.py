"""Which variants of a test the default suite runs: where ways must come to the same, one of them; `make sample` runs the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from zlib import crc32

import pytest

from tests.engines.airflow import LINES
from tests.engines.argo_place import WAYS

EITHER: Mapping[str, Sequence[str]] = {"line": LINES, "place": WAYS, "stand_in": WAYS}
"""The parameters whose values are such ways: the two lines of Airflow, and the two interfaces of Argo."""


def other_ways(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The items that the default suite leaves to the sample. Which way stays follows from the test's name, so that each has its share."""
    ways: defaultdict[tuple[Path, str, str], list[tuple[str, pytest.Item]]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            for name, value in item.callspec.params.items():
                if value in EITHER.get(name, ()):
                    ways[item.path, item.originalname, name].append((value, item))
    for (_, function, name), found in ways.items():
        there = [way for way in EITHER[name] if any(way == value for value, _ in found)]
        kept = there[crc32(function.encode()) % len(there)]
        yield from (item for value, item in found if value != kept)
