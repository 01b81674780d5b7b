"""What is asked of Airflow, whatever its version, and what it answers: the same few values from both APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from compiler.slotted_class import fresh, record

NOT_WELL = (
    *("none", "scheduled", "queued", "running", "restarting", "deferred"),
    *("up_for_retry", "up_for_reschedule", "failed", "upstream_failed"),
)
"""The states of task instances that have not gone well, or not yet."""
PAGE = 100
"""Rows of one answer: Airflow gives no more, unless it is told to."""
Right = Literal["trigger", "suspend", "delete", "terminate", "retry"]


@record
class Dag:
    """A DAG. `file` is where the server has it; `key` names that file to the API; `params` are given where details were asked for."""

    id: str
    is_paused: bool
    is_stale: bool
    tags: frozenset[str]
    schedule: str
    file: str
    key: str
    has_import_errors: bool
    params: Mapping[str, Any] = fresh(default_factory=dict)


@record
class Row:
    """A DAG run; times in seconds since 1970."""

    dag: str
    id: str
    state: str
    created: float | None
    started: float | None
    finished: float | None
    note: str


@record
class Instance:
    """A task instance: `map_index` is -1 outside mapped groups, `label` the rendered name of a mapped one; `tries` counts from 1."""

    task: str
    map_index: int
    state: str
    tries: int
    started: float | None
    finished: float | None
    label: str = ""

    @property
    def node(self) -> str:
        """The engine's own id of it within a run: `fit`, or `foreach-start.fit[3]`."""
        return self.task if self.map_index < 0 else f"{self.task}[{self.map_index}]"


@record
class Cleared:
    """What is to be done again: all members of tasks, with what comes after them where `with_later`; None: all that have failed.

    `goes_on`: the run does so at once; else it stays ended, and only another clear lets it go on.
    """

    tasks: tuple[str, ...] | None
    with_later: bool = False
    goes_on: bool = True


@record
class Fault:
    """An import error: which file does not load, and why. `stamp` differs each time that the file was tried."""

    file: str
    text: str
    stamp: str


@record
class Chunk:
    """A piece of a log, and the token of what follows; `is_last` where the server says that nothing will."""

    lines: tuple[tuple[float | None, str], ...]
    token: str
    is_last: bool


@record
class Health:
    """Which parts of Airflow do not work, in its own words by part; the time that its clock shows."""

    ill: Mapping[str, str]
    clock: float | None


class Api(Protocol):
    """Airflow's REST API. Each method raises EngineError; those that name something NotThereError; those that change RefusedError."""

    version: str
    """The server's own: `3.3.2`."""

    def dags(self, tag: str) -> Iterator[Dag]:
        """All that have the tag and are not stale, by id, without details."""
        ...

    def dag(self, dag: str) -> Dag:
        """One, with details; also one that is stale."""
        ...

    def source(self, dag: Dag) -> str:
        """The text of its file, as Airflow has last read it."""
        ...

    def faults(self) -> tuple[Fault, ...]:
        """All import errors."""
        ...

    def reparse(self, dag: Dag) -> None:
        """Ask for its file to be read soon."""
        ...

    def pause(self, dag: str, *, is_paused: bool) -> None:
        """Let nothing start its runs, or take that back."""
        ...

    def forget(self, dag: str) -> None:
        """Remove all that the database has of a DAG whose file is gone."""
        ...

    def start(self, dag: str, run: str, conf: Mapping[str, object], note: str) -> Row:
        """Start a run of that id; one of that id that is there already is the answer."""
        ...

    def row(self, dag: str, run: str) -> Row:
        """A run."""
        ...

    def rows(self, dag: str, limit: int, states: Sequence[str] = ()) -> tuple[Row, ...]:
        """Runs, the newest first."""
        ...

    def mark(self, dag: str, run: str, *, state: str | None, note: str | None) -> None:
        """Set a run's state, its note, or both."""
        ...

    def instances(self, dag: str, run: str, most: int) -> tuple[Instance, ...]:
        """The task instances of a run; where there are more than `most`, those that have not ended well, and some of the others."""
        ...

    def instance(self, dag: str, run: str, task: str, map_index: int) -> Instance:
        """One task instance."""
        ...

    def pushed(self, dag: str, run: str, task: str) -> object:
        """What a task outside mapped groups has returned."""
        ...

    def log(self, dag: str, run: str, of: Instance, token: str) -> Chunk:
        """A piece of the log of an instance's try `of.tries`."""
        ...

    def clear(self, dag: str, run: str, cleared: Cleared) -> None:
        """Let tasks be done again."""
        ...

    def health(self) -> Health:
        """How Airflow's own parts are."""
        ...

    def may(self, right: Right) -> bool | None:
        """Whether a DAG that does not exist could be changed so, which changes nothing; None where that does not tell."""
        ...


def seconds(text: object) -> float | None:
    """A time of the API's as seconds since 1970."""
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def text_of(value: object) -> str:
    """A text, empty where there is none."""
    return value if isinstance(value, str) else ""


def row_of(found: Mapping[str, Any]) -> Row:
    """A run as both versions tell it."""
    times = [seconds(found.get(key)) for key in ("queued_at", "run_after", "start_date", "logical_date")]
    return Row(
        dag=text_of(found.get("dag_id")),
        id=text_of(found.get("dag_run_id")),
        state=text_of(found.get("state")),
        created=next((each for each in times if each is not None), None),
        started=seconds(found.get("start_date")),
        finished=seconds(found.get("end_date")),
        note=text_of(found.get("note")),
    )


def instance_of(found: Mapping[str, Any]) -> Instance:
    """A task instance as both versions tell it; one without a state waits for what comes before it."""
    return Instance(
        task=text_of(found.get("task_id")),
        map_index=_whole(found.get("map_index"), -1),
        state=text_of(found.get("state")),
        tries=_whole(found.get("try_number"), 0),
        started=seconds(found.get("start_date")),
        finished=seconds(found.get("end_date")),
        label=text_of(found.get("rendered_map_index")),
    )


def tags_of(found: Mapping[str, Any]) -> frozenset[str]:
    """The names of a DAG's tags."""
    return frozenset(text_of(tag.get("name")) for tag in found.get("tags") or () if isinstance(tag, dict))


def fault_of(found: Mapping[str, Any]) -> Fault:
    """An import error as both versions tell it."""
    stamp = f"{found.get('import_error_id')} {found.get('timestamp')}"
    return Fault(text_of(found.get("filename")), text_of(found.get("stack_trace")), stamp)


def ill(found: object) -> dict[str, str]:
    """Which parts are not healthy: a part that is not there has no status."""
    parts = found.items() if isinstance(found, dict) else ()
    statuses = {text_of(part): told.get("status") for part, told in parts if isinstance(told, dict)}
    return {part: str(status) for part, status in statuses.items() if status not in (None, "healthy")}


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
