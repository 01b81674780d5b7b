"""Emits a flow for Argo, runs it on the interpreter with the stub in its containers, and tells which tasks must have run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.backends import Options
from compiler.backends.argo import BACKEND
from compiler.ir.flow import Flow, Foreach, Switch
from compiler.ir.plan import FanOut, Plan, Scope, entry
from compiler.ir.planner import plan
from tests.engines.argo import Submission, WorkflowResult, run_workflow
from tests.engines.argo_pods import Host, RunningPod

STUB = Path(__file__).with_name("stub.py")
OPTIONS = Options(default_image="f:0123")


@dataclass(frozen=True, slots=True)
class Script:
    """What tasks report: widths and cases by step or `step@index`, and how many attempts of a task fail."""

    fan: Mapping[str, int] = field(default_factory=dict)
    case: Mapping[str, int] = field(default_factory=dict)
    fail: Mapping[str, int] = field(default_factory=dict)

    def of(self, kind: Mapping[str, int], step: str, index: str) -> int:
        """What a task reports."""
        return kind[f"{step}@{index}"] if f"{step}@{index}" in kind else kind[step]


@dataclass(frozen=True, slots=True)
class Staged:
    """A run: the workflow, and the tasks that ended, `step@index` each, with what they were given."""

    workflow: WorkflowResult
    ended: Mapping[str, Mapping[str, object]]


def stage(
    flow: Flow | Plan, script: Script, folder: Path, *, seed: int = 0, options: Options = OPTIONS,
    parameters: Mapping[str, str] | None = None, watch: Callable[[RunningPod], None] | None = None,
) -> Staged:  # fmt: skip
    """Emit, run, look."""
    decided = plan(flow) if isinstance(flow, Flow) else flow
    place = folder / "ended"
    place.mkdir(parents=True)
    reports = {"fan": dict(script.fan), "case": dict(script.case), "fail": dict(script.fail)}
    host = Host(
        folder / "pods",
        folder,
        environment={"STUB_PLACE": str(place), "STUB_REPORTS": json.dumps(reports)},
        commands={"python": [sys.executable, "-S", "-E", str(STUB)]},
    )
    text = BACKEND.emit(decided, options)[0].text
    result = run_workflow(text, host=host, submission=Submission(parameters or {}), seed=seed, watch=watch)
    ended = {file.name: json.loads(file.read_text()) for file in place.iterdir()}
    return Staged(result, ended)


def expected(flow: Flow, script: Script) -> set[str]:
    """The tasks that a run of the flow has, by the script's widths and cases."""
    return set(_expected(plan(flow).root, flow, script, "-", {}))


def _expected(scope: Scope, flow: Flow, script: Script, index: str, taken: dict[str, int]) -> list[str]:
    """Tasks of one scope at one index path; `taken` are the cases of the switches that ran in it."""
    ran: set[str] = set()
    found: list[str] = []
    for node in scope.flat:
        task = entry(node)
        alive = all(
            any(edge.node in ran and (not edge.cases or taken[edge.node] in edge.cases) for edge in group)
            for group in task.prerequisites
        )
        if not alive:
            continue
        ran.add(task.step)
        found.append(f"{task.step}@{index}")
        if isinstance(flow.steps[task.step].next, Switch):
            taken = {**taken, task.step: script.of(script.case, task.step, index)}
        if isinstance(node, FanOut):
            assert isinstance(flow.steps[task.step].next, Foreach)
            for item in range(script.of(script.fan, task.step, index)):
                below = str(item) if index == "-" else f"{index}.{item}"
                found += _expected(node.body, flow, script, below, {})
    return found
