"""Outputs of a compile are never part of a package: what it writes never changes what the next one writes, wherever it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN
from tests.stages.command_line import Flowc
from tests.workspace.closure.repositories import archive

FLOW = """from flowc import FlowSpec, kubernetes, {name}, step


{decorator}
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
STARTS = {
    "nothing": ("retry", ""),
    "a schedule": ("schedule", "@schedule(daily=True)"),
    "an event": ("trigger", "@trigger(event='e')"),
    "another flow": ("trigger_on_finish", "@trigger_on_finish(flow='G')"),
}
SETTINGS = """[tool.flowc]
store = 's3://b/p'
[tool.flowc.argo]
namespace = 'n'
[tool.flowc.step-functions]
queue = 'q'
sam = true
policy = true
"""
"""Whatever makes a target write one more file."""


@pytest.mark.parametrize("target", BUILT_IN)
@pytest.mark.parametrize("start", STARTS)
def test_what_any_target_writes_is_no_part_wherever_it_lies(
    target: str, start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flowc: Flowc
) -> None:
    """Beside the flow, below it and above it; twice: at first there is no output there, then the call's own."""
    monkeypatch.chdir(tmp_path)
    name, decorator = STARTS[start]
    Path("team").mkdir()
    Path("team/flow.py").write_text(FLOW.format(name=name, decorator=decorator))
    Path("pyproject.toml").write_text(SETTINGS)
    before = archive(tmp_path, "team/flow.py")
    for place in ("team", "team/deploy", "deploy"):
        words = (target, "create", "team/flow.py", "-o", f"{place}/")
        for _ in range(2):
            ended = flowc(*words)
            assert ended.code == 0, ended.err
            assert archive(tmp_path, "team/flow.py") == before
            ended = flowc(*words, "--check")
            assert (ended.code, ended.out) == (0, "")
