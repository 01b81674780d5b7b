"""What a person sees of a local run: each line of a task behind its name, a status line on a terminal, a summary."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import IO

from compiler.legible import one_line
from compiler.run.events import RunResult, TaskStart
from compiler.slotted_class import fresh, mutable
from compiler.terminal.colours import label_colour
from compiler.terminal.output import write_files
from compiler.terminal.said import AsIs, Part, Styled, say, spelled
from compiler.terminal.status_line import StatusLine, all_visible, visible

_SHOWN, _BARS, _RECENT = 4, 8, 400
_COMPARED = 1 << 12
"""Characters of a line that are remembered."""

_PAUSE = 0.1
"""Seconds between two looks of the status line."""


@mutable
class Progress:
    """A listener that prints. Lines of tasks go to `output`, what we say to `status`; both may be the same terminal."""

    output: IO[str]
    status: IO[str]
    width: int
    notes: Callable[[str], dict[Path, bytes]] = lambda _: {}
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    has_times: bool = False
    """Whether each line that stays has its time."""
    is_verbose: bool = False
    """Whether tasks that do nothing print where they are."""
    begun: float = 0.0
    run_id: str = ""
    running: list[TaskStart] = fresh(default_factory=list)
    finished_tasks: int = 0
    retried: int = 0
    taken: int = 0
    failures: list[TaskStart] = fresh(default_factory=list)
    recent: dict[TaskStart, deque[str]] = fresh(default_factory=dict)
    """The last lines of the tasks that run: what says whether a traceback has been printed."""
    told: set[TaskStart] = fresh(default_factory=set)
    """Processes of several tasks of which one has been told to have failed."""
    bars: dict[TaskStart, str] = fresh(default_factory=dict)
    """The lines that grow."""
    count_left: Callable[[], int] | None = None
    drawn_at: float = float("-inf")
    known: tuple[float, int] = (float("-inf"), 0)
    """When the number of all tasks was asked for, and what it was."""
    _foot: StatusLine | None = None

    def run_started(self, run_id: str) -> None:
        """Say the run's id, and write it where it was asked for."""
        self.begun, self.run_id = self.clock(), run_id
        write_files(self.notes(run_id))
        self._say(f"run {run_id}")

    def started(self, task: TaskStart) -> None:
        """Show it in the status line."""
        self.running.append(task)
        self._show(at_once=True)

    def taken_over(self, task: TaskStart) -> None:
        """Count it."""
        self.taken += 1

    def lines(self, task: TaskStart, texts: Sequence[str]) -> None:
        """Print the lines behind the task's name."""
        self.bars.pop(task, None)
        recent = self.recent.setdefault(task, deque(maxlen=_RECENT))
        recent.extend(text[:_COMPARED].rstrip() for text in texts[-_RECENT:])
        self._foot_of.hide()
        before = spelled((self._time(), self._labelled(task), " "))
        say(AsIs("\n".join(before + text for text in all_visible(texts))), file=self.output)
        self._show()

    def growing(self, task: TaskStart, text: str) -> None:
        """Show it at the foot, behind the task's name, until it has its end."""
        self.bars[task] = visible(text)
        self._show()

    def left(self, count: Callable[[], int]) -> None:
        """Remember whom to ask."""
        self.count_left = count

    def waiting(self) -> None:
        """Move the clock."""
        self._show()

    def _labelled(self, task: TaskStart) -> Styled:
        colour = label_colour(task.step)
        return Styled(f"{task.label:<{self.width}} |", fg=colour)

    def finished(self, task: TaskStart, seconds: float) -> None:
        """Count it."""
        self._ended(task)
        self.finished_tasks += 0 if task.several else 1
        self._show(at_once=True)

    def within(self, task: TaskStart, one: TaskStart, message: str, will_retry: bool) -> None:
        """Count it, or say that it failed: its traceback is among the lines of its process."""
        last = message.rstrip().rpartition("\n")[2]
        if not message:
            self.finished_tasks += 1
            self._show()
        elif will_retry:
            self.retried += 1
            self._say(Styled(f"{one.label} failed and is tried again: {last}", fg="yellow"))
        else:
            self.failures.append(one)
            self.told.add(task)
            again = f" after {one.retry + 1} attempts" if one.retry else ""
            self._say(Styled(f"{one.label} failed{again}:", fg="red", bold=True), f" {last}")

    def failed(self, task: TaskStart, message: str, will_retry: bool) -> None:
        """Say why: the whole message where the attempt is final and has not printed it itself, else its last line."""
        last = message.rstrip().rpartition("\n")[2]
        printed = last[:_COMPARED].rstrip() in self._ended(task)
        if will_retry:
            self.retried += 1
            self._say(Styled(f"{task.label} failed and is tried again: {last}", fg="yellow"))
            return
        if task in self.told:  # by the task of it that failed
            return
        self.failures.append(task)
        again = f" after {task.retry + 1} attempts" if task.retry else ""
        why = f" {last}" if printed else f"\n{message.rstrip()}"
        self._say(Styled(f"{task.label} failed{again}:", fg="red", bold=True), why)

    def _ended(self, task: TaskStart) -> Collection[str]:
        """It runs no more; its last lines."""
        self.running.remove(task)
        self.bars.pop(task, None)
        return self.recent.pop(task, ())

    def pausing(self, task: TaskStart, seconds: float) -> None:
        """Say until when."""
        until = time.strftime("%H:%M:%S", time.localtime(self.now() + seconds))
        self._say(Styled(f"{task.label} waits until {until} ({seconds:g} s), as its @retry says", fg="yellow"))

    def quiet(self, task: TaskStart, pid: int, seconds: float, shows_stacks: bool) -> bool:
        """Say so, and how to learn more."""
        how = (
            "it is asked where it is"
            if self.is_verbose
            else f"`kill -USR1 {pid}` makes it print where it is, as --verbose does"
        )
        more = f"; {how}" if shows_stacks else ""
        said = f"{task.label} has printed nothing and used no processor for {seconds:g} s{more}"
        self._say(Styled(said, fg="yellow"))
        return self.is_verbose

    def fewer(self, workers: int, why: str) -> None:
        """Say so."""
        at_once = f"{workers} task{'' if workers == 1 else 's'}"
        self._say(Styled(f"no room for another process ({why}): from now on {at_once} at once", fg="yellow"))

    def done(self, result: RunResult) -> None:
        """Print the summary."""
        tasks = f"{self.finished_tasks} task{'' if self.finished_tasks == 1 else 's'}"
        retries = f", {self.retried} tried again" if self.retried else ""
        retries += f", {self.taken} taken over" if self.taken else ""
        took = f"{self.clock() - self.begun:.1f} s"
        if result.success:
            verdict: tuple[Part, ...] = (Styled("succeeded", fg="green", bold=True),)
        else:
            names = ", ".join(task.label for task in self.failures)
            verdict = (Styled("failed", fg="red", bold=True), f" in {names}" if names else "")
        self._say(f"{one_line(result.pathspec)} ", *verdict, f": {tasks}{retries}, {took}")

    def interrupted(self, flow: str, options: str, resuming: Callable[[str], str]) -> None:
        """Say how far the run came, what shows more, and how it goes on; `options` are those that `inspect` needs, too."""
        if not self.run_id:
            self._say("interrupted")
            return
        tasks = f"{self.finished_tasks} task{'' if self.finished_tasks == 1 else 's'}"
        pathspec = f"{flow}/{self.run_id}"
        verdict = Styled("interrupted", fg="yellow", bold=True)
        goes_on = f"; `{resuming(self.run_id)}` goes on from there" if self.finished_tasks + self.taken else ""
        self._say(f"{pathspec} ", verdict, f": {tasks} done; `flowc inspect{options} {pathspec}` shows them{goes_on}")

    def _time(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S ", time.localtime(self.now())) if self.has_times else ""

    @property
    def _foot_of(self) -> StatusLine:
        if self._foot is None:
            self._foot = StatusLine(self.status)
        return self._foot

    def _say(self, *parts: Part) -> None:
        self._foot_of.hide()
        say(self._time(), *parts, file=self.status)

    def _show(self, *, at_once: bool = False) -> None:
        """The lines that grow, and what is done, what runs, how long the run has taken; not oftener than a person sees."""
        foot = self._foot_of
        now = self.clock() if foot.is_drawn else 0.0
        if not foot.is_drawn or (foot.rows and not at_once and now - self.drawn_at < _PAUSE):
            return
        self.drawn_at = now
        bars = [spelled((self._labelled(task), " ", AsIs(text))) for task, text in self.bars.items()][-_BARS:]
        names = ", ".join(task.label for task in self.running[:_SHOWN])
        more = f" and {len(self.running) - _SHOWN} more" if len(self.running) > _SHOWN else ""
        total = f"/{self._all(now)}" if self.count_left else ""
        foot.draw(
            [
                *bars,
                " · ".join(
                    filter(None, (f"{self.finished_tasks}{total} done", names + more, _clock(now - self.begun)))
                ),
            ]
        )

    def _all(self, now: float) -> int:
        """How many tasks there are, as far as it is known."""
        if self.count_left and now - self.known[0] >= _PAUSE:
            self.known = now, self.finished_tasks + self.count_left()
        return max(self.known[1], self.finished_tasks)


def _clock(seconds: float) -> str:
    """`0:07`, `12:40`, `3:00:00`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
