"""A process that has imported a flow once and forks a child for every task: how the local run starts tasks quickly.

A message starts a task (`flowc.container.messages`). A line of JSON goes back for every child that has ended, and for every task that
could not be started. Where a fork would not be safe (`flowc.processes.forks`), each task gets a fresh interpreter, and others are kept
warm: they have imported the flow and wait. Each task begins a session of its own, and with it ends all that it has started.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from flowc.artifacts.address import parse_loads
from flowc.container.command import iteration_in, started_by
from flowc.container.messages import STACKS, Message, receive, send, tell
from flowc.container.sessions import adopter, children, end_session
from flowc.exceptions import CallMistake, Terminated
from flowc.grouping.running import run_group
from flowc.grouping.step_words import parse_step_word
from flowc.processes.forks import may_fork, reseed
from flowc.source.module import Loaded, prepare
from flowc.store import SetupError, Store, StoreError, open_store
from flowc.task import guard
from flowc.task.call import BUG, MISTAKE, TERMINATED, Broken, Reported, TaskCall
from flowc.task.output import Output
from flowc.task.task import execute

_GRACE = 5.0
"""Seconds that a task has to end when the run is over before it is; whoever started the fork server waits longer."""


def serve(descriptor: int) -> int:
    """Answer messages until the other side closes the socket, or SIGTERM; then end all children.

    The first message says, in place of a call, by which variables the flow is found, and the root of its code.
    """
    os.set_inheritable(descriptor, False)
    for name in _LATE:
        importlib.import_module(name)
    channel = socket.socket(fileno=descriptor)
    first = receive(channel)
    if first is None or not first.descriptors:
        return 0
    said = first.call()
    first.close()
    return _serve(channel, said["variables"], said["root"])


_LATE = ("flowc.artifacts.saving", "flowc.language.transition")
"""What nearly every task imports late: here, else each fork would do it again."""

_TRACKING = "flowc.tracking.task_run"
"""The same where runs are told to an MLflow server."""

_OPENED = "flowc.store.s3"
"""The module of stores that are not opened before a fork, for they hold connections; that of others has threads."""


def _serve(channel: socket.socket, variables: dict[str, str], root: str) -> int:
    wake, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.signal(signal.SIGCHLD, _noted)
    signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
    os.environ.update(variables)
    if os.environ.get("FLOWC_MLFLOW"):
        importlib.import_module(_TRACKING)
    store = _shared_store(variables["FLOWC_STORE"])
    server = _ForkServer(channel, _load(root), root, store)
    signal.signal(signal.SIGTERM, _noted)  # whatever says that it is over, the children end first
    gc.collect()
    gc.freeze()
    while True:
        waiting: list[Any] = [server.channel, wake]
        ready = select.select(waiting, [], [])[0]
        if wake in ready and (signal.SIGTERM in os.read(wake, 1 << 12) or not server.reap()):
            return server.end()
        if server.channel in ready and not server.take():
            return server.end()


def _shared_store(url: str) -> Store | None:
    """The store where forks may share it, as one in a folder, which holds nothing open; else its module alone is there for them."""
    if url.startswith("s3:"):
        importlib.import_module(_OPENED)
    with contextlib.suppress(StoreError):  # each task finds out, and says so
        return open_store(url) if url.startswith("file:") else None
    return None


def _noted(*_: object) -> None:
    """A signal whose only effect is to wake the loop."""


class _ForkServer:
    """The imported flow and the children that run its tasks."""

    def __init__(self, channel: socket.socket, loaded: Loaded | Broken, root: str, store: Store | None) -> None:
        self.channel, self._loaded, self._root, self._store = channel, loaded, root, store
        self._children: dict[int, int] = {}
        self._spares: dict[int, socket.socket] = {}
        self._forks = may_fork()
        self._adopt = adopter()
        self._adopts = self._adopt()
        self._own = children() or set()
        """What the import of the flow has started."""

    def take(self) -> bool:
        """Start the task that the next message names; False where the other side has gone."""
        message = receive(self.channel)
        if message is None:
            return False
        if self._is_alone():
            message.close()
            return False
        try:
            if not message.is_whole:
                return self._answer({"ticket": message.ticket, "refused": "Too many open files"})
            start: Callable[[Message], int] = self._fork if self._forks else self._spawn
            self._children[start(message)] = message.ticket
        except OSError as error:  # no room for another process
            return self._answer({"ticket": message.ticket, "refused": error.strerror or str(error)})
        finally:
            message.close()
        return True

    def _is_alone(self) -> bool:
        """Whether the other side has gone, although it has left messages: nobody wants these tasks any more."""
        poll = select.poll()
        poll.register(self.channel, 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))

    def reap(self) -> bool:
        """Tell of every child that has ended; False where nobody hears it."""
        while self._children or self._spares:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                break
            if child in self._spares:
                self._spares.pop(child).close()
            elif child in self._children:
                if not self._adopts or self._left() != set():
                    end_session(child)
                    self._end_adopted()
                if not self._answer({"ticket": self._children.pop(child), "status": status}):
                    return False
        return True

    def end(self) -> int:
        """End the children, which may write down why, and then everything that they have started: as a container ends."""
        for child in self._children:
            os.kill(child, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        waiting = set(self._children)
        while waiting and time.monotonic() < until:
            child, _ = os.waitpid(-1, os.WNOHANG)
            waiting.discard(child)
            if not child:
                time.sleep(0.01)
        for child in (*self._children, *self._spares):
            end_session(child)
        self._children.clear()
        self._end_adopted()
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        return 0

    def _left(self) -> set[int] | None:
        """What tasks that have ended have left, or its uppermost processes: a task takes in what it has started, and this process
        the task's at its end. So where there is none, its session is empty, too, and no list of all processes has to say so.

        None where the system does not tell.
        """
        found = children()
        return None if found is None else found - self._own - {*self._children, *self._spares}

    def _end_adopted(self) -> None:
        """End what a task that has ended had begun a session of its own for: those of a task that runs are that task's."""
        while left := self._left():
            for child in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child, 0)

    def _answer(self, said: dict[str, Any]) -> bool:
        """Tell the other side; False where it has gone."""
        try:
            self.channel.sendall(json.dumps(said).encode() + b"\n")
        except OSError:
            return False
        return True

    def _fork(self, message: Message) -> int:
        server = os.getpid()
        child = os.fork()
        if child:
            return child
        code = BUG
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            self.channel.close()
            os.setsid()
            reseed()
            code = _task(self._loaded, message, server, self._adopt, self._store)
        except BaseException:  # noqa: BLE001 - a fork must never return into its parent's loop
            traceback.print_exc()
        finally:
            os._exit(code)

    def _spawn(self, message: Message) -> int:
        """Give the task to an interpreter that waits; as many wait then as tasks run, and no more than there are processors."""
        child, channel = self._spares.popitem() if self._spares else self._spare()
        with channel, contextlib.suppress(ConnectionError):  # where it has just died, its own end tells so
            send(channel, message.ticket, message.descriptors)
        while len(self._spares) < min(len(self._children) + 1, os.cpu_count() or 1):
            try:
                spare, waits = self._spare()
            except OSError:  # no room: the next task begins with nothing warm
                break
            self._spares[spare] = waits
        return child

    def _spare(self) -> tuple[int, socket.socket]:
        """A fresh interpreter that imports the flow and then waits for its task, and the channel on which it does."""
        ours, theirs = socket.socketpair()
        with theirs:
            words = ["fresh-task", str(theirs.fileno()), str(os.getpid()), self._root]
            try:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "flowc", *words],
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        process.returncode = 0  # it is `reap` that waits for it
        return process.pid, ours


def run_one(descriptor: int, server: int, root: str) -> int:
    """One task in this interpreter: what a fork server starts where it must not fork. The task comes when it has one."""
    os.set_inheritable(descriptor, False)
    with socket.socket(fileno=descriptor) as channel:
        loaded = _load(root)
        message = receive(channel)
    return _task(loaded, message, server, adopter()) if message is not None else 0


def _load(root: str) -> Loaded | Broken:
    """The user's flow; where its import raised, what every task then fails with."""
    flow = os.environ["FLOWC_FLOW"]
    try:
        with guard.own_process("the flow's module"):
            return prepare(flow, root)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's module may raise anything
        return Broken(flow.rpartition(":")[2], error)


def _task(
    loaded: Loaded | Broken,
    message: Message,
    server: int,
    adopt: Callable[[], object],
    store: Store | None = None,
) -> int:
    """Run the task with its output on a descriptor of its own, and tell its end; the exit code is a container's.

    It says first who it is: whoever sees the fork server die then ends it, and where nobody has seen it yet, it ends by itself.
    """
    call = message.call()
    _, output, report = message.descriptors
    tell(report, {"pid": os.getpid(), "stacks": _shows_stacks()})
    if os.getppid() != server:
        return BUG
    adopt()
    os.dup2(output, 1)
    os.dup2(output, 2)
    for descriptor in (message.descriptors[0], output):
        os.close(descriptor)
    with Output() as printed:
        try:
            reported = _done(loaded, call, printed, report, store)
        except (CallMistake, SetupError) as error:
            reported = Reported(call["index"], MISTAKE, message=str(error))
        except (Terminated, KeyboardInterrupt):  # just before the task has begun, or when all of it was done
            reported = Reported(call["index"], TERMINATED, message="ended by a signal")
        except Exception:  # noqa: BLE001 - the last resort: a fault of ours is told as one
            reported = Reported(call["index"], BUG, message=traceback.format_exc())
    told = {"fan": reported.fan, "case": reported.case, "caught": reported.caught, "message": _message(reported)}
    tell(report, {**told, "exit_code": reported.exit_code})
    return reported.exit_code


def _done(loaded: Loaded | Broken, call: dict[str, Any], printed: Output, report: int, store: Store | None) -> Reported:
    """The task that the call names, or the tasks, each of which is told of; a foreach's width as whoever starts its members counts them."""
    word, asked = parse_step_word(call["step"]), _call(call)
    store = store or open_store(os.environ["FLOWC_STORE"])
    if word.is_group:
        with guard.termination(), guard.own_process("the container"):
            reported = run_group(
                loaded, asked, word, store, call.get("taken"), lambda said: tell(report, said), clears=False
            )
    else:
        reported = execute(loaded, asked, store, printed)
    if reported.fan is not None and word.counts_by > 1:
        tell(report, {"width": reported.fan})
    return reported._replace(fan=word.width(reported.fan))


def _shows_stacks() -> bool:
    """Print where all threads are at SIGUSR1, also where a library keeps the interpreter; False where the flow takes that signal."""
    if signal.getsignal(STACKS) is not signal.SIG_DFL:
        return False
    faulthandler.register(STACKS, file=2)
    return True


def _message(reported: Reported) -> str:
    return reported.message or (reported.failure.stacktrace if reported.failure else "")


def _call(call: dict[str, Any]) -> TaskCall:
    parameters, trigger = started_by(call.get("parameters", {}), os.environ if "loads" not in call else {})
    step, (index, iteration) = parse_step_word(call["step"]).steps[0], iteration_in(call["index"])
    return TaskCall(
        step.rstrip("~"),
        run=call["run"],
        index=index,
        retry=call["retry"],
        loads=parse_loads(call.get("loads", "")),
        owner=call.get("owner", ""),
        parameters=parameters,
        tags=tuple(call.get("tags", ())),
        project=os.environ.get("FLOWC_PROJECT", ""),
        trigger=trigger,
        origin=call.get("origin", ""),
        repeats=step.endswith("~"),
        iteration=iteration,
    )
