"""What starts a task of the local run: a number over a socket, and three descriptors with it: its call, its output, its report.

The call stands in a file without a name, so that a message is never partly there, however large the parameters are and whoever
ends in between.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
from collections.abc import Iterator
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
        """The call, which is read once."""
        with os.fdopen(os.dup(self.descriptors[0]), "rb") as file:
            file.seek(0)
            found: dict[str, Any] = json.load(file)
        return found

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in self.descriptors:
            os.close(descriptor)


@contextlib.contextmanager
def written(call: Any) -> Iterator[int]:
    """The descriptor of a file that holds a call, open as long as the block."""
    with _nameless() as file:
        file.write(json.dumps(call).encode())
        file.flush()
        yield file.fileno()


def _nameless() -> Any:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("call"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()


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
