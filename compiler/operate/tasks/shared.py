"""The tasks of one container that does several: its engine has one word for all of them, and each has left what it has left.

What has left a manifest is done. The one under way takes the engine's word, its reason too; where none is, the next one does, so that
what a container waits for, or why it never began, stands at its first task. Those behind it wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.backends.operating import OVER, EngineTask, Phase
from compiler.call.history import TaskState
from compiler.operate.tasks.views import TaskView, task_view
from compiler.slotted_class import record, replaced


@record
class _Row:
    """A task of the container; `leads`: it is the first of its member that is not done."""

    step: str
    index: str
    state: TaskState | None
    leads: bool

    @property
    def has_failed(self) -> bool:
        """Whether its newest attempt has failed by itself."""
        return self.state is not None and self.state.status == "failed"

    @property
    def is_under_way(self) -> bool:
        """Whether it has begun and not said how it ended."""
        return self.leads and self.state is not None and bool(self.state.attempts) and not self.has_failed


def tasks_of(container: EngineTask, states: Sequence[TaskState]) -> Iterator[TaskView]:
    """Each task of a container, member by member; `states` are those that the store tells of.

    Where it tells of none, nobody knows how many members a portion has: the portion's range is their index then.
    """
    rows = list(_rows(container, states))
    spoken = {(row.step, row.index) for row in _spoken(container, rows)}
    for row in rows:
        if (row.step, row.index) in spoken:
            yield _by_engine(container, row, is_first=row is rows[0])
        elif row.state is not None:
            yield replaced(task_view(None, row.state), engine=container)
        else:
            phase: Phase = "succeeded" if container.phase == "succeeded" else "queued"
            yield TaskView(row.step, row.index, phase, engine=container)


def _by_engine(container: EngineTask, row: _Row, *, is_first: bool) -> TaskView:
    """A task with its container's word: one that failed in a portion has failed, whatever other members do."""
    view = task_view(replaced(container, step=row.step, index=row.index), row.state)
    began = view.started if is_first or row.state is None else row.state.started
    failed = container.shares is not None and container.shares.size and row.has_failed
    return replaced(view, status="failed" if failed else view.status, started=began, engine=container)


def _rows(container: EngineTask, states: Sequence[TaskState]) -> Iterator[_Row]:
    members: dict[str, dict[str, TaskState]] = {}
    for state in sorted(states, key=lambda each: each.address.place):
        members.setdefault(state.address.index, {})[state.address.step] = state
    for index, found in (members or {container.members: {}}).items():
        leads = True
        for step in container.steps:
            is_done = _is_done(found.get(step))
            yield _Row(step, index, found.get(step), leads and not is_done)
            leads = leads and is_done


def _is_done(state: TaskState | None) -> bool:
    return state is not None and state.status in ("done", "caught")


def _spoken(container: EngineTask, rows: Sequence[_Row]) -> list[_Row]:
    """The tasks of which the engine's word holds."""
    if container.phase == "succeeded":
        return [row for row in rows if row.state is not None and not _is_done(row.state)]
    active = [row for row in rows if row.is_under_way]
    failed = [row for row in rows if row.leads and row.has_failed]
    if active or (failed and container.phase in OVER):
        return active or failed
    next_one = [row for row in rows if row.leads and not row.has_failed][:1]
    is_one_row = container.shares is not None and not container.shares.size
    return failed if is_one_row and failed else next_one
