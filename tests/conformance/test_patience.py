"""What never ends fails, and does not hold up the suite: an engine that would wait for ever has a bound."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.argo.controller import execute, main
from tests.engines import FlowCase, argo_pods, local

ENDLESS = """from flowc import FlowSpec, step


class EndlessFlow(FlowSpec):
    @step
    def start(self):
        while True:
            pass
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SLEEPS = "- {name: t, container: {image: i, command: [sh, -c, 'sleep 9']}}\n"


def test_an_endless_local_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "PATIENCE", 2.0)
    path = tmp_path / "endless_flow.py"
    path.write_text(ENDLESS, encoding="utf-8")
    with pytest.raises(subprocess.TimeoutExpired):
        local.run_local(FlowCase(path, "EndlessFlow"), tmp_path)


def test_an_endless_pod_without_a_deadline_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(argo_pods, "PATIENCE", 0.5)
    result = execute(main("- {name: r, template: t}", SLEEPS), tmp_path)
    assert result.node("r").phase == "Error"
    assert "did not end within 0.5 s" in result.node("r").message
