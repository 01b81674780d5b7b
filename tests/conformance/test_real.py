"""What real flows import: modules that the compiling machine does not have, and names that only extensions have."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.backends import Options
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.pipeline import compile_flow

FLOW = """
import {module}
from metaflow import FlowSpec, step{name}


class ImportsFlow(FlowSpec):
    @step
    def start(self):
        self.model = {module}.make()
        self.next(self.end)

    @step
    def end(self):
        print(self.model)
"""


def _codes(folder: Path, target: str, name: str = "") -> tuple[bool, list[str]]:
    path = folder / "imports_flow.py"
    path.write_text(FLOW.format(module="a_package_that_nobody_has", name=name), encoding="utf-8")
    backend = load_backend(target)
    assert backend is not None
    files, report = compile_flow(path, backend, Options(default_image="i:0", store="s3://b/s"))
    assert isinstance(report, Report)
    return bool(files), [found.rule.code for found in report if found.rule.severity == "error"]


@pytest.mark.language("real.third-party")
@pytest.mark.parametrize("target", BUILT_IN)
def test_modules_that_this_machine_does_not_have_do_not_keep_a_flow_from_compiling(target: str, tmp_path: Path) -> None:
    assert _codes(tmp_path, target) == (True, [])
