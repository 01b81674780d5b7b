"""What a run left in its store, and how it differs from what must be there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Manifest, attempts, read
from flowc.store import open_store
from flowc.store.protocol import Store

from tests.conformance.acts import Unforeseen
from tests.conformance.canonical import canonical
from tests.conformance.generator import GeneratedFlow
from tests.conformance.standins import stood_in
from tests.engines import Outcome
from tests.stages.tasks_of_run import walk

Place = tuple[str, str]
"""A task: its step and its index path."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What a task left: `artifacts` as texts, None where no attempt was a success."""

    attempts: int
    artifacts: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Result:
    """A run: whether the engine and the store call it a success, every task that was started, and what belongs to all tasks."""

    success: bool
    tasks: Mapping[Place, TaskResult]
    shared: frozenset[str]
    walked: frozenset[Place]
    hooks: Mapping[str, bool] = field(default_factory=dict)
    """Which exit hooks were called, each with whether it failed."""


def read_result(outcome: Outcome, folder: Path) -> Result:
    """Read everything that a run left; `folder` holds the flow's modules."""
    store, run = open_store(outcome.store), RunAddress(outcome.flow, outcome.run_id)
    with stood_in(folder):
        found = {place: _task(store, run, place) for place in sorted(_started(store, run))}
    manifests = {place: manifest for place, (_, manifest, _) in found.items() if manifest}
    first = next(iter(manifests.values()), None)
    return Result(
        outcome.success,
        {place: TaskResult(count, artifacts) for place, (count, _, artifacts) in found.items()},
        frozenset((*first.parameters, *first.constants)) if first else frozenset(),
        frozenset((task.step, task.index) for task, manifest in walk(store, run) if manifest) if found else frozenset(),
        _hooks(store, run),
    )


def _hooks(store: Store, run: RunAddress) -> dict[str, bool]:
    folder = f"{run.folder}/_hooks/"
    told = {key.removeprefix(folder): json.loads(store.get(key).data) for key in store.list(folder)}
    return {name: what["failed"] is not None for name, what in told.items()}


def _started(store: Store, run: RunAddress) -> set[Place]:
    """Every task that any attempt was made of, by a listing: what should not be there is seen too."""
    places: set[Place] = set()
    for key in store.list(f"{run.folder}/"):
        parts = key.removeprefix(f"{run.folder}/").split("/")
        if len(parts) == len(("step", "index", "object")) and not parts[0].startswith("_"):
            places.add((unquote(parts[0]), parts[1]))
    return places


def _task(store: Store, run: RunAddress, place: Place) -> tuple[int, Manifest | None, Mapping[str, str] | None]:
    address = run.task(*place)
    count = len(attempts(store, address))
    if store.size(address.manifest) is None:
        return count, None, None
    manifest = read(store, address)
    return count, manifest, {name: canonical(manifest[name]) for name in manifest.names}


def against_local(local: Result, other: Result) -> Iterator[str]:
    """How an engine's run differs from the local one; nothing where they are the same."""
    if local.success != other.success:
        yield f"success: local {local.success}, here {other.success}"
    if local.hooks != other.hooks:
        yield f"exit hooks: local {dict(local.hooks)}, here {dict(other.hooks)}"
    if local.walked != other.walked and local.success:
        yield f"tasks that the decisions lead to differ: {_sets(local.walked, other.walked)}"
    if not local.success:
        yield from _against_failed(local, other)
        return
    yield from _places(set(local.tasks), set(other.tasks))
    for place in sorted(set(local.tasks) & set(other.tasks)):
        yield from _task_differences(place, local.tasks[place], other.tasks[place])


def _against_failed(local: Result, other: Result) -> Iterator[str]:
    """Of a failed run: the tasks that failed, how often, and what is done in both. Siblings may have been stopped earlier."""
    failed = {place for place, task in local.tasks.items() if task.artifacts is None}
    also = {place for place, task in other.tasks.items() if task.artifacts is None}
    if failed != also:
        yield f"failed tasks: {_sets(failed, also)}"
    if beyond := {step for step, _ in other.tasks} - {step for step, _ in local.tasks}:
        yield f"steps that must not run after the failure: {sorted(beyond)}"
    for place in sorted(set(local.tasks) & set(other.tasks)):
        yield from _task_differences(place, local.tasks[place], other.tasks[place])


def _task_differences(place: Place, want: TaskResult, got: TaskResult) -> Iterator[str]:
    name = "/".join(place)
    if want.attempts != got.attempts:
        yield f"{name}: attempts: local {want.attempts}, here {got.attempts}"
    if want.artifacts is None or got.artifacts is None:
        if want.artifacts is not got.artifacts:
            yield f"{name}: done: local {want.artifacts is not None}, here {got.artifacts is not None}"
        return
    yield from _artifacts(name, want.artifacts, got.artifacts, "local")


def against_oracle(flow: GeneratedFlow, local: Result) -> Iterator[str]:
    """How the local run of a generated flow differs from what its generator foresaw."""
    if local.success == flow.fails:
        yield f"success: foreseen {not flow.fails}, local {local.success}"
    led_to = {place for place, foreseen in flow.tasks.items() if "~" not in place[1] and foreseen.artifacts is not None}
    if local.walked != led_to:
        yield f"tasks that the decisions lead to differ: {_sets(led_to, local.walked)}"
    yield from _places(set(flow.tasks), set(local.tasks))
    parameters = {name: canonical(value) for name, value in flow.visible_parameters.items()}
    for place in sorted(set(flow.tasks) & set(local.tasks)):
        foreseen, task = flow.tasks[place], local.tasks[place]
        name = "/".join(place)
        if foreseen.attempts != task.attempts:
            yield f"{name}: attempts: foreseen {foreseen.attempts}, local {task.attempts}"
        if foreseen.artifacts is None or task.artifacts is None:
            if foreseen.artifacts is not task.artifacts:
                yield f"{name}: done: foreseen {foreseen.artifacts is not None}, local {task.artifacts is not None}"
            continue
        got = dict(task.artifacts)
        want = parameters | {key: canonical(value) for key, value in foreseen.artifacts.items()}
        for key, value in foreseen.artifacts.items():
            if isinstance(value, Unforeseen) and key in got:
                want[key] = got[key]
        yield from _artifacts(name, want, got, "foreseen")


def _places(want: set[Place], got: set[Place]) -> Iterator[str]:
    if want != got:
        yield f"tasks: {_sets(want, got)}"


def _sets(want: frozenset[Place] | set[Place], got: frozenset[Place] | set[Place]) -> str:
    missing, more = sorted(want - got), sorted(got - want)
    return f"missing {missing}, too many {more}"


def _artifacts(name: str, want: Mapping[str, str], got: Mapping[str, str], who: str) -> Iterator[str]:
    for key in sorted(set(want) | set(got)):
        if want.get(key) != got.get(key):
            yield f"{name}: artifact {key}:{os.linesep}    {who}: {want.get(key)}{os.linesep}    here: {got.get(key)}"
