"""A listener of a local run that keeps what it is told."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.run.events import Silent, TaskStart


class Recorder(Silent):
    """Keeps what a run tells."""

    def __init__(self, *, asks: bool = False) -> None:
        self.asks, self.quiet_tasks = asks, list[str]()
        self.printed: list[str] = []
        self.failures: list[tuple[str, str, bool]] = []
        self.starts: list[str] = []
        self.pauses: list[tuple[str, float]] = []
        self.ends: list[tuple[str, str, bool]] = []

    def started(self, task: TaskStart) -> None:
        """Keep it."""
        self.starts.append(task.label)

    def lines(self, task: TaskStart, texts: Sequence[str]) -> None:
        """Keep them."""
        self.printed += [f"{task.label}: {text}" for text in texts]

    def pausing(self, task: TaskStart, seconds: float) -> None:
        """Keep it."""
        self.pauses.append((task.label, seconds))

    def failed(self, task: TaskStart, message: str, will_retry: bool) -> None:
        """Keep it."""
        self.failures.append((task.label, message, will_retry))

    def within(self, task: TaskStart, one: TaskStart, message: str, will_retry: bool) -> None:
        """Keep it, with the last line of what it says."""
        self.ends.append((one.label, message.rstrip().rpartition("\n")[2], will_retry))

    def quiet(self, task: TaskStart, pid: int, seconds: float, shows_stacks: bool) -> bool:
        """Keep it, and ask where the task is, where that is wanted."""
        self.quiet_tasks.append(task.label)
        return self.asks
