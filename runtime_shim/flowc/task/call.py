"""A task as it is asked for, and as it ended: what goes into `execute` and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.artifacts.address import Begin, Loads
from flowc.artifacts.manifest import Failure
from flowc.exceptions import MetaflowException
from flowc.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.artifacts.ordering import Fence
    from flowc.store.protocol import Store

DONE, FAILED, MISTAKE, BUG, STORE, TERMINATED = 0, 1, 2, 70, 75, 143
"""Exit codes. No attempt is worth another one after a MISTAKE; after STORE, what lies outside of us may have changed."""


_LONGEST = 16_000
"""Characters of a message from a process of the container: all that it tells must fit into a pipe."""


class Container(NamedTuple):
    """What does a task among others: whatever it begins has this token, and `next` is the key of the container that comes after it."""

    token: str
    next: str

    def marked(self, token: str) -> str:
        """A task's token that tells the container."""
        return token[: -len(self.token)] + self.token

    def is_overtaken(self, store: Store, fence: Fence) -> bool:
        """Whether a later container does the task that has just begun, too; its attempt then says so."""
        if store.size(self.next) is None:
            return False
        from flowc.artifacts import ordering
        from flowc.artifacts.failure import failure_of

        why = failure_of(
            MetaflowException(f"{fence.address}: a later container has begun to do this task, and those behind it")
        )
        ordering.fail(store, fence, why, fence.started, b"", b"")
        return True


class TaskCall(NamedTuple):
    """Which task, and what the engine says of it. `owner`, `parameters`, `tags`, `trigger` and `scheduled` are the first
    step's alone.

    `repeats`: the step's switch may send it back to itself, and the task is all of its iterations; `iteration`: it is that one alone,
    which only a replay asks for.
    `retry` is how much of `@retry` is used up; with `at_most` the engine has also counted what was no start of the task.
    `parameters` by command-line names or attributes, as text or JSON values. `project` is `<project>.<branch>`.
    `container`: the task is one of several that a container does; it ends at once where a later one has begun to do them, too.
    `origin` is the run that this one was resumed from; `scheduled` the time (ISO 8601, UTC) for which a clock started the run.
    """

    step: str
    run: str
    index: str = "-"  # type: ignore[assignment]  # a tuple has a method of that name, which nobody wants here
    retry: int = 0
    at_most: bool = False
    loads: Loads = Begin()
    owner: str = ""
    parameters: Mapping[str, Any] = {}
    tags: tuple[str, ...] = ()
    project: str = ""
    trigger: tuple[Any, ...] = ()
    origin: str = ""
    scheduled: str = ""
    repeats: bool = False
    iteration: int | None = None
    container: Container | None = None


class Reported(NamedTuple):
    """How a task ended. `fan` or `case` only where its manifest became visible (`published`).

    A task that lost to one which started later has exit code 0 and is not published. `failure` is the author's, also where
    `@catch` turned it into an artifact (`caught`). `message` is what to tell where it is neither 0 nor 1. `again`: an iteration
    that sent the step back to itself.
    """

    index: str  # type: ignore[assignment]  # as above
    exit_code: int
    published: bool = False
    fan: int | None = None
    case: int | None = None
    caught: bool = False
    failure: Failure | None = None
    message: str = ""
    again: bool = False

    def as_told(self) -> bytes:
        """What a process of a container tells the one that has started it: JSON, bounded, without the failure, which the store has."""
        import json

        return json.dumps({**self._asdict(), "failure": None, "message": self.message[:_LONGEST]}).encode()


class Broken(NamedTuple):
    """A flow whose module raised while it was imported: the task fails with that exception."""

    name: str
    error: BaseException
