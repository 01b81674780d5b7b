"""What starts a task of the local run: a number over a socket, and three descriptors with it: its call, its output, its report.

Call and report stand in files without names. So a message is never partly there, however large the parameters are and whoever ends in
between; and a task that tells of itself waits for nobody who reads it, nor wakes them before its end.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
from typing import Any, NamedTuple

STACKS = signal.SIGUSR1
"""The signal at which a task prints where each of its threads is."""

_TICKET = struct.Struct("!I")


class Message(NamedTuple):
    """A task to start: the number of its start, and the descriptors, which the receiver closes; none where it had no room for them."""

    ticket: int
    descriptors: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all descriptors came with it."""
        return len(self.descriptors) == 3  # noqa: PLR2004 - call, output, report

    def call(self) -> dict[str, Any]:
        """The call."""
        found: dict[str, Any] = json.loads(contents(self.descriptors[0]))
        return found

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in self.descriptors:
            os.close(descriptor)


def nameless(data: bytes = b"") -> int:
    """The descriptor of a new file without a name that holds the bytes."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("flowc")
    else:
        import tempfile

        with tempfile.TemporaryFile() as made:
            file = os.dup(made.fileno())
    try:
        while data:
            data = data[os.write(file, data) :]
    except OSError:
        os.close(file)
        raise
    return file


def contents(file: int) -> bytes:
    """All that is in such a file by now."""
    return os.pread(file, os.fstat(file).st_size, 0)


def tell(report: int, said: dict[str, Any]) -> None:
    """Add a line to a report."""
    os.write(report, json.dumps(said).encode() + b"\n")


def told(report: int) -> list[dict[str, Any]]:
    """The lines of a report: who the task is, and at its end how it has ended."""
    *lines, _ = contents(report).split(b"\n")
    return [json.loads(line) for line in lines]


def send(channel: socket.socket, ticket: int, descriptors: tuple[int, ...]) -> None:
    """Send a message. Raises OSError where nobody is there to take it."""
    socket.send_fds(channel, [_TICKET.pack(ticket)], list(descriptors))


def receive(channel: socket.socket) -> Message | None:
    """The next message; None where the other side has gone."""
    try:
        data, descriptors, _, _ = socket.recv_fds(channel, _TICKET.size, 3)
        while data and len(data) < _TICKET.size:
            more = channel.recv(_TICKET.size - len(data))
            data = data + more if more else b""
    except ConnectionError:
        return None
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return Message(_TICKET.unpack(data)[0], tuple(descriptors)) if data else None
