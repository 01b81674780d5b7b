"""What of the caller's shell steers a local run: the documented settings, and nothing else."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from compiler.run.environment import PREFIX, SECRET, SETTINGS, inherited
from tests.stages.command_line import Flowc, flowc, folder

__all__ = ["flowc", "folder"]

ROOT = Path(__file__).parents[2]
READ = sorted(
    {
        name
        for path in (ROOT / "runtime_shim").rglob("*.py")
        for name in re.findall(r"\bFLOWC_[A-Z0-9_]*[A-Z0-9]\b", path.read_text(encoding="utf-8"))
    }
)
"""Every variable of ours that the runtime knows."""


def test_the_runtime_knows_some() -> None:
    assert {"FLOWC_STORE", "FLOWC_REPORT", "FLOWC_WITH", "FLOWC_ORIGIN"} <= set(READ)
    assert set(SETTINGS) <= set(READ)


@pytest.mark.parametrize("name", READ)
def test_each_is_a_setting_or_is_not_passed_on(name: str) -> None:
    assert inherited({name: "x", "PATH": "/bin"}) == ({name: "x"} if name in SETTINGS else {}) | {"PATH": "/bin"}


@pytest.mark.parametrize("name", ["FLOWC_SECRET_DB", "METAFLOW_USER", "AWS_PROFILE", "MY_FLOWC_STORE"])
def test_secrets_and_what_is_not_ours_is_passed_on(name: str) -> None:
    assert inherited({name: "x"}) == {name: "x"}


def test_the_page_names_each_setting() -> None:
    text = (ROOT / "docs" / "local-runs.md").read_text(encoding="utf-8")
    assert [name for name in (*SETTINGS, SECRET) if f"`{name}" not in text] == []


FLOW = """
import os
from flowc import FlowSpec, current, exit_hook, step

def told(run):
    print("hook", sorted(name for name in os.environ if name.startswith("FLOWC_")))

@exit_hook(on_success=[told])
class SteeredFlow(FlowSpec):
    @step
    def start(self):
        self.parts = [1, 2]
        self.next(self.each, foreach="parts")

    @step
    def each(self):
        self.twice = 2 * self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.twice for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        assert current.origin_run_id is None
        print("total", self.total, [value for value in os.environ.values() if "steered" in value])
"""


def test_none_of_the_others_changes_a_run(flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "flow.py").write_text(FLOW)
    for name in READ:
        if name not in SETTINGS and not name.startswith("FLOWC_SECRET_"):
            monkeypatch.setenv(name, f"steered-by-{name}")
    ended = flowc("run", "flow.py")
    assert (ended.code, "total 6 []" in ended.out) == (0, True), ended.out + ended.err
    assert "steered" not in ended.out + ended.err
    assert not os.path.exists(folder / "steered")
    assert PREFIX == "FLOWC_"
