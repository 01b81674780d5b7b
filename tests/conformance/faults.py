"""Steps that fail: for a time or for good, by an exception, by a kill, by taking too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.conformance.acts import UNFORESEEN, Running, Unforeseen

Kind = Literal["raise", "kill", "hang"]
LIMIT = 3
"""Seconds that a step may take that hangs: far more than all else it does."""

_KILL = "os.kill(os.getpid(), signal.SIGKILL)"
_HANG = "time.sleep(600)"


@dataclass(frozen=True, slots=True)
class Failure:
    """What `@catch` leaves; only the exception's text is foreseen."""

    exception: str
    stacktrace: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a later step reads of a failure that was caught."""

    step: str
    variable: str

    def lines(self) -> list[str]:
        return [f"self.told_{self.step} = self.{self.variable} and str(self.{self.variable}.exception)"]

    def apply(self, task: Running) -> None:
        caught = task.state[self.variable]
        told = caught.exception if isinstance(caught, Failure) else None
        task.state[f"told_{self.step}"] = caught if isinstance(caught, Unforeseen) else told


@dataclass(frozen=True, slots=True)
class FailFirst:
    """The first attempts fail after they have set an artifact, at one place or at all; all of a gang, where `nodes` is its width."""

    step: str
    kind: Kind
    failures: int
    only_index: int | None
    nodes: int | None = None

    def lines(self) -> list[str]:
        where = "" if self.only_index is None else f" and self.index == {self.only_index}"
        fails = {
            "raise": 'raise RuntimeError("planned failure %d" % current.retry_count)',
            "kill": _KILL,
            "hang": _HANG,
        }
        return [
            f"if current.retry_count < {self.failures}{where}:",
            f"    self.ghost_{self.step} = current.retry_count",
            f"    {fails[self.kind]}",
            f'self.haunted_{self.step} = hasattr(self, "ghost_{self.step}")',
        ]

    def apply(self, task: Running) -> None:
        task.state[f"haunted_{self.step}"] = False

    def attempts(self, path: tuple[int, ...]) -> int:
        """How many attempts the task at this place takes."""
        fails = _hits(self.only_index, path) if self.nodes is None else (self.only_index or 0) < self.nodes
        return self.failures + 1 if fails else 1


@dataclass(frozen=True, slots=True)
class FailAlways:
    """A step that fails for good, at one place or at all, and is caught: at its end, or at its begin by a kill."""

    step: str
    kind: Kind
    retries: int
    only_index: int | None

    @property
    def variable(self) -> str:
        """The artifact that holds the failure."""
        return f"caught_{self.step}"

    def lines(self) -> list[str]:
        where = "True" if self.only_index is None else f"self.index == {self.only_index}"
        fails = {"raise": f'raise ValueError("never works: {self.step}")', "kill": _KILL, "hang": _HANG}
        return [f"if {where}:", f"    {fails[self.kind]}"]

    def apply(self, task: Running) -> None:
        if not _hits(self.only_index, task.path):
            task.state[self.variable] = None
            return
        # The words for a kill and for a timeout are the runtime's own; a kill leaves nothing of what the step does.
        task.state[self.variable] = Failure(f"never works: {self.step}") if self.kind == "raise" else UNFORESEEN
        task.is_over = True

    def attempts(self, path: tuple[int, ...]) -> int:
        """How many attempts the task at this place takes: after the last kill one more that says so."""
        if not _hits(self.only_index, path):
            return 1
        return self.retries + (2 if self.kind == "kill" else 1)


class FlowFailed(Exception):
    """A step has failed for good, and nothing catches it: the run is over."""


@dataclass(frozen=True, slots=True)
class Fatal:
    """A step that fails in every attempt, and with it the run."""

    kind: Kind
    retries: int

    @property
    def decorators(self) -> tuple[str, ...]:
        """What stands above the step."""
        retry = (f"@retry(times={self.retries}, minutes_between_retries=0)",) if self.retries else ()
        return (*decorators(self.kind), *retry)

    def lines(self) -> list[str]:
        fails = {"raise": 'raise LookupError("the end of it")', "kill": _KILL, "hang": _HANG}
        return ["if current.is_running_flow:", f"    {fails[self.kind]}"]

    def apply(self, task: Running) -> None:
        raise FlowFailed


def _hits(only_index: int | None, path: tuple[int, ...]) -> bool:
    return only_index is None or bool(path and path[-1] == only_index)


def decorators(kind: Kind) -> tuple[str, ...]:
    """What a step needs besides `@retry` and `@catch` to fail in this way."""
    return (f"@timeout(seconds={LIMIT})",) if kind == "hang" else ()
