"""What a compile writes never changes what the next one writes, wherever it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.command_line import Flowc

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
ALL = {
    "step-functions": "sam = true\npolicy = true",
    "argo": 'namespace = "n"',
    "airflow": "",
}
"""The settings by which each target writes all that it can."""


@pytest.mark.parametrize("target", ALL)
@pytest.mark.parametrize("start", STARTS)
def test_a_second_compile_writes_the_same(
    target: str, start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flowc: Flowc
) -> None:
    """Twice: at first there is no output beside the flow, then its own."""
    monkeypatch.chdir(tmp_path)
    name, decorator = STARTS[start]
    Path("flow.py").write_text(FLOW.format(name=name, decorator=decorator))
    Path("pyproject.toml").write_text(f"[tool.flowc.{target}]\n{ALL[target]}\n")
    for _ in range(2):
        assert flowc(target, "create", "flow.py", "-o", "out/").code == 0
        ended = flowc(target, "create", "flow.py", "-o", "out/", "--check")
        assert (ended.code, ended.out) == (0, "")
