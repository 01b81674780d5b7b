"""Runs of the past, read from the store: which tasks they had, how each ended, what it left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from flowc.address import RunAddress, TaskAddress
from flowc.manifest import Attempt, Manifest, RunRecord, attempts, read_run, runs, walk
from flowc.store import MissingError, Store, StoreError, open_store

from compiler.mistakes import CallError
from compiler.record import record

Status = Literal["done", "caught", "failed", "running", "waiting"]


class HistoryError(CallError):
    """There is no such run, step or task, or no store."""


@record
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


@record
class RunState:
    """A run and its tasks, in the order in which decisions lead to them."""

    record: RunRecord
    tasks: tuple[TaskState, ...]

    @property
    def status(self) -> Status:
        """`done` once the last step is; `failed` where a task has failed."""
        if self.finished is not None:
            return "done"
        return "failed" if any(task.status == "failed" for task in self.tasks) else "running"

    @property
    def finished(self) -> float | None:
        """When the last step ended; None where it has not."""
        return next((task.finished for task in self.tasks if task.manifest and task.manifest.is_end), None)

    def chosen(self, step: str | None, index: str | None) -> tuple[TaskState, ...]:
        """Its tasks, or those of one step, or one task. Raises HistoryError where there is none."""
        found = tuple(
            task for task in self.tasks if step in (None, task.address.step) and index in (None, task.address.index)
        )
        if not found:
            where = "/".join(filter(None, [self.record.flow, self.record.run, step, index]))
            steps = ", ".join(dict.fromkeys(task.address.step for task in self.tasks))
            raise HistoryError(f"{where} is not there; the run has {steps}")
        return found


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


def read_state(store: Store, flow: str, run: str) -> RunState:
    """A run with all its tasks. Raises HistoryError where there is none."""
    address = RunAddress(flow, run)
    record = _record(store, address)
    return RunState(
        record, tuple(TaskState(task, manifest, attempts(store, task)) for task, manifest in walk(store, address))
    )


def _record(store: Store, address: RunAddress) -> RunRecord:
    try:
        return read_run(store, address)
    except MissingError as error:
        raise HistoryError(
            f"no run {address.flow}/{address.run} in {store.url}: `flowc runs {address.flow}` lists them, --store names another store"
        ) from error
