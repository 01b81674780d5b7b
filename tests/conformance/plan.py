"""Which flows are compared on which engine, in the default suite and in the long one (`FLOWC_CONFORMANCE=long`)."""

from __future__ import annotations

import os
from collections.abc import Sequence

LONG = os.environ.get("FLOWC_CONFORMANCE") == "long"
CHUNK = 10
MAX_TASKS = 14 if LONG else 10

GENERATED = 2000 if LONG else 200
ON_AIRFLOW_3 = 300 if LONG else 30
ON_AIRFLOW_2 = 150 if LONG else 15
ON_SCHEDULER = 40 if LONG else 3


def chunks(count: int) -> Sequence[range]:
    """The seeds from 1 on, some at a time: a test each."""
    return [range(first, min(first + CHUNK, count + 1)) for first in range(1, count + 1, CHUNK)]


def named(seeds: range) -> str:
    """For test ids."""
    return f"{seeds.start}-{seeds.stop - 1}"
