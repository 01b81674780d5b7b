"""A process that has imported a flow once and forks a child for every task: how the local run starts tasks quickly.

Messages come over a socket: a length, two descriptors (the task's output, its report), JSON of the call. A line of JSON goes back
for every child that has ended. Where the user's import has started threads, a fork would not be safe: then each task gets a fresh
interpreter.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
from typing import Any

from flowc.artifacts.address import parse_loads
from flowc.container.command import started_by
from flowc.exceptions import CallMistake
from flowc.source.module import Loaded, prepare
from flowc.store import open_store
from flowc.task.call import BUG, MISTAKE, Broken, Reported, TaskCall
from flowc.task.forks import has_threads, reseed
from flowc.task.output import Output
from flowc.task.task import execute

_GRACE = 5.0
"""Seconds that a task has to end when the run is over before it is; whoever started the fork server waits longer."""

_HEADER = struct.Struct("!I")


def serve(descriptor: int, root: str) -> int:
    """Answer messages until the other side closes the socket; then end all children."""
    os.set_inheritable(descriptor, False)
    wake, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.signal(signal.SIGCHLD, _noted)
    signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
    server = _ForkServer(socket.socket(fileno=descriptor), _load(root), root)
    signal.signal(signal.SIGTERM, _noted)  # the closed socket says when to end, and then the children end first
    gc.collect()
    gc.freeze()
    while True:
        waiting: list[Any] = [server.channel, wake]
        ready = select.select(waiting, [], [])[0]
        if wake in ready:
            os.read(wake, 1 << 12)
            server.reap()
        if server.channel in ready and not server.take():
            return server.end()


def _noted(*_: object) -> None:
    """A signal whose only effect is to wake the loop."""


class _ForkServer:
    """The imported flow and the children that run its tasks."""

    def __init__(self, channel: socket.socket, loaded: Loaded | Broken, root: str) -> None:
        self.channel, self._loaded, self._root = channel, loaded, root
        self._children: dict[int, int] = {}

    def take(self) -> bool:
        """Start the task that the next message names; False where the other side has gone."""
        message = _receive(self.channel)
        if message is None:
            return False
        said, output, report = message
        start = self._fork if not has_threads() else self._spawn
        self._children[start(said["call"], output, report)] = said["ticket"]
        os.close(output)
        os.close(report)
        return True

    def reap(self) -> None:
        """Tell of every child that has ended."""
        while self._children:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            if child in self._children:
                answer = {"ticket": self._children.pop(child), "status": status}
                self.channel.sendall(json.dumps(answer).encode() + b"\n")

    def end(self) -> int:
        """End the children, which may write down why, and then everything that they have started: as a container ends."""
        for child in self._children:
            os.kill(child, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        while self._children and time.monotonic() < until:
            child, _ = os.waitpid(-1, os.WNOHANG)
            self._children.pop(child, None)
            if not child:
                time.sleep(0.01)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        return 0

    def _fork(self, call: dict[str, Any], output: int, report: int) -> int:
        child = os.fork()
        if child:
            return child
        code = BUG
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            self.channel.close()
            reseed()
            code = _task(self._loaded, call, output, report)
        except BaseException:  # noqa: BLE001 - a fork must never return into its parent's loop
            traceback.print_exc()
        finally:
            os._exit(code)

    def _spawn(self, call: dict[str, Any], output: int, report: int) -> int:
        command = [sys.executable, "-P", "-m", "flowc", "fresh-task", str(output), str(report), self._root]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(output, report))
        assert process.stdin is not None
        process.stdin.write(json.dumps(call).encode())
        process.stdin.close()
        process.returncode = 0  # it is `reap` that waits for it
        return process.pid


def run_one(output: int, report: int, root: str) -> int:
    """One task in this interpreter, its call as JSON on stdin: what a fork server starts where it must not fork."""
    return _task(_load(root), json.load(sys.stdin), output, report)


def _load(root: str) -> Loaded | Broken:
    """The user's flow; where its import raised, what every task then fails with."""
    flow = os.environ["FLOWC_FLOW"]
    try:
        return prepare(flow, root)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's module may raise anything
        return Broken(flow.rpartition(":")[2], error)


def _receive(channel: socket.socket) -> tuple[dict[str, Any], int, int] | None:
    header, descriptors, _, _ = socket.recv_fds(channel, _HEADER.size, 2)
    if not header:
        return None
    size, data = _HEADER.unpack(header)[0], b""
    while len(data) < size:
        data += channel.recv(size - len(data))
    return json.loads(data), descriptors[0], descriptors[1]


def _task(loaded: Loaded | Broken, call: dict[str, Any], output: int, report: int) -> int:
    """Run the task with its output on a descriptor of its own, and tell its end; the exit code is a container's."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    with Output() as printed:
        try:
            reported = execute(loaded, _call(call), open_store(os.environ["FLOWC_STORE"]), printed)
        except CallMistake as error:
            reported = Reported(call["index"], MISTAKE, message=str(error))
        except Exception:  # noqa: BLE001 - the last resort: a fault of ours is told as one
            reported = Reported(call["index"], BUG, message=traceback.format_exc())
    told = {"fan": reported.fan, "case": reported.case, "caught": reported.caught, "message": _message(reported)}
    with os.fdopen(report, "wb") as out:
        out.write(json.dumps(told).encode() + b"\n")
    return reported.exit_code


def _message(reported: Reported) -> str:
    return reported.message or (reported.failure.stacktrace if reported.failure else "")


def _call(call: dict[str, Any]) -> TaskCall:
    parameters, trigger = started_by(call.get("parameters", {}), os.environ if "loads" not in call else {})
    step = call["step"]
    return TaskCall(
        step.rstrip("~"),
        run=call["run"],
        index=call["index"],
        retry=call["retry"],
        loads=parse_loads(call.get("loads", "")),
        owner=call.get("owner", ""),
        parameters=parameters,
        tags=tuple(call.get("tags", ())),
        project=os.environ.get("FLOWC_PROJECT", ""),
        trigger=trigger,
        origin=call.get("origin", ""),
        repeats=step.endswith("~"),
    )
