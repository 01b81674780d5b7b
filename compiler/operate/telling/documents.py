"""What commands print with `--json`: one shape a subject, each with a version. docs/json.md shows them."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.backends.operating import Deployment, Diagnosis, Record
from compiler.operate.against import Compared
from compiler.operate.deploying import Step
from compiler.operate.tasks.views import TaskView
from compiler.operate.views import RunView
from compiler.terminal.times import moment

VERSION = 1


def run_document(view: RunView) -> dict[str, object]:
    """A run and its tasks; times are ISO 8601 in UTC."""
    return {"version": VERSION, **run_facts(view), "tasks": [task_facts(task) for task in view.tasks],
            "done_and_not_listed": dict(view.unread), "notes": list(view.notes)}  # fmt: skip


def run_facts(view: RunView) -> dict[str, object]:
    """A run without its tasks."""
    return {
        "run_id": view.run,
        "flow": view.flow,
        "target": view.target,
        "deployment": view.deployment or None,
        "status": view.status,
        "created": moment(view.created),
        "started": moment(view.started),
        "finished": moment(view.finished),
        "reason": view.reason or None,
        "message": view.message or None,
        "cure": view.cure or None,
        "url": view.url or None,
        "tags": list(view.tags),
    }


def listed_facts(view: RunView) -> dict[str, object]:
    """A run of a list; `user` is who started it, `damage` what of it cannot be read."""
    more = {"damage": view.damage} if view.damage else {}
    return {**run_facts(view), "user": view.user, **more}


def task_facts(task: TaskView) -> dict[str, object]:
    """A task; `index` is `-` outside of any foreach, `step` null for what the engine does beside steps."""
    return {
        "step": task.step or None,
        "index": task.index,
        "status": task.status,
        "attempts": task.attempts,
        "caught": task.is_caught,
        "reason": task.reason or None,
        "message": task.message or None,
        "cure": task.cure or None,
        "failure": task.failure._asdict() if task.failure else None,
        "started": moment(task.started),
        "finished": moment(task.finished),
    }


def deployment_facts(there: Deployment) -> dict[str, object]:
    """A deployment and the record that is kept with it."""
    return {
        "name": there.name,
        "suspended": there.is_suspended,
        "schedule": there.schedule or None,
        "parameters": list(there.parameters),
        "problem": there.problem or None,
        "url": there.url or None,
        "record": record_facts(there.record) if there.record else None,
    }


def record_facts(kept: Record) -> dict[str, object]:
    """What was deployed, of which commit, by whom."""
    return {
        "flow": kept.flow,
        "digest": kept.digest,
        "revision": kept.revision or None,
        "by": kept.by or None,
        "at": kept.at or None,
        "flowc": kept.version or None,
        "store": kept.store or None,
        "workspace": kept.workspace or None,
    }


def deployments_document(target: str, where: str, found: Iterable[Deployment]) -> dict[str, object]:
    """What is deployed."""
    return {
        "version": VERSION,
        "target": target,
        "where": where,
        "deployments": [deployment_facts(each) for each in found],
    }


def step_facts(step: Step) -> dict[str, object]:
    """What deploying does, or has done, to one deployment: its objects, and what that means for the flow."""
    from compiler.difference.telling.document import to_json  # noqa: PLC0415 - few deployments differ

    release = step.planned.release if step.planned else None
    return {
        "name": step.name,
        "flow": step.planned.compiled.flow if step.planned else None,
        "state": step.state,
        "objects": [
            {"kind": each.kind, "name": each.name, "state": each.state, "by_hand": each.by_hand}
            for each in step.changes
        ],
        "difference": to_json(step.meaning) if step.meaning else None,
        "before": record_facts(step.was.record) if step.was and step.was.record else None,
        "record": record_facts(release.record) if release else None,
    }


def compared_document(found: Iterable[Compared]) -> dict[str, object]:
    """What differs from what is deployed, engine by engine."""
    targets = [
        {"target": each.target, "where": each.where, "deployments": [step_facts(step) for step in each.steps]}
        for each in found
    ]
    return {"version": VERSION, "against": "deployed", "targets": targets}


def diagnosis_facts(found: Diagnosis) -> dict[str, object]:
    """One thing that `doctor` has looked at."""
    return {"subject": found.subject, "well": found.is_well, "told": found.told, "cure": found.cure or None}
