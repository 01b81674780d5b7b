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

from flowc.container.messages import STACKS, nameless, send, told
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
class ForkServer:
    """A process that starts tasks, and the channel on which it is told to."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    received: bytes = b""


def begin(environment: Environment = ()) -> ForkServer:
    """Start a fork server. It imports what every flow needs, and waits until a `Workers` says which flow is meant.

    `environment` is in its environment from the start. Raises OSError where the system has no room for it.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "flowc", "fork-server", str(theirs.fileno())],
                env={**inherited(os.environ), "PYTHONUNBUFFERED": "1", **dict(environment)},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
    return ForkServer(process, ours)


@contextlib.contextmanager
def begun() -> Iterator[ForkServer | None]:
    """A fork server that starts while the flow is still compiled; gone after the block, whether it was used or not."""
    try:
        server = begin()
    except OSError:  # the first task finds no room either, and says so
        yield None
        return
    try:
        yield server
    finally:
        server.channel.close()
        if server.process.returncode is None:
            _kill(server)


@mutable
class _Child:
    """What is read from one running task."""

    server: ForkServer
    output: int
    report: int
    watch: quiet.Watch
    lines: Lines = fresh(default_factory=Lines)
    several: bool = False
    """Whether its process does several tasks, each of which it tells of."""
    heard: int = 0
    """Lines of its report that were heard."""

    def who(self) -> Mapping[str, object]:
        """The first line of its report; empty where it has not said yet who it is."""
        return next(iter(told(self.report)), {})

    @property
    def pid(self) -> int:
        """Its process; 0 where that is not known yet."""
        return _whole_number(self.who().get("pid"))

    def within(self) -> list[Mapping[str, object]]:
        """What it has said of tasks of its own since it was asked last."""
        if not self.several:
            return []
        lines = told(self.report)
        fresh_lines, self.heard = lines[self.heard :], len(lines)
        return [line for line in fresh_lines if "task" in line]

    def end(self) -> Mapping[str, object]:
        """How it has ended, by its own word; empty where it has none."""
        said: dict[str, object] = {}
        for line in told(self.report)[1:]:
            if "task" not in line:
                said |= line
        return said if "exit_code" in said else {}


def _whole_number(value: object) -> int:
    return value if isinstance(value, int) else 0


@mutable
class Workers:
    """Starts tasks and tells what they write and how they end. Close it, whatever happens."""

    variables: Mapping[str, str]
    root: str
    begun: ForkServer | None = None
    """One that has been begun before, for the tasks that ask for no environment of their own."""
    _servers: dict[Environment, ForkServer] = fresh(default_factory=dict)
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

    def _sent(self, server: ForkServer, call: Mapping[str, object]) -> int:
        with contextlib.ExitStack() as stack, contextlib.ExitStack() as kept:
            output, output_end = os.pipe()
            kept.callback(os.close, output)
            stack.callback(os.close, output_end)
            report = nameless()
            kept.callback(os.close, report)
            file = nameless(json.dumps(call).encode())
            stack.callback(os.close, file)
            send(server.channel, self._tickets + 1, (file, output_end, report))
            kept.pop_all()
        self._tickets += 1
        several = not str(call["step"]).rstrip("~").isidentifier()
        child = self._children[self._tickets] = _Child(server, output, report, quiet.Watch(0.0), several=several)
        child.watch.hear()
        os.set_blocking(output, False)
        self._selector.register(output, selectors.EVENT_READ, self._tickets)
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
            yield from (Within(ticket, each) for each in child.within())
            pid = child.pid if child.watch.is_silent else 0
            if pid and child.watch.is_quiet(pid):
                yield Quiet(ticket, pid, quiet.QUIET, bool(child.who()["stacks"]))

    def show_stacks(self, ticket: int) -> None:
        """Let a task print where its threads are, where it can."""
        child = self._children.get(ticket)
        if child is not None and child.who().get("stacks"):
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

    def _open(self, environment: Environment) -> ForkServer:
        """A fork server that imports the flow: the one that has been begun before, where it has this environment."""
        server, self.begun = (self.begun, None) if not environment and self.begun else (begin(environment), self.begun)
        self._servers[environment] = server
        self._selector.register(server.channel, selectors.EVENT_READ, server)
        said = {"variables": {**self.variables, **dict(environment)}, "root": self.root}
        file = nameless(json.dumps(said).encode())
        with contextlib.suppress(ConnectionError):  # it has died, which the first task finds out
            send(server.channel, 0, (file,))
        os.close(file)
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
            return
        child.watch.hear()
        lines = child.lines.take(data)
        growing = child.lines.growing()
        if lines or growing:
            yield Printed(ticket, tuple(lines), growing)

    def _answers(self, server: ForkServer) -> Iterator[Event]:
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

    def _lost(self, server: ForkServer) -> Iterator[Event]:
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
        pid = self._children[ticket].pid
        if pid:
            end_session(pid)

    def _ended(self, ticket: int, status: int, lost: str = "") -> Iterator[Event]:
        child = self._children[ticket]
        yield from (Within(ticket, each) for each in child.within())
        lines = (*child.lines.take(drained(child.output)), *child.lines.rest())
        if lines:
            yield Printed(ticket, lines)
        report = child.end()
        if lost:
            status = _whole_number(report["exit_code"]) << 8 if report else status
            report = report or {"message": lost}
        self._drop(ticket)
        yield Ended(ticket, status, report)

    def _drop(self, ticket: int) -> None:
        child = self._children.pop(ticket)
        if child.output in self._selector.get_map():
            self._selector.unregister(child.output)
        for descriptor in (child.output, child.report):
            os.close(descriptor)


def _kill(server: ForkServer) -> None:
    """End a fork server and all of its session, at once."""
    server.process.kill()
    server.process.wait()
    end_session(server.process.pid)


def _dead(server: ForkServer) -> str:
    """What to say of a fork server that has ended."""
    code = server.process.returncode
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"the process that imports the flow and starts its tasks (the fork server) {how}, and its tasks were ended"
