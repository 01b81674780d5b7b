"""The commands on the stand-in of Kubernetes and on that of Argo Server."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase, Outcome
from tests.engines.argo_place import IMAGE, Place, written
from tests.engines.local import run_local
from tests.engines.rights import open_to_it
from tests.operate.life import FLOW, HOSTILE, Life, live


def test_a_flow_lives_by_the_commands(stand_in: Place, tmp_path: Path) -> None:
    place = stand_in
    case = written(tmp_path, FLOW, "LifeFlow")
    folder = open_to_it(case.path.parent)
    place.release(case)  # where its pods find the code
    options = "\n".join(f"{key} = {json.dumps(value)}" for key, value in place.connection.options.items())
    (folder / "pyproject.toml").write_text(
        f"[tool.flowc]\nstore = {json.dumps(place.store)}\n"
        f"[tool.flowc.argo]\nimage = {json.dumps(IMAGE)}\nnamespace = 'flows'\n"
        f"[tool.flowc.argo.connection]\n{options}\n"
    )
    variables = {key: value for key, value in place.connection.variables.items() if key != "HOME"}
    secrets = tuple(value for key, value in variables.items() if key == "ARGO_TOKEN")
    run = live(Life(folder, "argo", variables, secrets))
    local = run_local(
        FlowCase(folder / "flow.py", "LifeFlow", {"text": HOSTILE, "marker": str(folder / "marker")}),
        tmp_path / "local",
    )
    left = read_result(Outcome("LifeFlow", run, place.store, success=True, log=""), folder)
    differences = list(against_local(read_result(local, folder), left))
    assert [each for each in differences if "attempts" not in each] == []
