"""A task is the same in a fresh interpreter as in a fork of one that has imported the flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.conformance.engines import Engine
from tests.conformance.judge import judge_seeds
from tests.conformance.plan import NUMBERS, chunks, generated, named
from tests.engines.local import run_local

ENGINES: Mapping[str, Engine] = {"local, each task in a fresh interpreter": partial(run_local, start_method="spawn")}

pytestmark = pytest.mark.sampled


@pytest.mark.parametrize("found", chunks(generated()[: NUMBERS.spawned]), ids=named)
def test_a_fresh_interpreter_gives_what_a_fork_gives(found: Sequence[int], tmp_path: Path) -> None:
    differences = judge_seeds(found, ENGINES, tmp_path, 2)
    assert not differences, "\n".join(differences)
