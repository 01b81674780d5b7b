"""The local run: walks a plan with the same shim that runs in containers. It is the meaning of a flow.

May import: backends (for the argv), diagnostics, ir, and `flowc`. Start reading in `walk`, which task may start; `workers`
has the processes.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from flowc.artifacts.address import RunAddress, child, last_part, parent
from flowc.processes.forks import START_METHOD
from flowc.task.call import FAILED, MISTAKE, STORE

from compiler.backends.command import added, config_environment, loads_text, mutated, path_environment, step_word
from compiler.ir.plan import Enter, Plan
from compiler.mistakes import CallError
from compiler.run.ahead import Ahead
from compiler.run.events import Listener, RunResult, TaskStart
from compiler.run.hooks import run_hooks
from compiler.run.process_state import alive
from compiler.run.resume import Resume, Resumption, resumption
from compiler.run.walk import Ready, Report, Walk
from compiler.run.workers import Ended, Event, ForkServer, Printed, Quiet, Refused, Within, Workers
from compiler.slotted_class import fresh, mutable, record

_TICK = 1.0
"""Seconds after which a run looks around although nothing has happened."""

_ROOM = 2
"""Tasks that run less at once than there was room for: some of it is for the run itself."""


def run_flow(  # noqa: PLR0913 - each is an option of the command
    plan: Plan,
    *,
    store: str,
    run_id: str | None,
    max_workers: int,
    tags: tuple[str, ...],
    parameters: Mapping[str, object],
    listener: Listener,
    resume: Resume | None = None,
    retry_pause: bool = False,
    same_code: bool = False,
    start_method: str | None = None,
    server: ForkServer | None = None,
    mlflow: Mapping[str, object] = {},
) -> RunResult:
    """Run a flow here, at most `max_workers` tasks at once (a gang's nodes always together), and tell `listener` of it.

    Each task is a process of its own. `parameters` are what was given, by name; the first step converts them. A run id that the
    store knows already, of another owner, fails the first task. `resume`: what another run has done is taken over first, as far
    as nothing before it runs anew; its parameters count then. With `retry_pause` an attempt waits as `@retry` says, else it begins
    at once. With `same_code` a task fails that would go on from what other code has left. `start_method`: how a task's process
    starts, `fork` or `spawn`; None: by a fork where that is safe. `server`: a fork server that waits already.
    `mlflow`: the server that the run is told to, as `FLOWC_MLFLOW` has it.
    KeyboardInterrupt ends every process and goes on upwards.
    """
    run = _Run(plan, run_id or _new_run_id(), tags, parameters, listener, max_workers, retry_pause)
    if resume:
        run.parameters = resume.parameters
        run.resumption = resumption(plan, store, resume, run.run_id, run.owner, tags)
    listener.run_started(run.run_id)
    own = {"FLOWC_SAME_CODE": "1" if same_code else ""}  # whatever a run says that this one is a step of
    own |= {"FLOWC_MLFLOW": json.dumps(dict(mlflow)) if mlflow else ""}
    variables = variables_of(plan, store, start_method, retry_pause=retry_pause) | own | _project(plan, resume)
    root = str(Path(plan.flow.root).absolute())
    workers = Workers(variables, root, server)
    with alive(store, RunAddress(plan.flow.name, run.run_id)) as ended:
        try:
            result = run.go(workers)
        finally:
            workers.close()
        if plan.hooks:
            run_hooks(plan, result.run_id, variables, root, listener, success=result.success)
        ended(result.success)
    listener.done(result)
    return result


def _new_run_id() -> str:
    return f"local-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def variables_of(plan: Plan, store: str, start_method: str | None, *, retry_pause: bool = False) -> dict[str, str]:
    """What the processes of a flow's tasks are told by variables."""
    shared = {
        "FLOWC_FLOW": f"{plan.flow.path}:{plan.flow.name}",
        "FLOWC_STORE": store,
        "PYTHONUNBUFFERED": "1",
        "FLOWC_ADDRESS": "127.0.0.1",
        START_METHOD: start_method or "",
        "FLOWC_RETRY_AT_ONCE": "" if retry_pause else "1",  # whatever a run says that this one is a step of
    }
    shared |= path_environment(plan.flow.search) | mutated(plan) | config_environment(plan.flow.configs) | added(plan)
    return shared


def _project(plan: Plan, resume: Resume | None) -> dict[str, str]:
    """The project and branch that the run is on: a resumed one stays on its origin's where only the user would say another."""
    if not plan.project:
        return {}
    before = resume.origin.project if resume and plan.project.branch.startswith("user.") else ""
    return {"FLOWC_PROJECT": before or f"{plan.project.name}.{plan.project.branch}"}


@record
class _Attempt:
    """One start of a task."""

    ready: Ready
    retry: int
    begun: float
    done: dict[str, int] = fresh(default_factory=dict)
    """Of a process of several tasks, how many of its steps are done at each index path."""

    @property
    def told(self) -> TaskStart:
        return _told(self.ready, self.retry)


def _told(ready: Ready, retry: int) -> TaskStart:
    """What a person is told of: the step, or the steps and the first of the members that share a process."""
    chunk, index = ready.task.chunk, ready.index
    if chunk:
        index = f"{child(parent(index), last_part(index) * chunk.size)}…"
    return TaskStart(ready.task.title, index, retry, several=bool(ready.task.group))


@mutable
class _Run:
    """The state of one run: what waits, what pauses before its next attempt, what runs."""

    plan: Plan
    run_id: str
    tags: tuple[str, ...]
    parameters: Mapping[str, object]
    listener: Listener
    max_workers: int
    retry_pause: bool
    owner: str = fresh(default_factory=lambda: secrets.token_hex(16))
    waiting: deque[tuple[Ready, int]] = fresh(default_factory=deque)
    together: list[tuple[Ready, int]] = fresh(default_factory=list)
    pausing: list[tuple[float, Ready, int]] = fresh(default_factory=list)
    running: dict[int, _Attempt] = fresh(default_factory=dict)
    failed: bool = False
    failed_outside: bool = True
    """Whether no step was at fault where a task failed for good."""
    resumption: Resumption | None = None
    widths: dict[tuple[str, str], int] = fresh(default_factory=dict)
    """How many members a foreach has that is done in portions, by the step that opened it and its index path."""

    def go(self, workers: Workers) -> RunResult:
        """Until nothing waits or runs. After a failure nothing begins but what a node of a gang waits for; what runs may end."""
        walk = Walk(self.plan)
        ahead = Ahead(self.plan)
        self.listener.left(lambda: ahead.count(self._live()))
        self._admit(walk, walk.begin())
        while self.running or ((self.waiting or self.together or self.pausing) and not self.failed):
            self._resume()
            self._fill(workers)
            for event in workers.wait(self._until_next()):
                self._heard(walk, workers, event)
            self.listener.waiting()
        pathspec = f"{self.plan.flow.name}/{self.run_id}"
        return RunResult(self.run_id, not self.failed, pathspec, kept_away=self.failed and self.failed_outside)

    def _heard(self, walk: Walk, workers: Workers, event: Event) -> None:
        if isinstance(event, Ended):
            self._admit(walk, self._ended(walk, event))
        elif isinstance(event, Refused):
            attempt = self.running.pop(event.ticket)
            self._wait_for_room(attempt.ready, attempt.retry, event.why)
        elif isinstance(event, Quiet):
            told = self.running[event.ticket].told
            if self.listener.quiet(told, event.pid, event.seconds, event.shows_stacks):
                workers.show_stacks(event.ticket)
        elif isinstance(event, Within):
            self._heard_within(self.running[event.ticket], event.said)
        else:
            self._tell(event)

    def _heard_within(self, attempt: _Attempt, said: Mapping[str, object]) -> None:
        step, index = str(said["task"]), str(said["index"])
        retry, is_well = _number(said, "retry") or 0, said["exit_code"] == 0
        if is_well:
            attempt.done[index] = attempt.done.get(index, 0) + 1
        message = "" if is_well else str(said["message"]) or f"it ended with exit code {said['exit_code']}"
        self.listener.within(attempt.told, TaskStart(step, index, retry), message, said["again"] is True)

    def _tell(self, printed: Printed) -> None:
        told = self.running[printed.ticket].told
        if printed.lines:
            self.listener.lines(told, printed.lines)
        if printed.growing:
            self.listener.growing(told, printed.growing)

    def _live(self) -> Iterator[tuple[str, str]]:
        """Step and index path of what runs or waits; of a process of several tasks the next one at each index path."""
        for ready, done in (
            *((attempt.ready, attempt.done) for attempt in self.running.values()),
            *((ready, {}) for ready, _ in (*self.waiting, *self.together)),
            *((ready, {}) for _, ready, _ in self.pausing),
        ):
            for index in self._members(ready):
                yield from ((each.step, index) for each in ready.task.steps[done.get(index, 0) :][:1])

    def _members(self, ready: Ready) -> Iterator[str]:
        """The index paths of a process: of a portion of a foreach those of its members, as far as the width is known."""
        chunk, loads = ready.task.chunk, ready.task.loads
        if chunk is None or not isinstance(loads, Enter):
            yield ready.index
            return
        around, first = parent(ready.index), last_part(ready.index) * chunk.size
        end = min(first + chunk.size, self.widths.get((loads.split, around), first + chunk.size))
        yield from (child(around, at) for at in range(first, end))

    def _admit(self, walk: Walk, found: Iterable[Ready]) -> None:
        """Let tasks wait that may start, and what follows those that a resumed run takes over."""
        wave = list(found)
        while wave:
            reports = self.resumption.take(wave) if self.resumption else [None] * len(wave)
            following: list[Ready] = []
            for ready, report in zip(wave, reports, strict=True):
                self._tell_taken(ready)
                if report is None:
                    (self.together if ready.together else self.waiting).append((ready, 0))
                else:
                    following += walk.end(ready, report)
            wave = following

    def _tell_taken(self, ready: Ready) -> None:
        """Each task of a process that a resumed run takes over."""
        for index, count in self._taken(ready).items():
            for task in ready.task.steps[:count]:
                self.listener.taken_over(TaskStart(task.step, index, 0))

    def _taken(self, ready: Ready) -> Mapping[str, int]:
        """By index path, how many steps of a process a resumed run has taken over."""
        return self.resumption.begun.get((ready.task.step, ready.index), {}) if self.resumption else {}

    def _fill(self, workers: Workers) -> None:
        while next_one := self._next():
            ready, retry = next_one
            attempt = _Attempt(ready, retry, time.monotonic(), dict(self._taken(ready)))
            try:
                ticket = workers.start(ready.task.environment, self._call(ready, retry))
            except OSError as error:
                self._wait_for_room(ready, retry, error.strerror or str(error))
                return
            self.running[ticket] = attempt
            self.listener.started(attempt.told)

    def _wait_for_room(self, ready: Ready, retry: int, why: str) -> None:
        """Let a task wait for which the system has no room, and let fewer run from now on. Raises CallError where that does not help."""
        if not self.running or ready.together:
            raise CallError(
                f"{_told(ready, retry).label} cannot start: {why}. End other programs, raise the limit "
                "(`ulimit -n` for open files, `ulimit -u` for processes), or run fewer tasks at once with `--max-workers`"
            )
        self.waiting.insert(0, (ready, retry))
        self.max_workers = min(self.max_workers, max(len(self.running) - _ROOM, 1))
        self.listener.fewer(self.max_workers, why)

    def _next(self) -> tuple[Ready, int] | None:
        """The first that waits, while there is room; the nodes of a gang need none, for they wait for each other."""
        meant = [one for one in self.together if not self.failed or self._is_awaited(one[0])]
        if meant:
            self.together.remove(meant[0])
            return meant[0]
        has_room = not self.failed and len(self.running) < self.max_workers
        return self.waiting.popleft() if self.waiting and has_room else None

    def _is_awaited(self, ready: Ready) -> bool:
        """Whether another node of its gang runs."""
        gang = ready.task.step, parent(ready.index)
        return any(gang == (one.ready.task.step, parent(one.ready.index)) for one in self.running.values())

    def _call(self, ready: Ready, retry: int) -> dict[str, object]:
        step = step_word(ready.task)
        call: dict[str, object] = {"step": step, "run": self.run_id, "index": ready.index, "retry": retry}
        if self.resumption:
            call["origin"] = self.resumption.into.origin
            if ready.task.group:
                call["taken"] = dict(self._taken(ready))
        loads = loads_text(ready.task.loads)
        if loads:
            return {**call, "loads": loads}
        return {**call, "owner": self.owner, "parameters": dict(self.parameters), "tags": list(self.tags)}

    def _ended(self, walk: Walk, event: Ended) -> Iterator[Ready]:
        attempt = self.running.pop(event.ticket)
        if event.status == 0 and event.report:
            self.listener.finished(attempt.told, time.monotonic() - attempt.begun)
            width = _number(event.report, "width")
            if width is not None:
                self.widths[attempt.ready.task.steps[-1].step, attempt.ready.index] = width
            yield from walk.end(attempt.ready, Report(_number(event.report, "fan"), _number(event.report, "case")))
            return
        task = attempt.ready.task
        is_final = os.waitstatus_to_exitcode(event.status) == MISTAKE or (
            _is_steps(event) and task.retry and task.retry.only_system
        )
        again = attempt.retry + 1 < task.attempts and not is_final
        self.listener.failed(attempt.told, _message(event), again)
        if again:
            self.pausing.append((time.monotonic() + self._pause(attempt), attempt.ready, attempt.retry + 1))
        else:
            self.failed = True
            self.failed_outside = self.failed_outside and _is_outside(event)

    def _pause(self, attempt: _Attempt) -> float:
        """Seconds before the next attempt, told where there are any."""
        retry = attempt.ready.task.retry
        if not self.retry_pause or not retry or not retry.pause or attempt.retry >= retry.times:
            return 0.0
        self.listener.pausing(attempt.told, retry.pause)
        return retry.pause

    def _resume(self) -> None:
        now = time.monotonic()
        due = [(ready, retry) for at, ready, retry in self.pausing if at <= now]
        self.waiting.extendleft(reversed([one for one in due if not one[0].together]))
        self.together += [one for one in due if one[0].together]
        self.pausing = [each for each in self.pausing if each[0] > now]

    def _until_next(self) -> float:
        """Seconds, a tick at most."""
        now = time.monotonic()
        return max(0.0, min((_TICK, *(at - now for at, _, _ in self.pausing))))


def _number(report: Mapping[str, object], name: str) -> int | None:
    value = report.get(name)
    return value if isinstance(value, int) else None


def _is_steps(event: Ended) -> bool:
    """Whether the step raised, and told so. Where it could not, the shim sees at the next attempt that there is to be none."""
    return bool(event.report) and os.waitstatus_to_exitcode(event.status) == FAILED


def _is_outside(event: Ended) -> bool:
    """Whether the shim told that its call or its store was at fault: a container ends with the same codes."""
    return bool(event.report) and os.waitstatus_to_exitcode(event.status) in (MISTAKE, STORE)


def _message(event: Ended) -> str:
    told = event.report.get("message")
    if isinstance(told, str):
        return told
    code = os.waitstatus_to_exitcode(event.status)
    return (
        f"the process was killed by {signal.Signals(-code).name}"
        if code < 0
        else f"the process ended with exit code {code}"
    )
