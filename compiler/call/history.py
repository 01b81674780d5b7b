"""Runs of the past, read from the store: which tasks they had, how each ended, what it left."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Literal

from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.artifacts.manifest import Attempt, Failure, Manifest, RunRecord, attempts, read_run, runs
from flowc.artifacts.mixing import other_code
from flowc.exceptions import Terminated
from flowc.store import open_store
from flowc.store.protocol import DamagedError, MissingError, Store, StoreError

from compiler.call.overview import Overview, Snapshot
from compiler.mistakes import CallError, NotThereError
from compiler.run.process_state import Life, life
from compiler.slotted_class import fresh, record, replaced
from compiler.workspace.settings import did_you_mean

TaskStatus = Literal["done", "caught", "failed", "running", "stopped", "killed", "unfinished", "waiting"]
"""`killed`: the process ended without a word; `stopped`: a signal asked it to end, and nothing has started it again."""
RunStatus = Literal["succeeded", "failed", "running", "stopped", "unfinished", "damaged"]
"""`damaged`: something of it cannot be read, so nobody knows. `stopped` is also what an engine ended from outside, as far as a task or an
exit hook could write it down; `unfinished` what still runs or was killed, where nothing in the store or on this machine can tell them
apart."""


_SHOWN = 20


class HistoryError(CallError):
    """What a store holds of a run cannot be told, or there is no store."""


class NoRunError(HistoryError, NotThereError):
    """There is no such run, step or task."""


_OPEN: Mapping[Life | None, TaskStatus] = {
    None: "unfinished",
    "running": "running",
    "stopped": "killed",
    "failed": "killed",
}
"""What a task is that has begun and not ended, by what is known of its run."""


@record
class TaskState:
    """A task that the run's decisions lead to. `manifest` is None where no attempt has finished well."""

    address: TaskAddress
    manifest: Manifest | None
    attempts: tuple[Attempt, ...]
    life: Life | None = None

    def is_meant(self, text: str) -> bool:
        """Whether that is its id, its index path, or either of one of its iterations."""
        return self.address == self.address.of.named(self.address.step, text)._replace(iteration=None)

    @property
    def status(self) -> TaskStatus:
        """`failed` where the newest attempt has failed by itself and none since has left a manifest."""
        newest = self._newest_failure
        if newest:
            return "stopped" if _was_ended(newest) else "failed"
        if self.manifest:
            return "caught" if self.manifest.caught else "done"
        return _OPEN[self.life] if self.attempts else "waiting"

    @property
    def is_plain(self) -> bool:
        """Whether it has gone well at once, so that nothing more is to be said of it among many."""
        return self.status == "done" and len(self.attempts) <= 1

    @property
    def _newest_failure(self) -> Failure | None:
        """That of the newest attempt, unless what counts is a manifest of the same or a later one."""
        newest = self.attempts[-1] if self.attempts else None
        if newest is None or (self.manifest and self.manifest.attempt >= newest.number):
            return None
        return newest.failure

    @property
    def failure(self) -> Failure | None:
        """Why it is `failed`, `caught`, or was ended from outside."""
        return self._newest_failure or (self.manifest.caught if self.manifest else None)

    @property
    def is_taken_over(self) -> bool:
        """Whether it was done by the run that this one was resumed from."""
        return bool(self.manifest and self.manifest.origin)

    def log(self, attempt: Attempt) -> str:
        """What one of its attempts printed; empty where that was killed before it could be kept."""
        if self.manifest and self.manifest.attempt == attempt.number:
            return self.manifest.stdout + self.manifest.stderr
        return attempt.stdout + attempt.stderr

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
    """A run and its tasks: a step follows those that lead to it, and a split's arms stand one after the other."""

    record: RunRecord
    tasks: tuple[TaskState, ...]
    life: Life | None = None
    is_over: bool = False
    """Whether an exit hook has told that the engine ended it, and not well."""
    unread: Mapping[str, int] = fresh(default_factory=dict)
    """How many tasks of a step are done and not among `tasks`, where there are many."""
    damage: str = ""
    """What of it cannot be read, and that it cannot; then `tasks` are none."""

    @property
    def status(self) -> RunStatus:
        """`damaged` where that is known, else what its process tells; else `failed` or `stopped` where one of its tasks is, `succeeded`
        once all are done, the last among them.

        A task that the engine will try again counts as what it is until then.
        """
        if self.damage:
            return "damaged"
        if self.life:
            return self.life
        found = {task.status for task in self.tasks}
        if found <= {"done", "caught"} and self.finished is not None:
            return "succeeded"
        if "failed" in found or "killed" in found:
            return "failed"
        return "stopped" if "stopped" in found or self.is_over else "unfinished"

    @property
    def finished(self) -> float | None:
        """When the last step ended; None where it has not."""
        return next((task.finished for task in self.tasks if task.manifest and task.manifest.is_end), None)

    def replaced(self) -> dict[TaskAddress, tuple[TaskAddress, ...]]:
        """For each task those that have left something else since it has loaded it: where there are any, it has to run again."""
        left = {(task.address.step, task.address.name): task.manifest for task in self.tasks}
        return {
            task.address: tuple(task.manifest.replaced(lambda step, name: left.get((step, name))))
            for task in self.tasks
            if task.manifest
        }

    def other_code(self) -> dict[TaskAddress, tuple[str, ...]]:
        """The tasks that ran other code than those before them, with the files that had changed."""
        return other_code(task.manifest for task in self.tasks if task.manifest)

    def chosen(self, step: str | None, index: str | None) -> tuple[TaskState, ...]:
        """Its tasks, or those of one step, or one task. Raises HistoryError where there is none."""
        of_step = [task for task in self.tasks if step in (None, task.address.step)]
        found = tuple(task for task in of_step if index is None or task.is_meant(index))
        if found:
            return found
        where = f"{self.record.flow}/{self.record.run}"
        if of_step:
            raise NoRunError(f"{where}/{step} has no index {index}; {_indices(of_step)}")
        assert step is not None, "a run has its first step at least"
        raise NoRunError(
            f"{where} has no step `{step}`{did_you_mean(step, {task.address.step for task in self.tasks})}"
        )


def _was_ended(failure: Failure) -> bool:
    """Whether a signal ended the attempt: Ctrl-C in `flowc run`, or an engine that stops a container."""
    return failure.stacktrace.rstrip().rpartition("\n")[2].startswith(f"{Terminated.__module__}.{Terminated.__name__}:")


def _indices(tasks: list[TaskState]) -> str:
    names = [task.address.index for task in tasks]
    shown = names if len(names) <= _SHOWN else [*names[: _SHOWN - 1], "…", names[-1]]
    return f"there {'is' if len(names) == 1 else 'are'}: {', '.join(shown)}"


def opened(url: str) -> Store:
    """The store of a URL. Raises HistoryError."""
    try:
        return open_store(url)
    except StoreError as error:
        raise HistoryError(str(error)) from error


@contextmanager
def _legible(store: Store, flow: str) -> Iterator[None]:
    """Raises HistoryError where what a store holds of a flow is none of flowc's, or is cut off."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise HistoryError(f"what {store.url} holds of {flow} is damaged: {type(error).__name__}: {error}") from error


def list_runs(store: Store, flow: str, limit: int | None) -> Iterator[RunState]:
    """A flow's runs, the newest first, at most so many, as `read_state` gives them without `whole`. Raises HistoryError."""
    with _legible(store, flow):
        states = (_state_of(store, record) for record in runs(store, flow))
        yield from islice((state for state in states if state is not None), limit)


def _state_of(store: Store, record: RunRecord) -> RunState | None:
    """A run as `list_runs` gives it, a damaged one among them; None where it was deleted meanwhile."""
    try:
        return _read(store, record, whole=False)
    except MissingError:
        return None
    except DamagedError as error:
        return RunState(record, (), damage=str(error))


def _read(store: Store, record: RunRecord, *, whole: bool) -> RunState:
    """A run with its tasks, each step behind those that lead to it. Raises MissingError where it is deleted meanwhile."""
    living = life(store.url, record.address)
    overview = Overview(Snapshot(store, record), record)
    overview.read(whole=whole)
    read_run(store, record.address)  # else what was not there may only have been deleted
    tasks = [
        TaskState(task, manifest, _attempts(overview.snapshot, record, task, manifest), living)
        for task, manifest in overview.found
    ]
    order = _step_order(record.first, tasks)
    ordered = sorted(tasks, key=lambda task: (order[task.address.step], task.address.place))
    return _settled(store, RunState(record, tuple(ordered), living, unread=dict(overview.unread)))


def _attempts(
    snapshot: Snapshot, record: RunRecord, task: TaskAddress, manifest: Manifest | None
) -> tuple[Attempt, ...]:
    """The starts of a task; what a manifest says of the only one is not read again."""
    if manifest is None or not snapshot.is_plain(task, resumed=bool(record.origin)):
        return attempts(snapshot.as_store, task)
    if not snapshot.starts(task):
        return ()
    return (Attempt(manifest.attempt, manifest.token, manifest.retry, manifest.started, None, None, "", ""),)


def read_state(store: Store, flow: str, run: str, *, whole: bool = True) -> RunState:
    """A run with its tasks and their attempts; without `whole` those of a wide foreach that have gone well are only counted.

    Raises HistoryError where there is none, or it is damaged.
    """
    with _legible(store, f"{flow}/{run}"):
        return _state(store, flow, run, whole=whole)


def _state(store: Store, flow: str, run: str, *, whole: bool) -> RunState:
    address = RunAddress(flow, run)
    record = _record(store, address)
    try:
        return _read(store, record, whole=whole)
    except MissingError:
        raise NoRunError(f"{flow}/{run} was deleted while it was read") from None


def _settled(store: Store, state: RunState) -> RunState:
    """The run with what its exit hooks tell, where its tasks leave it open: all that has begun and not ended was killed."""
    if state.status != "unfinished" or not _is_over(store, state):
        return state
    tasks = tuple(replaced(task, life="failed") for task in state.tasks)
    return replaced(state, tasks=tasks, is_over=True)


def _is_over(store: Store, state: RunState) -> bool:
    """Whether a hook for runs that failed has begun after every task: one that ran before belongs to an end that was taken back."""
    began = max((task.started for task in state.tasks if task.started is not None), default=0.0)
    told = (store.get(key).data for key in store.list(f"{state.record.address.folder}/_hooks/error~"))
    return any(json.loads(each)["begun"] > began for each in told)


def _step_order(first: str, tasks: list[TaskState]) -> dict[str, int]:
    """The place of each step: behind all that lead to it, the first arm of a split with all its steps before the second."""
    following: dict[str, dict[str, None]] = {}
    for task in tasks:
        followers = following.setdefault(task.address.step, {})
        followers.update(dict.fromkeys(task.manifest.next if task.manifest else ()))
    left: list[str] = []
    open_steps, seen = [(first, iter([*following.get(first, ())][::-1]))], {first}
    while open_steps:
        step, rest = open_steps[-1]
        follower = next((each for each in rest if each not in seen), None)
        if follower is None:
            left.append(step)
            open_steps.pop()
        else:
            seen.add(follower)
            open_steps.append((follower, iter([*following.get(follower, ())][::-1])))
    return {step: place for place, step in enumerate(reversed(left))}


def _record(store: Store, address: RunAddress) -> RunRecord:
    try:
        return read_run(store, address)
    except MissingError as error:
        raise NoRunError(
            f"no run {address.flow}/{address.run} in {store.url}: `flowc runs {address.flow}` lists them, --store names another store"
        ) from error
