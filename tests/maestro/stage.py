"""Flows compiled for Maestro, and definitions written by hand that the interpreter runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowc_maestro import BACKEND

from compiler.backends import Options
from compiler.diagnostics import Report
from tests.engines import FlowCase
from tests.engines.argo_pods import Host
from tests.engines.compiling import compiled, planned_case, read_case
from tests.engines.maestro import MaestroResult, Start, run_workflow
from tests.engines.maestro_reader import read_definition

OPTIONS = Options(default_image="f:0123")
OUTPUT = """
import os, json, sys, time
param = {"type": "STRING", "value": sys.argv[2], "evaluated_result": sys.argv[2], "evaluated_time": 1}
start, end = os.environ["MAESTRO_OUTPUT_START"], os.environ["MAESTRO_OUTPUT_END"]
print(start + json.dumps({"params": {sys.argv[1]: param}}) + end)
"""


HEAD = "from flowc import FlowSpec, Parameter, card, catch, environment, kubernetes, project, resources, retry, schedule, step, timeout\n\n"
PLAIN = (
    HEAD
    + """
@FLOW
class F(FlowSpec):
    PARAMETERS
    @STEP
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
)


def flow_text(step: str = "", flow: str = "", parameters: str = "") -> str:
    """A flow of two steps, with something above its first step or its class, or in it."""
    return (
        PLAIN.replace("    @STEP\n", f"    {step}\n" if step else "")
        .replace("@FLOW\n", f"{flow}\n" if flow else "")
        .replace("    PARAMETERS\n", f"    {parameters}\n" if parameters else "")
    )


TEXTS = ("plain é 🎬", "$HOME ${x} $$y $$$$z $(id)", 'it\'s \\ \\u0041 "x"', "a\nb$\n", "$\\", "")
"""Texts that somebody on the way might look into."""


def case(folder: Path, text: str) -> FlowCase:
    """The flow `F` of a file."""
    path = folder / "flow.py"
    path.write_text(text, encoding="utf-8")
    return FlowCase(path, "F")


def definition(folder: Path, text: str, options: Options = OPTIONS) -> dict[str, Any]:
    """What a flow's text becomes, as the strict reader takes it."""
    _, files = compiled(case(folder, text), BACKEND, options)
    return read_definition(files[0].text)


def findings(folder: Path, text: str, options: Options = OPTIONS) -> list[tuple[str, str]]:
    """The codes of what the target refuses, each with the line that it points at."""
    from compiler.pipeline import emit_plan

    found, report = case(folder, text), Report()
    flow = read_case(found, report)
    assert flow is not None, [each.message for each in report]
    files = emit_plan(planned_case(found, flow), BACKEND, options, report)
    lines = text.splitlines()
    told = [(each.rule.code, lines[each.span.line - 1].strip()) for each in report if each.rule.severity == "error"]
    assert bool(files) == (not told)
    return told


def container(*words: str, **more: Any) -> dict[str, Any]:
    """A step that runs Python with these words; what else it has by keyword, `params` beside its container."""
    params = more.pop("params", {})
    command = {
        "image": {"type": "STRING", "value": "i"},
        "command": {"type": "STRING_ARRAY", "value": ["python"]},
        "args": {"type": "STRING_ARRAY", "value": list(words)},
        "env": {"type": "STRING_MAP", "value": {}},
    }
    policy = {"error_retry_limit": 0}
    return {
        "type": "kubernetes",
        "retry_policy": policy,
        "params": {**params, "kubernetes": {"type": "MAP", "value": command}},
        **more,
    }


def step(name: str, *after: str, said: Mapping[str, Any] | None = None, **conditions: str) -> dict[str, Any]:
    """A step of that name that leads to others: always, or by a condition."""
    successors = {**dict.fromkeys(after, "true"), **conditions}
    return {"step": {"id": name, "transition": {"successors": successors}, **(said or container("-c", ""))}}


def reporting(param: str, value: str) -> dict[str, Any]:
    """A step that reports a value of its parameter."""
    return container("-c", OUTPUT, param, value, params={param: {"type": "STRING", "value": "none"}})


def run(
    folder: Path, steps: list[dict[str, Any]], *, params: Any = None, start: Start | None = None, seed: int = 0
) -> MaestroResult:
    """Run a workflow of these steps."""
    text = json.dumps({"workflow": {"id": "w", "params": params or {}, "steps": steps}})
    host = Host(folder / "pods", folder, commands={"python": (sys.executable,)})
    return run_workflow(text, host=host, start=start or Start(), seed=seed)
