"""The commands on the server that stands in for AWS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase, Outcome
from tests.engines.local import run_local
from tests.engines.rights import open_to_it
from tests.engines.stepfunctions_case import copy_store
from tests.engines.stepfunctions_operated import Place, place
from tests.operate.life import HOSTILE, SHARING, Life, live, live_shared


@pytest.mark.sampled("alone")
def test_a_flow_lives_by_the_commands(tmp_path: Path) -> None:
    with place(tmp_path) as there:
        life = _life(there, tmp_path)
        marker = str(life.folder / "marker")
        _is_as_here(there, life, live(life), "flow.py:LifeFlow", {"text": HOSTILE, "marker": marker})


@pytest.mark.sampled("alone")
def test_tasks_that_share_containers_live_by_the_commands(tmp_path: Path) -> None:
    with place(tmp_path) as there:
        life = _life(there, tmp_path, SHARING)
        run = live_shared(life)
        _is_as_here(there, life, run, "shared.py:SharedFlow", {"marker": str(life.folder / "shared-marker")})


def _life(there: Place, tmp_path: Path, settings: str = "") -> Life:
    folder = open_to_it(tmp_path / "code")
    connection = there.connection()
    options = "\n".join(f"{key} = {json.dumps(value)}" for key, value in connection.options.items())
    (folder / "pyproject.toml").write_text(
        f"[tool.flowc]\nstore = {json.dumps(there.store)}\n{settings}"
        f"[tool.flowc.step-functions]\nimage = {json.dumps(there.image(folder))}\n"
        f"[tool.flowc.step-functions.connection]\n{options}\n"
    )
    secret = connection.variables["AWS_SECRET_ACCESS_KEY"]
    variables = {**connection.variables, "AWS_ENDPOINT_URL": there.engine.endpoint, "AWS_REGION": "us-east-1"}
    return Life(folder, "step-functions", variables, (secret,))


def _is_as_here(there: Place, life: Life, run: str, flow: str, parameters: dict[str, object]) -> None:
    """A run has left what a local one leaves."""
    file, _, name = flow.partition(":")
    local = run_local(FlowCase(life.folder / file, name, parameters), life.folder.parent)
    copied = copy_store(there.engine, there.bucket, "flowc", life.folder.parent / "copied")
    left = read_result(Outcome(name, run, copied, success=True, log=""), life.folder)
    differences = list(against_local(read_result(local, life.folder), left))
    assert [each for each in differences if "attempts" not in each] == []
