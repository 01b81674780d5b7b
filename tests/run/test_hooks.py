"""Exit hooks of a local run: which are called, what is heard of them, and that they change nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.planner import plan
from compiler.run import run_flow
from tests.conformance.written.case import FLOWS
from tests.stages.recorder import Recorder


@pytest.mark.parametrize(
    ("fail", "called"),
    [
        (False, {"success~celebrate": False, "success~stumble": True, "success~hooks_beside.toast": False}),
        (True, {"error~mourn": False, "error~stumble": True, "error~hooks_beside.toast": False}),
    ],
)
def test_the_hooks_of_its_end_follow_a_run(fail: bool, called: dict[str, bool], tmp_path: Path) -> None:
    """Each is called once, those after a failing one too; the run's result is its own."""
    (flow,) = parse(FLOWS / "hooks.py", Report(), root=FLOWS)
    told = Recorder()
    result = run_flow(
        plan(flow),
        store=f"file:{tmp_path}",
        run_id="r",
        max_workers=1,
        tags=(),
        parameters={"fail": fail},
        listener=told,
    )
    assert result.success is not fail
    records = {path.name: json.loads(path.read_text()) for path in (tmp_path / "HooksFlow/r/_hooks").iterdir()}
    assert called == {name: record["failed"] is not None for name, record in records.items()}
    assert "stumble: RuntimeError: stumbled" in told.printed
