"""The processes of a local run: one fork server per distinct environment, which forks a child per task.

A fork server (`flowc.container.fork_server`) is a fresh interpreter that imports the user's module once. It gets a task as a
message with two descriptors, the task's output and its report, and answers with the child's wait status when it has ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping

from compiler.run.environment import inherited
from compiler.slotted_class import fresh, mutable, record

_LONGEST = 4096
"""Bytes of a line without an end that are shown as it grows."""

Environment = tuple[tuple[str, str], ...]


@record
class Line:
    """One line that a task wrote, without its end."""

    ticket: int
    text: str
    is_growing: bool = False
    """Whether it has no end yet: what comes takes its place."""


@record
class Ended:
    """A task's process has ended; `report` is what it told, empty where it was killed before it could."""

    ticket: int
    status: int
    report: Mapping[str, object]


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
    text: bytes = b""
    told: bytes = b""


@mutable
class Workers:
    """Starts tasks and tells what they write and how they end. Close it, whatever happens."""

    variables: Mapping[str, str]
    root: str
    _servers: dict[Environment, _ForkServer] = fresh(default_factory=dict)
    _children: dict[int, _Child] = fresh(default_factory=dict)
    _selector: selectors.DefaultSelector = fresh(default_factory=selectors.DefaultSelector)
    _tickets: int = 0

    def start(self, environment: Environment, call: Mapping[str, object]) -> int:
        """Start a task in the fork server of its environment; the ticket names it from then on."""
        server = self._servers.get(environment) or self._open(environment)
        self._tickets += 1
        output, output_end = os.pipe()
        report, report_end = os.pipe()
        message = json.dumps({"ticket": self._tickets, "call": call}).encode()
        try:
            socket.send_fds(server.channel, [struct.pack("!I", len(message))], [output_end, report_end])
            server.channel.sendall(message)
        finally:
            os.close(output_end)
            os.close(report_end)
        self._children[self._tickets] = _Child(server, output, report)
        for descriptor in (output, report):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, self._tickets)
        return self._tickets

    def wait(self, timeout: float | None) -> Iterator[Line | Ended]:
        """What has happened within `timeout` seconds (None: until something does)."""
        for key, _ in self._selector.select(timeout):
            if isinstance(key.data, int):
                yield from self._read(key.data, key.fd)
            else:
                yield from self._answers(key.data)

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
            self._drop(ticket)
        self._selector.close()

    def _open(self, environment: Environment) -> _ForkServer:
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "flowc", "fork-server", str(theirs.fileno()), self.root],
            env={**inherited(os.environ), **self.variables, **dict(environment)},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        server = self._servers[environment] = _ForkServer(process, ours)
        self._selector.register(ours, selectors.EVENT_READ, server)
        return server

    def _read(self, ticket: int, descriptor: int) -> Iterator[Line]:
        """Take what is in a pipe now. A process that outlives its task keeps the pipe open, and does not keep us waiting."""
        child = self._children.get(ticket)
        while child is not None and descriptor in self._selector.get_map():
            try:
                data = os.read(descriptor, 1 << 16)
            except BlockingIOError:
                return
            if not data:
                self._selector.unregister(descriptor)
            elif descriptor == child.report:
                child.told += data
            else:
                *lines, child.text = (child.text + data).split(b"\n")
                yield from (Line(ticket, line.decode(errors="replace")) for line in lines)
                yield from self._growing(ticket, child)

    def _growing(self, ticket: int, child: _Child) -> Iterator[Line]:
        """The line that has no end yet; of a long one what went before its last beginning is forgotten."""
        if len(child.text) > _LONGEST and b"\r" in child.text:
            *before, last = child.text.split(b"\r")
            child.text = b"\r".join((*before[-1:], last))
        if child.text and len(child.text) <= _LONGEST:
            yield Line(ticket, child.text.decode(errors="replace"), is_growing=True)

    def _answers(self, server: _ForkServer) -> Iterator[Line | Ended]:
        data = server.channel.recv(1 << 16)
        if not data:
            yield from self._lost(server)
            return
        *lines, server.received = (server.received + data).split(b"\n")
        for line in lines:
            answer = json.loads(line)
            yield from self._ended(answer["ticket"], answer["status"])

    def _lost(self, server: _ForkServer) -> Iterator[Line | Ended]:
        """A server that died takes its children with it: each of them is a killed task."""
        self._selector.unregister(server.channel)
        environment = next(key for key, value in self._servers.items() if value is server)
        del self._servers[environment]
        server.channel.close()
        _kill(server)
        for ticket in [ticket for ticket, child in self._children.items() if child.server is server]:
            yield from self._ended(ticket, signal.SIGKILL)

    def _ended(self, ticket: int, status: int) -> Iterator[Line | Ended]:
        child = self._children[ticket]
        for descriptor in (child.output, child.report):
            yield from self._read(ticket, descriptor)
        if child.text:
            yield Line(ticket, child.text.decode(errors="replace"))
        self._drop(ticket)
        yield Ended(ticket, status, json.loads(child.told) if child.told.endswith(b"\n") else {})

    def _drop(self, ticket: int) -> None:
        child = self._children.pop(ticket)
        for descriptor in (child.output, child.report):
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
            os.close(descriptor)


def _kill(server: _ForkServer) -> None:
    """End a fork server and all of its session, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
