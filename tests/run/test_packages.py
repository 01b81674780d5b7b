"""What this Python holds of what steps ask for, and what is said where it lacks something."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.ir.planner import plan
from compiler.pipeline import read_flow
from compiler.run.packages import _fits, install_line, lacking, other_python

FLOW = """
from metaflow import *
@pypi_base(packages={base})
class F(FlowSpec):
    @pypi(packages={own}, python="3.8")
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("here", "operator", "wanted", "fits"),
    [
        ("2.1.0", "==", "2.1", True),
        ("2.1.1", "==", "2.1", False),
        ("2.1.1", "==", "2.1.*", True),
        ("2.10", "==", "2.1.*", False),
        ("2.1.0rc1", "==", "2.1.0", False),
        ("2.1.0rc1", "==", "2.1.0rc1", True),
        ("2.1.0+cu118", "==", "2.1.0", True),
        ("2.1", "!=", "2.1.0", False),
        ("2.2", "!=", "2.1.*", True),
        ("2.10", ">=", "2.9", True),
        ("2.10", "<", "2.9", False),
        ("3", "<=", "3.0", True),
        ("3.0.1", ">", "3", True),
        ("2.3.1", "~=", "2.2", True),
        ("3.0", "~=", "2.2", False),
        ("2.1", "~=", "2.2", False),
        ("1.26.4", "=", "1.26", True),
    ],
)
def test_bounds_are_read_as_pip_and_conda_read_them(here: str, operator: str, wanted: str, fits: bool) -> None:
    """Numbers part by part, `.*` and `=` by their beginning."""
    assert _fits(here, (operator, wanted)) is fits


def test_what_is_lacking_is_told_by_step(tmp_path: Path) -> None:
    """With the version that is here; an address is nobody's name."""
    own = "{'no-such-thing': '', 'git+https://host/r': '@v1', 'click': '==0.1'}"
    (tmp_path / "f.py").write_text(FLOW.format(base="{'pytest': '>=7', 'click': ''}", own=own))
    flow = read_flow(tmp_path / "f.py", Report())
    assert flow
    decided = plan(flow)
    assert lacking(decided) == {"start": [f"click==0.1 (here: {version('click')})", "no-such-thing"]}
    assert "no-such-thing" in install_line(decided)
    assert other_python(decided) == "3.8"
