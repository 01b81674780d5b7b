"""The commands on the server that stands in for AWS."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase, Outcome
from tests.engines.local import run_local
from tests.engines.rights import open_to_it
from tests.engines.stepfunctions_case import copy_store
from tests.engines.stepfunctions_operated import place
from tests.operate.life import HOSTILE, Life, live


def test_a_flow_lives_by_the_commands(tmp_path: Path) -> None:
    with place(tmp_path) as there:
        folder = open_to_it(tmp_path / "code")
        connection = there.connection()
        options = "\n".join(f"{key} = {json.dumps(value)}" for key, value in connection.options.items())
        (folder / "pyproject.toml").write_text(
            f"[tool.flowc]\nstore = {json.dumps(there.store)}\n"
            f"[tool.flowc.step-functions]\nimage = {json.dumps(there.image(folder))}\n"
            f"[tool.flowc.step-functions.connection]\n{options}\n"
        )
        secret = connection.variables["AWS_SECRET_ACCESS_KEY"]
        variables = {**connection.variables, "AWS_ENDPOINT_URL": there.engine.endpoint, "AWS_REGION": "us-east-1"}
        run = live(Life(folder, "step-functions", variables, (secret,)))
        local = run_local(
            FlowCase(folder / "flow.py", "LifeFlow", {"text": HOSTILE, "marker": str(folder / "marker")}), tmp_path
        )
        copied = copy_store(there.engine, there.bucket, "flowc", tmp_path / "copied")
        left = read_result(Outcome("LifeFlow", run, copied, success=True, log=""), folder)
        differences = list(against_local(read_result(local, folder), left))
        assert [each for each in differences if "attempts" not in each] == []
