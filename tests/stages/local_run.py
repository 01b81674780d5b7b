"""A flow's text, run here by force: what it told, and its artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import attempts, read
from flowc.store import open_store

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.planner import plan
from compiler.run import run_flow
from compiler.run.events import RunResult
from tests.stages.recorder import Recorder

HEAD = """
import os, signal, threading, time
from flowc import FlowSpec, catch, current, environment, parallel, retry, step, timeout
"""


class Ran:
    """One run of a flow's text, and its artifacts."""

    def __init__(self, folder: Path, body: str, **options: Any) -> None:
        source = folder / "probe.py"
        source.write_text(HEAD + body, encoding="utf-8")
        report, self.told = Report(), Recorder(asks=options.pop("asks", False))
        (flow,) = parse(source, report, root=folder)
        self.url = f"file:{folder / 'store'}"
        settings: dict[str, Any] = {"run_id": None, "max_workers": 2, "tags": (), "parameters": {}, **options}
        self.result: RunResult = run_flow(plan(flow), store=self.url, listener=self.told, **settings)

    def artifact(self, step: str, name: str, index: str = "-") -> Any:
        """An artifact's value."""
        flow, run = self.result.pathspec.split("/")
        return read(open_store(self.url), RunAddress(flow, run).task(step, index))[name]

    def attempts(self, step: str, index: str = "-") -> int:
        """How many times the task was started."""
        flow, run = self.result.pathspec.split("/")
        return len(list(attempts(open_store(self.url), RunAddress(flow, run).task(step, index))))
