"""Flows from seeds: every task of a run, done again, leaves what it had left, or fails as it had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.cases import generated_case
from tests.conformance.generator import GeneratedFlow
from tests.conformance.plan import draw
from tests.engines.local import run_local
from tests.replay.calls import Ran, unlike_before

SEEDS = (1, 2, 3, 5)


@pytest.mark.sampled("alone")
@pytest.mark.parametrize("seed", SEEDS)
def test_every_task_of_a_generated_flow_is_as_before(seed: int, tmp_path: Path) -> None:
    flow = draw(seed)
    ran = _ran(flow, tmp_path)
    found = ran.replay_all(most=1000)
    gangs = {task for task, said in found.items() if "is a node of a gang" in said.err}
    assert found
    assert all(found[task].code == 2 for task in gangs)
    assert unlike_before({task: said for task, said in found.items() if task not in gangs}) == {}


def _ran(flow: GeneratedFlow, folder: Path) -> Ran:
    case = generated_case(flow, folder)
    outcome = run_local(case, folder)
    options = ["--file", f"{case.path}:{case.flow}", "--root", str(case.root)]
    for name, value in case.config_values.items():
        options += ["--config-value", name, json.dumps(value)]
    return Ran(folder, outcome.flow, outcome.run_id, outcome.store, tuple(options))
