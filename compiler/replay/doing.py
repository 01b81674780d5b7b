"""The task of a replay, done by the runtime that did it: as `flowc run` starts tasks, or in the foreground under the debugger."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flowc.container.sessions import end_session
from flowc.store.overlay import ANSWERED, ASKED, VARIABLE
from flowc.task.call import STORE, TERMINATED

from compiler.backends.command import loads_text, step_word
from compiler.ir.plan import Begin, Plan, Task
from compiler.mistakes import CallError
from compiler.reading import read_file
from compiler.replay.chosen import Chosen
from compiler.replay.scratch import Scratch, write_given
from compiler.run import variables_of
from compiler.run.environment import inherited
from compiler.run.events import Listener, TaskStart
from compiler.run.workers import Ended, Printed, Quiet, Refused, Within, Workers
from compiler.slotted_class import record

_TICK = 1.0


@record
class Job:
    """What is done: a task of a plan, in a folder; `start_method` as `flowc run` takes it."""

    chosen: Chosen
    plan: Plan
    scratch: Scratch
    start_method: str | None

    @property
    def task(self) -> Task:
        """The step as it is planned."""
        return self.plan.tasks[self.chosen.address.step]

    @property
    def root(self) -> str:
        """The folder of the code."""
        return str(Path(self.plan.flow.root).absolute())

    @property
    def variables(self) -> dict[str, str]:
        """What the processes are told beside what they inherit."""
        store = self.scratch.store.url
        return {
            **variables_of(self.plan, store, self.start_method),
            VARIABLE: str(self.scratch.folder),
            "FLOWC_PROJECT": self.chosen.record.project,
            "FLOWC_TRIGGER": "",
            "FLOWC_SCHEDULED_AT": "",
        }

    @property
    def step(self) -> str:
        """How the step is named to the runtime: of one that repeats, all iterations, or one alone."""
        return self.task.step if self.chosen.address.iteration is not None else step_word(self.task)


def do(job: Job, listener: Listener) -> int:
    """Do the task as a local run does, and tell `listener` of it; its exit code. Raises CallError where there is no room for it."""
    told = TaskStart(job.chosen.address.step, job.chosen.address.name, 0)  # it is one attempt, whatever its number
    workers = Workers(job.variables, job.root)
    try:
        try:
            ticket = workers.start(job.task.environment, _call(job))
        except OSError as error:
            raise CallError(f"{told.label} cannot start: {error.strerror}") from error
        listener.started(told)
        ended = _ended(workers, ticket, listener, told)
    finally:
        workers.close()
    code = os.waitstatus_to_exitcode(ended.status)
    if code:
        listener.failed(told, _message(ended, code), False)
    else:
        listener.finished(told, 0.0)
    return code


def _ended(workers: Workers, ticket: int, listener: Listener, told: TaskStart) -> Ended:
    while True:
        for event in workers.wait(_TICK):
            match event:
                case Ended():
                    return event
                case Refused(why=why):
                    raise CallError(f"{told.label} cannot start: {why}")
                case Printed():
                    _print(listener, told, event)
                case Within():
                    pass  # of a process of several tasks: this one does one
                case Quiet(pid=pid, seconds=seconds, shows_stacks=shows):
                    if listener.quiet(told, pid, seconds, shows):
                        workers.show_stacks(ticket)
        listener.waiting()


def _print(listener: Listener, told: TaskStart, printed: Printed) -> None:
    if printed.lines:
        listener.lines(told, printed.lines)
    if printed.growing:
        listener.growing(told, printed.growing)


def _message(ended: Ended, code: int) -> str:
    told = ended.report.get("message")
    if isinstance(told, str) and told:
        return told
    return (
        f"the process was killed by {signal.Signals(-code).name}"
        if code < 0
        else f"the process ended with exit code {code}"
    )


def _call(job: Job) -> dict[str, object]:
    chosen = job.chosen
    call: dict[str, object] = {
        "step": job.step,
        "run": chosen.record.run,
        "index": chosen.address.name,
        "retry": chosen.retry,
        "origin": chosen.record.origin,
    }
    loads = loads_text(job.task.loads)
    if loads:
        return {**call, "loads": loads}
    return {
        **call,
        "owner": chosen.record.owner,
        "parameters": dict(job.scratch.given),
        "tags": list(chosen.record.tags),
    }


def debug(job: Job, when: str) -> int:
    """Do the task in the foreground, with the terminal, under the debugger; its exit code."""
    chosen = job.chosen
    words = ["step", job.step, "--run", chosen.record.run, "--index", chosen.address.name, "--retry", str(chosen.retry)]
    if isinstance(job.task.loads, Begin):
        words += ["--owner", chosen.record.owner, "--parameters", write_given(job.scratch)]
    else:
        words += ["--load", loads_text(job.task.loads)]
    variables = {**inherited(os.environ), **job.variables, **dict(job.task.environment), "FLOWC_ROOT": job.root}
    with _interrupts_are_its_own():
        process = subprocess.Popen([sys.executable, "-P", "-m", "flowc", "debug", when, *words], env=variables)
        try:
            return process.wait()
        finally:
            _end(process)


@contextmanager
def _interrupts_are_its_own() -> Iterator[None]:
    """Ctrl-C reaches both processes: what it means, the debugger says. A handler is none any more in a new program."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what still runs, as where we are asked to end."""
    if process.poll() is None:
        process.terminate()
        until = time.monotonic() + _GRACE
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
        process.wait()


_GRACE = 5.0


def kept_away(code: int) -> bool:
    """Whether no step was at fault: a mistake in the call, or a store without an answer."""
    return code in (2, STORE)


def is_interrupted(code: int) -> bool:
    """Whether Ctrl-C, or what asked it to end, ended the task."""
    return code in (TERMINATED, -signal.SIGINT, -signal.SIGTERM)


def compare(job: Job, names: list[str], *, shows: bool) -> Mapping[str, Mapping[str, object]]:
    """What a process that has the author's classes says of these artifacts before and now; nothing where it died."""
    (job.scratch.folder / ASKED).write_text(json.dumps({"names": names, "shows": shows}), encoding="utf-8")
    variables = {**inherited(os.environ), **job.variables, **dict(job.task.environment), "FLOWC_ROOT": job.root}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "flowc", "compare"],
        env=variables,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait()
    finally:
        _end(process)
        end_session(process.pid)
    try:
        found: Mapping[str, Mapping[str, object]] = json.loads(read_file(job.scratch.folder / ANSWERED, 1 << 30))
    except (OSError, ValueError):
        return {}
    return found
