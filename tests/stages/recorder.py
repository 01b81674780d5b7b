"""A listener of a local run that keeps what it is told."""

from __future__ import annotations

from compiler.run.events import Silent, TaskStart


class Recorder(Silent):
    """Keeps what a run tells."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failures: list[tuple[str, str, bool]] = []
        self.starts: list[str] = []
        self.pauses: list[tuple[str, float]] = []

    def started(self, task: TaskStart) -> None:
        """Keep it."""
        self.starts.append(task.label)

    def line(self, task: TaskStart, text: str) -> None:
        """Keep it."""
        self.lines.append(f"{task.label}: {text}")

    def pausing(self, task: TaskStart, seconds: float) -> None:
        """Keep it."""
        self.pauses.append((task.label, seconds))

    def failed(self, task: TaskStart, message: str, will_retry: bool) -> None:
        """Keep it."""
        self.failures.append((task.label, message, will_retry))
