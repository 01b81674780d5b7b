"""The commands on a real Airflow 3."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase, Outcome
from tests.engines.airflow_flow import SHIM
from tests.engines.airflow_scheduler import Scheduler
from tests.engines.local import run_local
from tests.engines.rights import open_to_it
from tests.operate.life import HOSTILE, Life, live

pytestmark = [pytest.mark.xdist_group("scheduler"), pytest.mark.sampled("alone")]


def test_a_flow_lives_by_the_commands(scheduler: Scheduler, tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    open_to_it(tmp_path)
    store = f"file:{open_to_it(tmp_path / 'store')}"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "PYTHONPATH": str(SHIM)}
    scheduler.put_image("life:test", environment, folder)
    (folder / "pyproject.toml").write_text(
        f"[tool.flowc]\nstore = {json.dumps(store)}\n"
        "[tool.flowc.airflow]\nimage = 'life:test'\nname = 'LifeByCommands'\n"
        f"[tool.flowc.airflow.connection]\nurl = {json.dumps(scheduler.url)}\ndags = {json.dumps(str(scheduler.dags))}\n"
    )
    run = live(Life(folder, "airflow", {"AIRFLOW_API_TOKEN": scheduler.token}, (scheduler.token,)))
    local = run_local(
        FlowCase(folder / "flow.py", "LifeFlow", {"text": HOSTILE, "marker": str(folder / "marker")}),
        tmp_path / "local",
    )
    left = read_result(Outcome("LifeFlow", run, store, success=True, log=""), folder)
    differences = list(against_local(read_result(local, folder), left))
    assert [each for each in differences if "attempts" not in each] == []
