"""The processes of one run, found by a mark in their environment, whoever started them; and what kills them."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "SOAK_RUN"
PATIENCE = 240.0
"""Seconds after which a run hangs: a hundred times what one takes."""
LEAVING = 30.0
"""Seconds in which a killed run's processes must be gone: they notice, and their tasks have a while to write down why they end."""


def ended(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, mark: str, killer: Killer | None
) -> tuple[int | None, str]:
    """The exit code (None: it hangs, and was killed) and all output of a run that is killed at as the killer has it."""
    log = folder / f"{mark}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env={**environment, MARK: mark}, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL
        )
        with killer.at_work(mark) if killer else contextlib.nullcontext():
            try:
                code: int | None = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                code = None
        if code is None:
            end(mark)
            process.wait()
    return code, log.read_text(errors="replace")


def marked(mark: str) -> list[int]:
    """The process ids that carry the mark; zombies have no environment."""
    wanted, found = f"{MARK}={mark}".encode(), []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if wanted in Path("/proc", name, "environ").read_bytes().split(b"\0"):
                    found.append(int(name))
    return found


def left_behind(mark: str) -> list[str]:
    """The commands that are still there after a while."""
    until = time.monotonic() + LEAVING
    while (found := marked(mark)) and time.monotonic() < until:
        time.sleep(0.05)
    told = []
    for pid in found:
        with contextlib.suppress(OSError):
            told.append(Path("/proc", str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    end(mark)
    return told


def end(mark: str) -> None:
    """Kill all that carry the mark."""
    for pid in marked(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Killer:
    """Sends signals to processes of a run at moments of its own; `counts` says how many of each kind arrived."""

    SIGNALS: Mapping[str, int] = {
        "SIGKILL": signal.SIGKILL,
        "SIGTERM": signal.SIGTERM,
        "SIGINT": signal.SIGINT,
        "SIGSTOP, then SIGCONT": signal.SIGSTOP,
    }
    WEIGHTS = (70, 15, 5, 10)

    def __init__(self, seed: int, pause: float, most: int) -> None:
        self.counts = Counter[str]()
        self._dice, self._pause, self._most = random.Random(seed), pause, most

    @contextlib.contextmanager
    def at_work(self, mark: str):  # type: ignore[no-untyped-def]
        """Kill until the block ends, at most so many times."""
        over = threading.Event()
        thread = threading.Thread(target=self._work, args=(mark, over))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _work(self, mark: str, over: threading.Event) -> None:
        for _ in range(self._most):
            if over.wait(self._dice.expovariate(1 / self._pause)):
                return
            if pids := marked(mark):
                # The first is the command itself: it is hit less often than its tasks, or hardly any run would come far.
                pid = self._dice.choice(pids[1:] if len(pids) > 1 and self._dice.random() < 0.9 else pids)
                self._hit(pid, *self._dice.choices(tuple(self.SIGNALS), self.WEIGHTS))

    def _hit(self, pid: int, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, self.SIGNALS[name])
            self.counts[f"process: {name}"] += 1
            if self.SIGNALS[name] == signal.SIGSTOP:
                time.sleep(self._dice.random())
                os.kill(pid, signal.SIGCONT)
