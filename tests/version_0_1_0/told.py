"""What the client says of a store, as JSON: asked by 0.1.0 for `expected.json`, and by every later version."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

from flowc import Flow, Metaflow, get_cards, namespace

from tests.version_0_1_0.texts import shortened, text_of

HIDDEN = ("_hidden",)
"""Artifacts that are found by their names alone."""


def flow_told(flow: Any) -> dict[str, Any]:
    """A flow and all its runs."""
    return {
        "created": flow.created_at.timestamp(),
        "latest": _path(flow.latest_run),
        "latest successful": _path(flow.latest_successful_run),
        "nightly": [run.id for run in flow.runs("nightly")],
        "runs": {run.id: _run(run) for run in flow},
    }


def _run(run: Any) -> dict[str, Any]:
    return {
        "tags": sorted(run.tags),
        "user tags": sorted(run.user_tags),
        "successful": run.successful,
        "finished": run.finished,
        "created": run.created_at.timestamp(),
        "ended": run.finished_at and run.finished_at.timestamp(),
        "origin": run.origin_pathspec,
        "end": _path(run.end_task),
        "trigger": text_of(run.trigger),
        "steps": {step.id: _step(step) for step in run},
    }


def _step(step: Any) -> dict[str, Any]:
    return {
        "parents": [one.id for one in step.parent_steps],
        "children": [one.id for one in step.child_steps],
        "tasks": {task.id: _task(task) for task in step},
    }


def _task(task: Any) -> dict[str, Any]:
    facts = {name: value for name, value in task.metadata_dict.items() if name != "ds-root"}
    return {
        "state": [task.successful, task.finished, task.index, task.index_path, task.iteration],
        "stack": text_of(task.foreach_stack),
        "attempts": [[one.number, one.stdout, one.stderr, text_of(one.failure)] for one in task.attempts],
        "retries": [task.retry_count, task.current_attempt],
        "exception": text_of(task.exception) if task.exception else None,
        "output": [task.stdout, task.stderr],
        "created": task.created_at.timestamp(),
        "ended": task.finished_at and task.finished_at.timestamp(),
        "metadata": facts,
        "parents": list(task.parent_task_pathspecs),
        "children": list(task.child_task_pathspecs),
        "origin": task.origin_pathspec,
        "runtime": task.runtime_name,
        "artifacts": {one.id: _artifact(one) for one in [*task, *(task[name] for name in HIDDEN if name in task)]},
        "cards": [
            [one.type, one.id, one.hash, hashlib.sha256(one.get().encode()).hexdigest()] for one in get_cards(task)
        ],
    }


def _artifact(artifact: Any) -> list[Any]:
    return [artifact.kind, artifact.size, artifact.sha, shortened(text_of(artifact.data), 900)]


def _path(found: Any) -> str | None:
    return found.pathspec if found is not None else None


def main() -> None:
    """Print what the client says of the flows that are named, or of all, in the store of `FLOWC_STORE`."""
    namespace(None)
    flows = [Flow(name) for name in sys.argv[1:]] or Metaflow().flows
    sys.stdout.write(json.dumps({flow.id: flow_told(flow) for flow in flows}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
