"""Runs of the server as runs of ours: how each stands, its tasks, and what starts, ends and repairs it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler.backends.command import inert_json
from compiler.backends.operating import (
    OVER,
    EngineRun,
    EngineTask,
    LogLine,
    LogPart,
    NotThereError,
    Phase,
    RefusedError,
    Start,
)
from compiler.slotted_class import replaced
from flowc_kfp.operate.api import Api, LostError
from flowc_kfp.operate.deploying import Held, name_of
from flowc_kfp.operate.naming import has_required, names_in
from flowc_kfp.operate.operated import Operated
from flowc_kfp.operate.tasks import tasks_of
from flowc_kfp.operate.texts import TAGS, description, tags_in
from flowc_kfp.operate.times import seconds

PREFIX = Operated.run_prefix

LARGEST = 60_000
"""Bytes of all parameters: the server keeps 64 KiB of a run's configuration."""

_ENDED_BY_HAND = "CANCELING"
_PHASES: Mapping[str, Phase] = {
    "PENDING": "queued",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "succeeded",
    "FAILED": "failed",
    _ENDED_BY_HAND: "running",
    "CANCELED": "terminated",
    "PAUSED": "queued",
}
_SHOWN = 500
"""Characters of the server's sentence that are told."""


def own_id(run: str) -> str:
    """The server's id of a run. Raises NotThereError for what is no run of this target."""
    if not re.fullmatch(f"{PREFIX}[0-9a-zA-Z-]+", run):
        raise NotThereError(f"{run} is no run of Kubeflow Pipelines: its id is `{PREFIX}` and the server's own")
    return run.removeprefix(PREFIX)


def found(api: Api, run: str) -> dict[str, Any]:
    """A run of the server. Raises NotThereError."""
    there = api.run(own_id(run))
    if there is None:
        raise NotThereError(
            f"{api.where} has no run {own_id(run)}: it was deleted, or never started; `flowc runs` has what the store keeps"
        )
    return there


def listed(api: Api, run: Mapping[str, Any], deployment: str) -> EngineRun:
    """A run without its tasks."""
    own = str(run["run_id"])
    phase = phase_of(run)
    error = run.get("error")
    message = str(error.get("message") or "") if isinstance(error, dict) else ""
    return EngineRun(
        f"{PREFIX}{own}",
        str(run.get("display_name") or own),
        deployment,
        phase,
        seconds(run.get("created_at")),
        seconds(run.get("scheduled_at")) or seconds(run.get("created_at")),
        seconds(run.get("finished_at")) if phase in OVER else None,
        message=" ".join(message.split())[:_SHOWN] if phase == "failed" else "",
        url=api.page(f"runs/details/{own}"),
        tags=tags_in(run.get("description")),
    )


def phase_of(run: Mapping[str, Any]) -> Phase:
    """How a run stands. The server calls one that was ended by somebody failed; its history says that it was ended."""
    state = str(run.get("state") or "")
    if state == "FAILED":
        history = [str(each.get("state")) for each in run.get("state_history") or () if isinstance(each, dict)]
        while history and history[-1] == "FAILED":
            history.pop()
        return "terminated" if history[-1:] == [_ENDED_BY_HAND] else "failed"
    return _PHASES.get(state, "queued")


def told(api: Api, run: Mapping[str, Any]) -> EngineRun:
    """A run with its tasks. Raises NotThereError for one of a pipeline that flowc has not made."""
    reference = run.get("pipeline_version_reference") or {}
    pipeline, version = (str(reference.get(key) or "") for key in ("pipeline_id", "pipeline_version_id"))
    spec = api.spec(pipeline, version) if pipeline and version else run.get("pipeline_spec")
    if spec is None:
        gone = "its deployment is gone, and with it the names of its tasks: the store says what each has left"
        return replaced(listed(api, run, ""), cure=gone)
    names = names_in(spec)
    if not names:
        raise NotThereError(f"the run {run['run_id']} is one of a pipeline that flowc has not compiled")
    deployment = api.pipeline_name(pipeline) if pipeline else ""
    return replaced(listed(api, run, deployment), tasks=tuple(tasks_of(api.workflow(str(run["run_id"])), names)))


def of_deployment(api: Api, pipeline: Mapping[str, Any], limit: int) -> Sequence[EngineRun]:
    """The newest runs of a pipeline."""
    runs: list[EngineRun] = []
    for run in api.runs():
        if (run.get("pipeline_version_reference") or {}).get("pipeline_id") == pipeline["pipeline_id"]:
            runs.append(listed(api, run, name_of(pipeline)))
            if len(runs) == limit:
                break
    return runs


def start(api: Api, there: Held, given: Start) -> EngineRun:
    """Start a run; where the answer was lost, the one that was started. Raises RefusedError."""
    name = name_of(there.pipeline)
    if there.version is None:
        raise RefusedError(f"{name} has no version that flowc has deployed: deploy it again")
    own = f"{name}-{given.unique}"
    body: dict[str, Any] = {
        "display_name": own,
        "experiment_id": api.experiment(),
        "pipeline_version_reference": {
            "pipeline_id": there.id,
            "pipeline_version_id": str(there.version["pipeline_version_id"]),
        },
        "runtime_config": {"parameters": _parameters(name, there, given)},
    }
    if given.tags:
        body["description"] = description("Started by flowc.", {TAGS: list(given.tags)})
    if api.place.account:
        body["service_account"] = api.place.account
    try:
        return listed(api, api.create_run(body), name)
    except LostError:
        started = next((run for run in api.runs(own) if run.get("display_name") == own), None)
        if started is None:
            raise
        return listed(api, started, name)


def _parameters(name: str, there: Held, given: Start) -> dict[str, str]:
    """The pipeline's one input (docs/decisions/0065-one-input.md)."""
    if not given.parameters:
        if has_required((there.version or {}).get("pipeline_spec")):
            raise RefusedError(f"{name} has a parameter that must be given: --NAME VALUE")
        return {}
    text = inert_json({key: _spelled(value) for key, value in given.parameters.items()})
    if len(text) > LARGEST:
        raise RefusedError(
            f"the parameters have {len(text)} bytes as the server carries them, and it keeps {LARGEST}: "
            "put the large ones into an object of the store and give its URL as `flowc-parameters`"
        )
    return {"parameters": text}


def _spelled(value: object) -> str:
    """A value as one gives it on a command line."""
    return value if isinstance(value, str) else json.dumps(value)


def terminate(api: Api, run: str) -> None:
    """End a run; nothing where it is over."""
    there = found(api, run)
    if phase_of(there) in OVER or there.get("state") == _ENDED_BY_HAND:
        return
    try:
        api.terminate(own_id(run))
    except RefusedError:
        if phase_of(found(api, run)) not in OVER:
            raise


def retry(api: Api, run: str, step: str | None) -> EngineRun:
    """Let the server do again what has failed, in the same run. Raises RefusedError where it cannot."""
    there = found(api, run)
    phase = phase_of(there)
    if phase not in OVER:
        raise RefusedError(f"{run} is not over: wait for its end with `flowc wait`, or end it with `flowc terminate`")
    if step is not None:
        raise RefusedError(
            f"Kubeflow Pipelines does again what has failed, and cannot begin at a step: leave --from {step} out, or start a new run"
        )
    if phase == "succeeded":
        raise RefusedError(
            f"{run} has succeeded, and Kubeflow Pipelines does again only what has failed: start a new run"
        )
    api.retry(own_id(run))
    return told(api, found(api, run))


def log(api: Api, run: str, task: EngineTask, position: str) -> LogPart:
    """What the container of a task has printed behind a position, which is a number of lines. Raises NotThereError where nobody kept it."""
    is_over = task.phase in OVER
    data = api.log(own_id(run), task.node) if task.phase != "queued" or is_over else None
    if data is None:
        if is_over:
            raise NotThereError(
                f"{api.where} has no log of {task.title} {task.members} any more: its pod is gone, and it keeps no archive"
            )
        return LogPart((), position, is_whole=False)
    lines = list(_lines(data, is_whole=is_over))
    begin = int(position) if position.isdecimal() else 0
    return LogPart(tuple(map(LogLine, lines[begin:])), str(max(begin, len(lines))), is_over)


def _lines(data: bytes, *, is_whole: bool) -> Iterator[str]:
    """The lines of a log, the last one only where it has its end or there is no more to come."""
    *lines, last = data.decode("utf-8", "replace").split("\n")
    yield from lines
    if last and is_whole:
        yield last
