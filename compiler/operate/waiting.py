"""Looking at a run again and again: until its end, or for the logs of all that runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator

from compiler.backends.operating import EngineError, EngineTask, LogLine, NotThereError
from compiler.mistakes import CallError
from compiler.operate.places import Place
from compiler.operate.tasks.views import TaskView
from compiler.operate.views import RunView, look
from compiler.slotted_class import fresh, mutable, record, replaced

TIMEOUT = 124
"""The exit code where the time was over first, as `timeout` gives it."""

_SHORTEST, _LONGEST, _GROWS = 0.5, 10.0, 1.3
_PATIENCE = 300.0
"""Seconds for which an engine that gives no answer is asked again."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds_of(text: str) -> float:
    """`90`, `90s`, `15m`, `1h30m`, `2d` in seconds. Raises CallError."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?[smhd])+", text):
        raise CallError(f"{text!r} is no duration: write it as 90s, 15m, 1h30m or 2d")
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)([smhd])", text))


def watch(
    place: Place,
    timeout: float | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Generator[RunView, None, None]:
    """The run as it is, whenever it was looked at; the last one is its end, or what it was when the time was over.

    An engine that gives no answer is asked again for five minutes. Raises NotThereError, EngineError, CallError.
    """
    began, answered, wait = clock(), clock(), _SHORTEST
    while True:
        try:
            view = look(place)
            if not view.is_partial:
                answered = clock()
        except EngineError:
            if clock() - answered > _PATIENCE:
                raise
            view = None
        if view is not None:
            yield view
            if view.is_over or (place.engine is None and view.status != "running"):
                return
        left = None if timeout is None else began + timeout - clock()
        if left is not None and left <= 0:
            return
        pause(wait if left is None else min(wait, left))
        wait = min(wait * _GROWS, _LONGEST)


@record
class Said:
    """Lines of one task: `step` and `index` say whose. Those of a container that tasks share are of all its `steps`."""

    step: str
    index: str
    lines: tuple[LogLine, ...]
    steps: tuple[str, ...] = ()


@mutable
class Logs:
    """What the tasks of a run have printed, each line once, across interruptions; `chosen` are step and index, None for all.

    A container that tasks share has one log with the engine: that is told while one of the tasks meant has not ended, or was lost
    before it could keep its own; else each task's own, from the store.
    """

    place: Place
    step: str | None = None
    index: str | None = None
    attempt: int | None = None
    positions: dict[tuple[str, str, str], str] = fresh(default_factory=dict)
    whole: set[tuple[str, str, str]] = fresh(default_factory=set)
    printed: dict[tuple[str, str, str], int] = fresh(default_factory=dict)
    """How many lines the engine has given, by step, index and the engine's id of the task."""
    notes: list[str] = fresh(default_factory=list)
    """What could not be asked."""
    following: dict[tuple[str, str, str], TaskView] = fresh(default_factory=dict)
    """A task of each container whose log is told as it comes."""
    by_task: set[tuple[str, str]] = fresh(default_factory=set)
    """The containers of which the store's logs are told, by step and index."""

    def all(self, view: RunView) -> list[Said]:
        """All that there is now: what the engine gives in parts is asked for until the last."""
        found = self.new(view)
        more = found
        while more and self.place.engine is not None:
            more = self.new(view)
            found += more
        return _by_time(found)

    def new(self, view: RunView) -> list[Said]:
        """What has come since the last call, in order of time where the engine tells it. What gives no answer now is asked later."""
        found: list[Said] = []
        shared: dict[tuple[str, str, str], list[TaskView]] = {}
        for task in view.tasks:
            if not self.is_meant(task):
                continue
            if task.engine is not None and task.engine.shares and self.attempt is None:
                shared.setdefault(_shared_key(task.engine), []).append(task)
            else:
                found += self._of(task, is_over=view.is_over)
        for tasks in shared.values():
            found += self._of_shared(tasks, is_over=view.is_over)
        for key in self.following.keys() - shared.keys() - self.whole:  # all done, and only counted
            task = self.following[key]
            if task.engine is not None:
                found += self._of_engine(task, replaced(task.engine, phase="succeeded"), key)
        return _by_time(found)

    def is_meant(self, task: TaskView) -> bool:
        """Whether it is the task that was asked for, or may be it among others of its container."""
        if not task.step or self.step not in (None, task.step):
            return False
        if self.index in (None, task.index):
            return True
        return task.state is None and task.engine is not None and task.engine.for_member(str(self.index))

    def _of_shared(self, tasks: list[TaskView], *, is_over: bool) -> Iterator[Said]:
        """What the tasks of one container have printed."""
        container = tasks[0].engine
        assert container is not None
        key = _shared_key(container)
        begun = [task for task in tasks if task.status != "queued" or task.attempts]
        is_open = key in self.following or not all(map(_has_told_its_end, begun))
        if key in self.whole or not begun:
            return
        if is_open and (container.step, container.index) not in self.by_task:
            self.following[key] = begun[-1]
            if (yield from self._of_engine(begun[-1], container, key)):
                self._note_shared(container)
                return
        for task in begun:
            if task.state is not None and not self.printed.get(key) and (_has_told_its_end(task) or is_over):
                self.by_task.add((container.step, container.index))
                yield from self._of_store(task, (task.step, task.index, ""))

    def _note_shared(self, container: EngineTask) -> None:
        said = f"{container.title} share a container, and its log is that of all of them until each has ended"
        if self.step is not None and said not in self.notes:
            self.notes.append(said)

    def _of(self, task: TaskView, *, is_over: bool) -> Iterator[Said]:
        asked = task.engine if self.place.engine is not None and self.attempt is None else None
        key = (task.step, task.index, asked.node if asked else "")
        if key in self.whole or (task.status == "queued" and not task.attempts):
            return
        if asked is not None and (yield from self._of_engine(task, asked, key)):
            return
        is_done = task.status in ("succeeded", "failed", "terminated")
        if task.state is not None and (is_done or is_over) and not self.printed.get(key):
            yield from self._of_store(task, key)

    def _of_store(self, task: TaskView, key: tuple[str, str, str]) -> Iterator[Said]:
        if key in self.whole:
            return
        self.whole.add(key)
        lines = _kept(task, self.attempt)
        if lines:
            yield Said(task.step, task.index, lines)

    def _of_engine(self, task: TaskView, asked: EngineTask, key: tuple[str, str, str]) -> Generator[Said, None, bool]:
        """What the engine has of it; whether it has anything to do with it still."""
        engine = self.place.engine
        assert engine is not None
        try:
            part = engine.log(self.place.run, asked, self.positions.get(key, ""))
        except NotThereError:
            return False
        except EngineError as error:
            self.notes.append(f"{asked.title} {asked.members}: {error}")
            return True
        self.positions[key] = part.position
        self.printed[key] = self.printed.get(key, 0) + len(part.lines)
        if part.is_whole:
            self.whole.add(key)
        if part.lines:
            yield Said(key[0], key[1], part.lines, asked.steps if asked.shares else ())
        return bool(self.printed[key]) or not part.is_whole


def _shared_key(container: EngineTask) -> tuple[str, str, str]:
    return container.title, container.members, container.node


def _has_told_its_end(task: TaskView) -> bool:
    """Whether the store has all that it printed: it has ended by itself."""
    return task.state is not None and task.state.status in ("done", "caught", "failed")


def _kept(task: TaskView, attempt: int | None) -> tuple[LogLine, ...]:
    """What the store has: that of the attempts, or of one."""
    state = task.state
    assert state is not None
    meant = [each for each in state.attempts if attempt is None or attempt in {each.number, each.retry}]
    texts = [state.log(each) for each in (meant if attempt is not None else meant[-1:])]
    return tuple(LogLine(line) for text in texts for line in text.splitlines())


def _by_time(found: list[Said]) -> list[Said]:
    """The lines of all tasks by their times, those of one task in their own order; without times task by task."""
    if len(found) < 2 or not all(line.at is not None for said in found for line in said.lines):  # noqa: PLR2004 - one task has one order
        return found
    lines = [(line.at or 0.0, number, said, line) for said in found for number, line in enumerate(said.lines)]
    merged: list[Said] = []
    for _, _, said, line in sorted(lines, key=lambda each: each[0]):
        if merged and (merged[-1].step, merged[-1].index) == (said.step, said.index):
            merged[-1] = replaced(said, lines=(*merged[-1].lines, line))
        else:
            merged.append(replaced(said, lines=(line,)))
    return merged
