"""A person at a terminal: what they read, and what they type then."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PATIENCE = 60.0


class Terminal:
    """A command with a terminal of its own, which it controls."""

    def __init__(self, words: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
        self.text = ""
        self.pid, self._ours = pty.fork()
        if self.pid == 0:
            _forget_signals()
            os.chdir(folder)
            os.execve(words[0], list(words), {**variables, "TERM": "dumb", "NO_COLOR": "1"})

    def read(self, until: str) -> str:
        """What it writes up to and with a text, from where the last call ended."""
        end = time.monotonic() + _PATIENCE
        while until not in self.text:
            assert time.monotonic() < end, self.text
            if not self._more(end - time.monotonic()):
                raise AssertionError(f"it ended without {until!r}: {self.text}")
        before, _, self.text = self.text.partition(until)
        return before + until

    def type(self, keys: str) -> None:
        """Type these keys."""
        os.write(self._ours, keys.encode())

    def end(self) -> tuple[int, str]:
        """Its exit code, and what it still writes."""
        while self._more(_PATIENCE):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self._ours)
        return os.waitstatus_to_exitcode(status), self.text

    def _more(self, patience: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], patience)
        assert ready, self.text
        data = b""
        with contextlib.suppress(OSError):  # the other end is closed
            data = os.read(self._ours, 1 << 16)
        self.text += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)


def _forget_signals() -> None:
    """As a shell starts a command: what the tests of this process ignore or block is nothing to it."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def orphans(pid: int) -> list[str]:
    """The processes that still belong to the session of a terminal that is closed."""
    said = subprocess.run(["ps", "-s", str(pid), "-o", "pid="], capture_output=True, text=True, check=False)
    return said.stdout.split()
