"""Deploying: what would change, said before anything does; then only that is changed. What nobody makes any more goes if it was asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from compiler.backends.operating import Change, Deployment, Engine, NotThereError, Record
from compiler.difference.asked import Asked, differences
from compiler.difference.comparing import Difference
from compiler.mistakes import CallError
from compiler.operate.releases import Planned
from compiler.slotted_class import record
from compiler.workspace.revisions.git import repository


@record
class Step:
    """What deploying does to one deployment: `new`, `changed`, `unchanged`, or `removed` where no flow makes it any more.

    `was` is what was deployed before, None where nothing was. `meaning` is what differs of the flow itself since the revision of `was`;
    None where that cannot be told, then the `changes` of its objects say it.
    """

    name: str
    state: str
    changes: tuple[Change, ...] = ()
    was: Deployment | None = None
    planned: Planned | None = None
    meaning: Difference | None = None


def steps(
    engine: Engine, found: Sequence[Planned], target: str, *, prune: str | None, env: str | None = None
) -> tuple[Step, ...]:
    """What deploying by the settings of an environment would do; changes nothing.

    `prune` is the workspace whose other deployments would go, None: no other.

    Raises CallError for an object of somebody else's, EngineError.
    """
    todo = [_step(engine, each, target, env) for each in found]
    names = {each.name for each in todo}
    for there in engine.deployments() if prune else ():
        if there.name not in names and there.record and there.record.workspace == prune:
            todo.append(Step(there.name, "removed", was=there))
    return tuple(todo)


def _step(engine: Engine, each: Planned, target: str, env: str | None) -> Step:
    name = each.release.name
    try:
        was = engine.deployment(name)
    except NotThereError:
        was = None
    changes = engine.changes(each.release)
    foreign = [change for change in changes if change.state == "foreign"]
    if foreign:
        raise CallError(
            f"{foreign[0].kind} {foreign[0].name} is there and is not flowc's: "
            f"give the flow {each.compiled.flow} another name (--name), or remove that"
        )
    differs = any(change.state != "unchanged" for change in changes)
    state = "new" if was is None else "changed" if differs else "unchanged"
    meaning = _meaning(each, was.record, target, env) if was and was.record and differs else None
    return Step(name, state, changes, was, each, meaning)


def _meaning(each: Planned, was: Record, target: str, env: str | None) -> Difference | None:
    """What differs of the flow since the commit that was deployed, where that is known here and was deployed as it is."""
    if not was.revision or was.revision.endswith("+"):
        return None
    try:
        top = repository(each.compiled.path.parent).top
        before, _, flow = was.flow.rpartition(":")
        if (top / before).resolve() != each.compiled.path.resolve() or flow != each.compiled.flow:
            return None
        named = f"{os.path.relpath(each.compiled.path)}:{each.compiled.flow}"
        asked = Asked((named,), was.revision, (target,), imports=False, now=datetime.now(UTC), env=env)
        found, report = differences(asked)
    except CallError:
        return None
    return None if report.failed or found.is_empty else found


def deploy(
    engine: Engine, todo: Sequence[Step], tell: Callable[[str], None]
) -> Iterator[tuple[Step, Deployment | None]]:
    """Do it, one deployment after the other; what each is then, None for what was removed. Raises CallError and EngineError."""
    for step in todo:
        if step.planned is None:
            engine.delete(step.name)
            yield step, None
        elif step.state == "unchanged":
            yield step, step.was
        else:
            yield step, engine.deploy(step.planned.release, tell)
