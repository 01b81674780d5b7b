"""The commands on the stand-in of Kubernetes and on that of Argo Server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase, Outcome
from tests.engines.argo_place import IMAGE, Place
from tests.engines.local import run_local
from tests.engines.rights import open_to_it
from tests.operate.life import FLOW, HOSTILE, SHARED, SHARING, Life, live, live_shared
from tests.stages.operated import written


def test_a_flow_lives_by_the_commands(stand_in: Place, tmp_path: Path) -> None:
    life = _life(stand_in, tmp_path, FLOW, "LifeFlow")
    marker = str(life.folder / "marker")
    _is_as_here(stand_in, life, live(life), "flow.py:LifeFlow", {"text": HOSTILE, "marker": marker})


@pytest.mark.sampled("alone")
def test_tasks_that_share_containers_live_by_the_commands(stand_in: Place, tmp_path: Path) -> None:
    life = _life(stand_in, tmp_path, SHARED, "SharedFlow", SHARING)
    marker = str(life.folder / "shared-marker")
    run = live_shared(life)
    _is_as_here(stand_in, life, run, "shared.py:SharedFlow", {"marker": marker})


def _life(place: Place, folder: Path, text: str, flow: str, settings: str = "") -> Life:
    case = written(folder, text, flow)
    folder = open_to_it(case.path.parent)
    place.release(case)  # where its pods find the code
    options = "\n".join(f"{key} = {json.dumps(value)}" for key, value in place.connection.options.items())
    (folder / "pyproject.toml").write_text(
        f"[tool.flowc]\nstore = {json.dumps(place.store)}\n{settings}"
        f"[tool.flowc.argo]\nimage = {json.dumps(IMAGE)}\nnamespace = 'flows'\n"
        f"[tool.flowc.argo.connection]\n{options}\n"
    )
    variables = {key: value for key, value in place.connection.variables.items() if key != "HOME"}
    secrets = tuple(value for key, value in variables.items() if key == "ARGO_TOKEN")
    return Life(folder, "argo", variables, secrets)


def _is_as_here(place: Place, life: Life, run: str, flow: str, parameters: dict[str, object]) -> None:
    """A run has left what a local one leaves."""
    file, _, name = flow.partition(":")
    local = run_local(FlowCase(life.folder / file, name, parameters), life.folder.parent / "local")
    left = read_result(Outcome(name, run, place.store, success=True, log=""), life.folder)
    differences = list(against_local(read_result(local, life.folder), left))
    assert [each for each in differences if "attempts" not in each] == []
