"""Runs of the past, read from the store: which tasks they had, how each ended, what it left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flowc.address import RunAddress, TaskAddress
from flowc.manifest import Attempt, Manifest, RunRecord, attempts, read_run, runs, walk
from flowc.store import MissingError, Store, StoreError, open_store

from compiler.mistakes import CallError

Status = Literal["done", "caught", "failed", "running", "waiting"]


class HistoryError(CallError):
    """There is no such run, step or task, or no store."""


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task that the run's decisions lead to. `manifest` is None where no attempt has finished well."""

    address: TaskAddress
    manifest: Manifest | None
    attempts: tuple[Attempt, ...]

    @property
    def status(self) -> Status:
        """`running` also stands for a process that was killed: the store cannot tell them apart."""
        if self.manifest:
            return "caught" if self.manifest.caught else "done"
        if not self.attempts:
            return "waiting"
        return "failed" if self.attempts[-1].failure else "running"

    @property
    def started(self) -> float | None:
        """When the attempt that counts began, in seconds since 1970."""
        if self.manifest:
            return float(self.manifest.started)
        return self.attempts[-1].started if self.attempts else None

    @property
    def finished(self) -> float | None:
        """When it ended."""
        if self.manifest:
            return float(self.manifest.finished)
        return self.attempts[-1].finished if self.attempts else None


@dataclass(frozen=True, slots=True)
class RunState:
    """A run and its tasks, in the order in which decisions lead to them."""

    record: RunRecord
    tasks: tuple[TaskState, ...]

    @property
    def status(self) -> Status:
        """`done` once the last step is; `failed` where a task has failed."""
        if any(task.manifest and task.manifest.is_end for task in self.tasks):
            return "done"
        return "failed" if any(task.status == "failed" for task in self.tasks) else "running"

    @property
    def finished(self) -> float | None:
        """When the last step ended; None where it has not."""
        return next((task.finished for task in self.tasks if task.manifest and task.manifest.is_end), None)


def opened(url: str) -> Store:
    """The store of a URL. Raises HistoryError."""
    try:
        return open_store(url)
    except StoreError as error:
        raise HistoryError(str(error)) from error


def list_runs(store: Store, flow: str, limit: int) -> Iterator[tuple[RunRecord, bool]]:
    """A flow's runs, the newest first, and whether each was a success."""
    good = set(runs(store, flow, successful=True))
    for run in runs(store, flow, limit=limit):
        yield _record(store, RunAddress(flow, run)), run in good


def read_state(store: Store, flow: str, run: str, step: str | None = None, index: str | None = None) -> RunState:
    """A run with all its tasks, or those of one step, or one task. Raises HistoryError where there is none."""
    address = RunAddress(flow, run)
    record = _record(store, address)
    found = [(task, manifest) for task, manifest in walk(store, address)]
    chosen = [(task, manifest) for task, manifest in found if step in (None, task.step) and index in (None, task.index)]
    if not chosen:
        where = "/".join(filter(None, [flow, run, step, index]))
        raise HistoryError(f"{where} is not there; the run has {_steps(found)}")
    return RunState(record, tuple(TaskState(task, manifest, attempts(store, task)) for task, manifest in chosen))


def _record(store: Store, address: RunAddress) -> RunRecord:
    try:
        return read_run(store, address)
    except MissingError as error:
        raise HistoryError(
            f"no run {address.flow}/{address.run} in {store.url}: `flowc runs {address.flow}` lists them, --store names another store"
        ) from error


def _steps(found: list[tuple[TaskAddress, Manifest | None]]) -> str:
    return ", ".join(dict.fromkeys(task.step for task, _ in found))
