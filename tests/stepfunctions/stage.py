"""Emits a flow for Step Functions, runs it with the stub in its jobs, and tells which tasks ended."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from compiler.backends import Options
from compiler.backends.stepfunctions import BACKEND
from compiler.ir.flow import Flow
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from tests.argo.stage import Script
from tests.engines.batch_quota import PER_SECOND
from tests.engines.stepfunctions import ExecutionResult, Image, run_state_machine, server, substitute
from tests.engines.stepfunctions_lint import lint, lint_jobs

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = Options(default_image="f:0123")


@dataclass(frozen=True, slots=True)
class Staged:
    """A run, and the tasks that ended, `step@index` each."""

    result: ExecutionResult
    ended: frozenset[str]


def stage(
    flow: Flow | Plan,
    script: Script,
    folder: Path,
    *,
    options: Options = OPTIONS,
    throttle: int = 0,
    submissions: float = PER_SECOND,
) -> Staged:
    """Emit, lint, run, look; `throttle` and `submissions` are what Batch refuses, as an `Image` says it."""
    decided = plan(flow) if isinstance(flow, Flow) else flow
    definition, jobs = BACKEND.emit(decided, options)[:2]
    values = dict.fromkeys(json.loads(jobs.text), "jobs")
    assert lint(substitute(definition.text, {"StoreBucket": "b", "JobQueue": "q", **values})) == ()
    assert lint_jobs(jobs.text) == ()
    place = folder / "ended"
    place.mkdir(parents=True)
    reports = {"fan": dict(script.fan), "case": dict(script.case), "fail": dict(script.fail)}
    result = run_state_machine(
        definition.text,
        jobs.text,
        folder=folder / "jobs",
        substitutions={"StoreBucket": server().bucket()},
        name=f"F-{uuid.uuid4().hex[:8]}",
        image=Image(
            workdir=folder,
            throttle=throttle,
            submissions=submissions,
            environment={
                "PYTHONPATH": f"{Path(__file__).with_name('stub')}:{ROOT}",
                "STUB_PLACE": str(place),
                "STUB_REPORTS": json.dumps(reports),
            },
        ),
    )
    return Staged(result, frozenset(file.name for file in place.iterdir()))
