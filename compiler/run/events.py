"""What a local run tells while it goes on, and what it leaves: the whole interface between the run and who shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from compiler.slotted_class import record


@record
class TaskStart:
    """One start of a task: its step, its index path (`-` outside any foreach), how much of `@retry` is used up.

    `several`: it is a process that does several tasks, by the name of the first and the last.
    """

    step: str
    index: str
    retry: int
    several: bool = False

    @property
    def label(self) -> str:
        """How a person reads it: `square`, or `square[2.0]` in a foreach."""
        return self.step if self.index == "-" else f"{self.step}[{self.index}]"


@record
class RunResult:
    """How a run ended. `pathspec` is `Flow/run`, as `flowc inspect` takes it."""

    run_id: str
    success: bool
    pathspec: str
    kept_away: bool = False
    """Whether no step was at fault: a store without an answer, or a mistake in the call, kept each task that failed from its work."""


class Listener(Protocol):
    """Who is told of a run: called in the run's own process, one call at a time, in the order of what happens."""

    def run_started(self, run_id: str) -> None:
        """The run has its id, and no task has begun."""
        ...

    def started(self, task: TaskStart) -> None:
        """A process began the task."""
        ...

    def taken_over(self, task: TaskStart) -> None:
        """The run that this one resumes has done the task: it does not begin here."""
        ...

    def lines(self, task: TaskStart, texts: Sequence[str]) -> None:
        """The task wrote lines, here without their ends, to stdout or stderr."""
        ...

    def growing(self, task: TaskStart, text: str) -> None:
        """The line that the task writes has no end yet and is this by now: a progress bar, which goes back to its beginning."""
        ...

    def left(self, count: Callable[[], int]) -> None:
        """The run has begun: how many tasks run, wait or follow, where somebody wants to know."""
        ...

    def waiting(self) -> None:
        """Nothing happens at this moment; a second has passed, or less."""
        ...

    def quiet(self, task: TaskStart, pid: int, seconds: float, shows_stacks: bool) -> bool:
        """The task has written nothing and done nothing for so long; once an attempt. Whether it shall print where it is,
        which it does where `shows_stacks`: at SIGUSR1 to its process `pid`.
        """
        ...

    def fewer(self, workers: int, why: str) -> None:
        """The system has no room for more processes: from now on no more than so many tasks run at once."""
        ...

    def finished(self, task: TaskStart, seconds: float) -> None:
        """The task's manifest is visible."""
        ...

    def failed(self, task: TaskStart, message: str, will_retry: bool) -> None:
        """This attempt failed; `message` is the user's own traceback, or what ended the process."""
        ...

    def within(self, task: TaskStart, one: TaskStart, message: str, will_retry: bool) -> None:
        """An attempt of one of the several tasks that a process does has ended; `message` is empty where it went well."""
        ...

    def pausing(self, task: TaskStart, seconds: float) -> None:
        """The attempt after this failed one waits for so long."""
        ...

    def done(self, result: RunResult) -> None:
        """Nothing runs any more."""
        ...


class Silent:
    """A listener that drops everything: for tests and for runs that nobody watches."""

    def run_started(self, run_id: str) -> None:
        """Drop it."""

    def started(self, task: TaskStart) -> None:
        """Drop it."""

    def taken_over(self, task: TaskStart) -> None:
        """Drop it."""

    def lines(self, task: TaskStart, texts: Sequence[str]) -> None:
        """Drop them."""

    def growing(self, task: TaskStart, text: str) -> None:
        """Drop it."""

    def left(self, count: Callable[[], int]) -> None:
        """Drop it."""

    def waiting(self) -> None:
        """Drop it."""

    def quiet(self, task: TaskStart, pid: int, seconds: float, shows_stacks: bool) -> bool:
        """Drop it; nothing is to be printed."""
        return False

    def fewer(self, workers: int, why: str) -> None:
        """Drop it."""

    def finished(self, task: TaskStart, seconds: float) -> None:
        """Drop it."""

    def failed(self, task: TaskStart, message: str, will_retry: bool) -> None:
        """Drop it."""

    def within(self, task: TaskStart, one: TaskStart, message: str, will_retry: bool) -> None:
        """Drop it."""

    def pausing(self, task: TaskStart, seconds: float) -> None:
        """Drop it."""

    def done(self, result: RunResult) -> None:
        """Drop it."""
