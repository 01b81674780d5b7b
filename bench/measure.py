"""CPU, wall time and memory of a command and of all processes that it starts."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024
"""`ru_maxrss` counts in KiB."""

LAUNCHER = Path(__file__).with_name("launched.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall seconds, the memory of the largest process in MiB, and what the command printed."""

    cpu: float
    wall: float
    memory: float
    output: str


class CommandFailedError(Exception):
    """A measured command did not end well; the message holds the end of its output."""


def run(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path | None = None, user: int | None = None
) -> Cost:
    """Run a command to its end, as that user, with the processes that it waits for counted.

    Its output goes to the folder `log`, or to where it is started. Raises CommandFailedError.
    """
    file, told = ((log or cwd) / f"{name}-{os.getpid()}.txt" for name in ("output", "took"))
    with file.open("wb") as out, told.open("wb") as heard:
        fd = heard.fileno()
        subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCHER), str(fd), "" if user is None else str(user), *command],
            env=dict(env), cwd=cwd, stdout=out, stderr=subprocess.STDOUT, pass_fds=[fd], check=True,
        )  # fmt: skip
    cpu, wall, memory, code = map(float, told.read_text(encoding="ascii").split())
    output = file.read_text(encoding="utf-8", errors="replace")
    if code:
        raise CommandFailedError(f"{' '.join(command)} ended with {code:.0f}:\n{output[-1500:]}")
    return Cost(cpu, wall, memory / MIB, output)


def median_of(costs: Sequence[Cost]) -> Cost:
    """Each number's median, with the last output."""
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.memory for cost in costs),
        costs[-1].output,
    )


def side_by_side(first: Callable[[], Cost], second: Callable[[], Cost], runs: int) -> tuple[Cost, Cost]:
    """Medians of two commands that take turns, so that a busy moment of the machine falls on both."""
    one, other = in_turn((first, second), runs)
    return one, other


def in_turn(commands: Sequence[Callable[[], Cost]], runs: int) -> tuple[Cost, ...]:
    """Medians of any number of commands that take turns."""
    rounds = [[command() for command in commands] for _ in range(runs)]
    return tuple(median_of(costs) for costs in zip(*rounds, strict=True))
