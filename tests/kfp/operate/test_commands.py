"""The commands on the stand-in of the server: what is deployed, started, failed, repaired, ended and removed, as on every target."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase, Outcome
from tests.engines.kfp_api.world import TOKEN
from tests.engines.local import run_local
from tests.engines.rights import open_to_it
from tests.kfp.operate.stage import Server
from tests.operate.life import FLOW, HOSTILE, SHARING, Life, live, live_shared
from tests.stages.command_line import Flowc, flowc
from tests.stages.operated import written

__all__ = ["flowc"]


@dataclass
class Here(Life):
    """A life whose commands are called in this process: the client library is imported once."""

    flowc: Flowc | None = None

    def call(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Call a command, as `Life` does."""
        assert self.flowc is not None
        ended = self.flowc(*words)
        printed = ended.out + ended.err
        assert ended.code == code, (words, ended.code, printed[-3000:])
        assert "internal error" not in printed
        assert not any(secret in printed for secret in self.secrets)
        self.called.append(words)
        return subprocess.CompletedProcess(words, ended.code, ended.out, ended.err)


@pytest.fixture
def life(server: Server, flowc: Flowc, monkeypatch: pytest.MonkeyPatch) -> Here:
    """A workspace beside the server."""
    case = written(server.folder, FLOW, "LifeFlow")
    server.release(case)
    folder = open_to_it(case.path.parent)
    (folder / "pyproject.toml").write_text(
        f"[tool.flowc]\nstore = {json.dumps(server.store)}\n[tool.flowc.kfp]\nimage = 'image:1'\n"
        f"[tool.flowc.kfp.connection]\nhost = {json.dumps(server.connection.variables['KF_PIPELINES_ENDPOINT'])}\n"
    )
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("KF_PIPELINES_TOKEN", TOKEN)
    return Here(folder, "kfp", {}, (TOKEN,), flowc=flowc)


def test_a_flow_lives_by_the_commands(server: Server, life: Here) -> None:
    run = live(life)
    _is_as_here(server, life, run, "flow.py:LifeFlow", {"text": HOSTILE, "marker": str(life.folder / "marker")})
    assert "ok       reachable  Kubeflow Pipelines at http://127.0.0.1:" in life.call("doctor", "kfp").stdout
    life.call("kfp", "deploy", "flow.py")
    assert "nothing of flowc's starts" in life.call("kfp", "suspend", "life-flow", code=2).stderr
    assert run in [each["run_id"] for each in life.said("runs", "LifeFlow", "--json")]
    assert f"/#/runs/details/{run.removeprefix('kfp-')}" in life.said("status", run, "--json")["url"]


def test_tasks_that_share_containers_live_by_the_commands(server: Server, life: Here) -> None:
    settings = life.folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace("[tool.flowc.kfp]\n", f"{SHARING}[tool.flowc.kfp]\n"))
    run = live_shared(life)
    _is_as_here(server, life, run, "shared.py:SharedFlow", {"marker": str(life.folder / "shared-marker")})


def _is_as_here(server: Server, life: Life, run: str, flow: str, parameters: dict[str, object]) -> None:
    """A run has left what a local one leaves."""
    file, _, name = flow.partition(":")
    local = run_local(FlowCase(life.folder / file, name, parameters), Path(server.folder, "local"))
    left = read_result(Outcome(name, run, server.store, success=True, log=""), life.folder)
    differences = list(against_local(read_result(local, life.folder), left))
    assert [each for each in differences if "attempts" not in each] == []
