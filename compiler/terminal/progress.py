"""What a person sees of a local run: each line of a task behind its name, a status line on a terminal, a summary."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import click

from compiler.run.events import RunResult, TaskStart
from compiler.slotted_class import fresh, mutable
from compiler.terminal.output import write_files

_COLOURS = ("cyan", "green", "yellow", "blue", "magenta", "bright_cyan", "bright_green", "bright_blue")
_CLEAR = "\r\x1b[2K"
_SHOWN, _WIDTH = 4, 79


@mutable
class Progress:
    """A listener that prints. Lines of tasks go to `output`, what we say to `status`; both may be the same terminal."""

    output: IO[str]
    status: IO[str]
    width: int
    notes: Callable[[str], dict[Path, bytes]] = lambda _: {}
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    begun: float = 0.0
    run_id: str = ""
    running: list[TaskStart] = fresh(default_factory=list)
    finished_tasks: int = 0
    retried: int = 0
    taken: int = 0
    failures: list[TaskStart] = fresh(default_factory=list)
    last_lines: dict[TaskStart, str] = fresh(default_factory=dict)

    def run_started(self, run_id: str) -> None:
        """Say the run's id, and write it where it was asked for."""
        self.begun, self.run_id = self.clock(), run_id
        write_files(self.notes(run_id))
        self._say(f"run {run_id}")

    def started(self, task: TaskStart) -> None:
        """Show it in the status line."""
        self.running.append(task)
        self._show()

    def taken_over(self, task: TaskStart) -> None:
        """Count it."""
        self.taken += 1

    def line(self, task: TaskStart, text: str) -> None:
        """Print the line behind the task's name."""
        self.last_lines[task] = text
        colour = _COLOURS[sum(task.step.encode()) % len(_COLOURS)]
        self._hide()
        click.echo(f"{click.style(f'{task.label:<{self.width}} |', fg=colour)} {text}", file=self.output)
        self._show()

    def finished(self, task: TaskStart, seconds: float) -> None:
        """Count it."""
        self.running.remove(task)
        self.last_lines.pop(task, None)
        self.finished_tasks += 1
        self._show()

    def failed(self, task: TaskStart, message: str, will_retry: bool) -> None:
        """Say why: the whole message where the attempt is final and has not printed it itself, else its last line."""
        self.running.remove(task)
        last = message.rstrip().rpartition("\n")[2]
        printed = self.last_lines.pop(task, "") == last
        if will_retry:
            self.retried += 1
            self._say(click.style(f"{task.label} failed and is tried again: {last}", fg="yellow"))
            return
        self.failures.append(task)
        again = f" after {task.retry + 1} attempts" if task.retry else ""
        why = f" {last}" if printed else f"\n{message.rstrip()}"
        self._say(click.style(f"{task.label} failed{again}:", fg="red", bold=True) + why)

    def pausing(self, task: TaskStart, seconds: float) -> None:
        """Say until when."""
        until = time.strftime("%H:%M:%S", time.localtime(self.now() + seconds))
        self._say(click.style(f"{task.label} waits until {until} ({seconds:g} s), as its @retry says", fg="yellow"))

    def done(self, result: RunResult) -> None:
        """Print the summary."""
        tasks = f"{self.finished_tasks} task{'' if self.finished_tasks == 1 else 's'}"
        retries = f", {self.retried} tried again" if self.retried else ""
        retries += f", {self.taken} taken over" if self.taken else ""
        took = f"{self.clock() - self.begun:.1f} s"
        if result.success:
            verdict = click.style("succeeded", fg="green", bold=True)
        else:
            names = ", ".join(task.label for task in self.failures)
            verdict = click.style("failed", fg="red", bold=True) + (f" in {names}" if names else "")
        self._say(f"{result.pathspec} {verdict}: {tasks}{retries}, {took}")

    def interrupted(self, flow: str, options: str) -> None:
        """Say how far the run came, and what shows more; `options` are those that `inspect` needs, too."""
        if not self.run_id:
            self._say("interrupted")
            return
        tasks = f"{self.finished_tasks} task{'' if self.finished_tasks == 1 else 's'}"
        pathspec = f"{flow}/{self.run_id}"
        verdict = click.style("interrupted", fg="yellow", bold=True)
        self._say(f"{pathspec} {verdict}: {tasks} done; `flowc inspect{options} {pathspec}` shows them")

    def _say(self, text: str) -> None:
        self._hide()
        click.echo(text, file=self.status)

    def _show(self) -> None:
        names = ", ".join(task.label for task in self.running[:_SHOWN])
        more = f" and {len(self.running) - _SHOWN} more" if len(self.running) > _SHOWN else ""
        self._draw(f"{self.finished_tasks} done{' · ' if names else ''}{names}{more}"[:_WIDTH])

    def _hide(self) -> None:
        self._draw("")

    def _draw(self, text: str) -> None:
        # Not by click, which takes every control sequence away where colours are not wanted.
        if self.status.isatty():
            self.status.write(f"{_CLEAR}{text}")
            self.status.flush()
