"""The processes of a local run: one fork server per distinct environment, which starts a process per task.

A fork server (`flowc.container.fork_server`) is a fresh interpreter that imports the user's module once. It gets a task as a
message with descriptors, the task's call, output and report, and answers with the wait status when the task has ended. A server
that dies is replaced by another at the next task.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping

from flowc.container.messages import STACKS, send, written
from flowc.container.sessions import end_session

from compiler.run import quiet
from compiler.run.environment import inherited
from compiler.run.lines import CHUNK, Lines, drained
from compiler.slotted_class import fresh, mutable, record

_TRIES = 3
"""How many fork servers may die before one takes a task."""

Environment = tuple[tuple[str, str], ...]


@record
class Printed:
    """Lines that a task wrote, without their ends, and the line that has no end yet: what comes takes its place."""

    ticket: int
    lines: tuple[str, ...]
    growing: str = ""


@record
class Within:
    """A task has ended, of the several that a process does: `said` is what `flowc.grouping.running.Tell` says of it."""

    ticket: int
    said: Mapping[str, object]


@record
class Quiet:
    """A task has written nothing and done nothing for `seconds`; SIGUSR1 to `pid` prints where it is, where `shows_stacks`."""

    ticket: int
    pid: int
    seconds: float
    shows_stacks: bool


@record
class Refused:
    """The system had no room for the task's process: it has not begun."""

    ticket: int
    why: str


@record
class Ended:
    """A task's process has ended; `report` is what it told, or why it could tell nothing, empty where nobody knows."""

    ticket: int
    status: int
    report: Mapping[str, object]


Event = Printed | Within | Quiet | Refused | Ended


@mutable
class _ForkServer:
    process: subprocess.Popen[bytes]
    channel: socket.socket
    received: bytes = b""


@mutable
class _Child:
    """What is read from one running task."""

    server: _ForkServer
    output: int
    report: int
    watch: quiet.Watch
    lines: Lines = fresh(default_factory=Lines)
    told: bytes = b""
    end: Mapping[str, object] = fresh(default_factory=dict)
    facts: dict[str, object] = fresh(default_factory=dict)
    pid: int = 0
    shows_stacks: bool = False

    def take(self, data: bytes) -> list[Mapping[str, object]]:
        """Read on in the report: who the task is, and how it has ended. What it says of tasks of its own."""
        *lines, self.told = (self.told + data).split(b"\n")
        found: list[Mapping[str, object]] = []
        for line in lines:
            said = json.loads(line)
            if "pid" in said:
                self.pid, self.shows_stacks = said["pid"], said["stacks"]
            elif "task" in said:
                found.append(said)
            elif "exit_code" in said:
                self.end = said
            else:
                self.facts |= said
        return found


@mutable
class Workers:
    """Starts tasks and tells what they write and how they end. Close it, whatever happens."""

    variables: Mapping[str, str]
    root: str
    _servers: dict[Environment, _ForkServer] = fresh(default_factory=dict)
    _children: dict[int, _Child] = fresh(default_factory=dict)
    _selector: selectors.DefaultSelector = fresh(default_factory=selectors.DefaultSelector)
    _events: deque[Event] = fresh(default_factory=deque)
    """What has happened while a task was started."""
    _tickets: int = 0

    def start(self, environment: Environment, call: Mapping[str, object]) -> int:
        """Start a task in the fork server of its environment; the ticket names it from then on.

        Raises OSError where the system has no room: too many open files, too many processes.
        """
        why = ""
        for _ in range(_TRIES):
            server = self._servers.get(environment) or self._open(environment)
            try:
                return self._sent(server, call)
            except ConnectionError:
                self._events += self._lost(server)
                why = _dead(server)
        self._tickets += 1
        self._events.append(Ended(self._tickets, signal.SIGKILL, {"message": why}))
        return self._tickets

    def _sent(self, server: _ForkServer, call: Mapping[str, object]) -> int:
        with contextlib.ExitStack() as stack, contextlib.ExitStack() as kept:
            ends = []
            for _ in ("output", "report"):
                reading, writing = os.pipe()
                kept.callback(os.close, reading)
                stack.callback(os.close, writing)
                ends.append((reading, writing))
            (output, output_end), (report, report_end) = ends
            file = stack.enter_context(written(call))
            send(server.channel, self._tickets + 1, (file, output_end, report_end))
            kept.pop_all()
        self._tickets += 1
        child = self._children[self._tickets] = _Child(server, output, report, quiet.Watch(0.0))
        child.watch.hear()
        for descriptor in (output, report):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, self._tickets)
        return self._tickets

    def wait(self, timeout: float) -> Iterator[Event]:
        """What has happened within `timeout` seconds."""
        for key, _ in self._selector.select(0 if self._events else timeout):
            if isinstance(key.data, int):
                yield from self._read(key.data, key.fd)
            elif key.data in self._servers.values():
                yield from self._answers(key.data)
        while self._events:
            yield self._events.popleft()
        for ticket, child in tuple(self._children.items()):
            if child.pid and child.watch.is_quiet(child.pid):
                yield Quiet(ticket, child.pid, quiet.QUIET, child.shows_stacks)

    def show_stacks(self, ticket: int) -> None:
        """Let a task print where its threads are, where it can."""
        child = self._children.get(ticket)
        if child is not None and child.shows_stacks:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, STACKS)

    def close(self) -> None:
        """End every process that still runs: a server whose channel closes ends its children first, unless we are interrupted again."""
        try:
            for server in self._servers.values():
                server.channel.close()
            for server in self._servers.values():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.process.wait(10)
        finally:
            for server in self._servers.values():
                _kill(server)
            for ticket in tuple(self._children):
                self._end_orphan(ticket)
                self._drop(ticket)
            self._selector.close()

    def _open(self, environment: Environment) -> _ForkServer:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "flowc", "fork-server", str(theirs.fileno()), self.root],
                    env={**inherited(os.environ), **self.variables, **dict(environment)},
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        server = self._servers[environment] = _ForkServer(process, ours)
        self._selector.register(ours, selectors.EVENT_READ, server)
        return server

    def _read(self, ticket: int, descriptor: int) -> Iterator[Event]:
        """Take some of what is in a pipe: a task that writes without pause does not keep us from the others."""
        child = self._children.get(ticket)
        if child is None or descriptor not in self._selector.get_map():
            return
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._selector.unregister(descriptor)
        elif descriptor == child.report:
            yield from (Within(ticket, each) for each in child.take(data))
        else:
            child.watch.hear()
            lines = child.lines.take(data)
            growing = child.lines.growing()
            if lines or growing:
                yield Printed(ticket, tuple(lines), growing)

    def _answers(self, server: _ForkServer) -> Iterator[Event]:
        try:
            data = server.channel.recv(CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            yield from self._lost(server)
            return
        *lines, server.received = (server.received + data).split(b"\n")
        for line in lines:
            answer = json.loads(line)
            if "refused" in answer:
                self._drop(answer["ticket"])
                yield Refused(answer["ticket"], answer["refused"])
            else:
                yield from self._ended(answer["ticket"], answer["status"])

    def _lost(self, server: _ForkServer) -> Iterator[Event]:
        """A server that died takes its children with it; one that had told its end before has ended so."""
        self._selector.unregister(server.channel)
        environment = next(key for key, value in self._servers.items() if value is server)
        del self._servers[environment]
        server.channel.close()
        _kill(server)
        for ticket in [ticket for ticket, child in self._children.items() if child.server is server]:
            self._end_orphan(ticket)
            yield from self._ended(ticket, signal.SIGKILL, lost=_dead(server))

    def _end_orphan(self, ticket: int) -> None:
        """End a task that has no server any more. One that has not said yet who it is ends by itself before it begins."""
        child = self._children[ticket]
        with contextlib.suppress(OSError):
            child.take(drained(child.report))
        if child.pid:
            end_session(child.pid)

    def _ended(self, ticket: int, status: int, lost: str = "") -> Iterator[Event]:
        child = self._children[ticket]
        yield from (Within(ticket, each) for each in child.take(drained(child.report)))
        lines = (*child.lines.take(drained(child.output)), *child.lines.rest())
        if lines:
            yield Printed(ticket, lines)
        report = {**child.facts, **child.end} if child.end else {}
        if lost:
            code = report.get("exit_code")
            status = code << 8 if isinstance(code, int) else status
            report = report or {"message": lost}
        self._drop(ticket)
        yield Ended(ticket, status, report)

    def _drop(self, ticket: int) -> None:
        child = self._children.pop(ticket)
        for descriptor in (child.output, child.report):
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
            os.close(descriptor)


def _kill(server: _ForkServer) -> None:
    """End a fork server and all of its session, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    end_session(server.process.pid)


def _dead(server: _ForkServer) -> str:
    """What to say of a fork server that has ended."""
    code = server.process.returncode
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"the process that imports the flow and starts its tasks (the fork server) {how}, and its tasks were ended"
