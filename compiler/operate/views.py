"""One status for every run: what its engine says and what its tasks have left, joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowc.store.protocol import StoreError

from compiler.backends.operating import OVER, EngineError, EngineRun, NotThereError, Phase
from compiler.call.history import (
    HistoryError,
    NoRunError,
    RunState,
    RunStatus,
    opened,
    read_state,
)
from compiler.operate.places import LOCAL, Place
from compiler.operate.tasks.joining import joined
from compiler.operate.tasks.views import TaskView, task_view
from compiler.slotted_class import fresh, record, replaced

RUN_PHASES: Mapping[RunStatus, Phase] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "running": "running",
    "stopped": "terminated",
    "unfinished": "unknown",
    "damaged": "unknown",
}
"""What the status that a store alone tells is among all statuses."""


@record
class RunView:
    """A run with its tasks in the order in which they follow. `unread` counts tasks of a step that went well and are not among them.

    `notes` say what could not be asked; `is_partial`: the engine could not, so that the status is the store's alone.
    """

    run: str
    flow: str | None
    target: str
    status: Phase
    deployment: str = ""
    created: float | None = None
    started: float | None = None
    finished: float | None = None
    reason: str = ""
    message: str = ""
    cure: str = ""
    url: str = ""
    tags: tuple[str, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    unread: Mapping[str, int] = fresh(default_factory=dict)
    notes: tuple[str, ...] = ()
    is_partial: bool = False
    user: str = ""
    """Who started it, as its first step saw it."""
    damage: str = ""
    """What of it cannot be read."""

    @property
    def path(self) -> str:
        """How a person names it."""
        return f"{self.flow}/{self.run}" if self.flow else self.run

    @property
    def is_over(self) -> bool:
        """Whether it has ended, as far as its engine tells."""
        return self.status in OVER

    @property
    def failed(self) -> tuple[TaskView, ...]:
        """The tasks that ended it, or keep it from going on."""
        return tuple(task for task in self.tasks if task.status == "failed" or (task.reason and task.status in _STUCK))


_STUCK: frozenset[Phase] = frozenset({"queued", "running", "unknown"})


def look(place: Place, *, whole: bool = False) -> RunView:
    """The run as it is now; with `whole` every task of a wide foreach. Raises NotThereError where neither engine nor store has it.

    Raises EngineError where the engine cannot be asked and the store has nothing of it.
    """
    notes: list[str] = []
    state = _stored(place, notes, whole=whole)
    if place.engine is None:
        if state is None:
            raise NotThereError(f"no run {place.path} in {place.store}: `flowc runs {place.flow}` lists them")
        return _of_store(place, state, notes)
    try:
        run = place.engine.run(place.run)
    except NotThereError:
        if state is None:
            raise
        notes.append(f"{place.engine.where} has no such run any more: this is what its tasks left")
        return _of_store(place, state, notes)
    except EngineError as error:
        if state is None:
            raise
        notes.append(f"{error}: this is what its tasks have left so far")
        return replaced(_of_store(place, state, notes), is_partial=True)
    return _joined(place, run, state, notes)


def _stored(place: Place, notes: list[str], *, whole: bool) -> RunState | None:
    """What the store has of it; a note where that cannot be asked."""
    if place.store is None or place.flow is None:
        if place.engine is not None:
            notes.append(
                "what its tasks left is not shown: neither settings nor deployment name the store, --store does"
            )
        return None
    try:
        return read_state(opened(place.store), place.flow, place.run, whole=whole)
    except NoRunError:
        return None
    except (HistoryError, StoreError, OSError) as error:
        if place.engine is None:
            raise
        notes.append(f"what its tasks left cannot be read: {error}")
        return None


def _of_store(place: Place, state: RunState, notes: Iterable[str]) -> RunView:
    kept = state.record
    return RunView(
        place.run,
        kept.flow,
        place.target,
        RUN_PHASES[state.status],
        created=kept.created,
        started=kept.created,
        finished=state.finished,
        tags=tuple(kept.tags),
        tasks=tuple(_begun([task_view(None, task) for task in state.tasks], RUN_PHASES[state.status])),
        unread=state.unread,
        notes=tuple(notes),
        user=kept.user,
        damage=state.damage,
    )


def _joined(place: Place, run: EngineRun, state: RunState | None, notes: Iterable[str]) -> RunView:
    tasks = joined(run.tasks, state)
    if run.phase in OVER:
        tasks = [_ended(task, run.phase) for task in _begun(tasks, run.phase)]
    return RunView(
        place.run,
        place.flow,
        place.target,
        run.phase,
        run.deployment,
        run.created or (state.record.created if state else None),
        run.started,
        run.finished,
        run.reason,
        run.message,
        run.cure,
        run.url,
        tuple(dict.fromkeys((*run.tags, *(state.record.tags if state else ())))),
        tuple(tasks),
        dict(state.unread) if state else {},
        tuple(notes),
        user=state.record.user if state else "",
    )


def _begun(tasks: list[TaskView], end: Phase) -> list[TaskView]:
    """The tasks without those that a run which is over never came to."""
    return [task for task in tasks if end not in OVER or task.status != "queued" or task.attempts or task.reason]


def _ended(task: TaskView, end: Phase) -> TaskView:
    """A task of a run that is over: what has begun and nobody saw end was ended with it."""
    if task.status in ("running", "unknown"):
        return replaced(task, status="failed" if end == "failed" and task.engine is None else "terminated")
    return task


def is_local(place: Place) -> bool:
    """Whether it is a run of `flowc run`."""
    return place.target == LOCAL
