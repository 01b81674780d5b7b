"""One task by what its engine says and by what it has left."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.artifacts.manifest import Failure

from compiler.backends.operating import EngineTask, Phase
from compiler.call.history import TaskState, TaskStatus
from compiler.slotted_class import record

TASK_PHASES: Mapping[TaskStatus, Phase] = {
    "done": "succeeded",
    "caught": "succeeded",
    "failed": "failed",
    "killed": "failed",
    "running": "running",
    "stopped": "terminated",
    "unfinished": "unknown",
    "waiting": "queued",
}
"""What the status that a store alone tells is among all statuses."""


@record
class TaskView:
    """A task by step and index (`-` outside of any foreach). `reason`, `message` and `cure` are the engine's word, its sentence, and ours.

    `failure` is what the author's code raised, where the store has it. Times are in seconds since 1970. `engine` is the task of the
    engine that it is, or the container that it shares with others (`engine.shares`).
    """

    step: str
    index: str
    status: Phase
    attempts: int = 0
    is_caught: bool = False
    reason: str = ""
    message: str = ""
    cure: str = ""
    failure: Failure | None = None
    started: float | None = None
    finished: float | None = None
    engine: EngineTask | None = None
    state: TaskState | None = None


def task_view(seen: EngineTask | None, state: TaskState | None) -> TaskView:
    """A task by what is known of it: what has left a manifest is done, whatever the engine has not heard yet."""
    if state is None:
        assert seen is not None
        return TaskView(
            seen.step,
            seen.index,
            seen.phase,
            (seen.attempt or 0) + 1 if seen.started is not None else 0,
            False,
            seen.reason,
            seen.message,
            seen.cure,
            None,
            seen.started,
            seen.finished,
            seen,
        )
    left = TASK_PHASES[state.status]
    status = left if seen is None or left == "succeeded" else _of_both(seen.phase, left)
    is_told = seen is not None and status != "succeeded"
    return TaskView(
        state.address.step,
        state.address.index,
        status,
        len(state.attempts),
        state.status == "caught",
        seen.reason if seen and is_told else "",
        seen.message if seen and is_told else "",
        seen.cure if seen and is_told else "",
        state.failure,
        state.started or (seen.started if seen else None),
        state.finished or (seen.finished if seen else None),
        seen,
        state,
    )


def _of_both(seen: Phase, left: Phase) -> Phase:
    """The engine's word, unless it has none, or takes an end that the task itself has written for one that went well."""
    return left if seen == "unknown" or (seen == "succeeded" and left == "failed") else seen
