"""What triggered a run: `current.trigger` and `Run.trigger`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from flowc.client.object import restore

if TYPE_CHECKING:
    from flowc.client.flows import Run


class MetaflowEvent(NamedTuple):
    """One event: `type` is `run` where a finished run is meant, whose pathspec, or its last task's, is the `id`; else `event`."""

    name: str
    id: str
    timestamp: Any
    type: str


class Trigger:
    """The events that started a run, the newest first."""

    __module__ = "flowc.client"  # pickles name it there: so the runs that it leads to can be opened

    def __init__(self, events: Iterable[MetaflowEvent], store: str) -> None:
        self._events = sorted(events, key=_moment, reverse=True)
        self._store = store

    @property
    def event(self) -> MetaflowEvent | None:
        """The newest event."""
        return self._events[0] if self._events else None

    @property
    def events(self) -> list[MetaflowEvent] | None:
        """All events; None where there is none."""
        return list(self._events) or None

    @property
    def run(self) -> Run | None:
        """The run that finished last of those that triggered this one; None where no run did."""
        found = self.runs
        return found[0] if found else None

    @property
    def runs(self) -> list[Run] | None:
        """The runs that triggered this one, whatever the namespace; None where no run did."""
        return [self._run(event.id) for event in self._events if event.type == "run"] or None

    def _run(self, pathspec: str) -> Run:
        flow, run, *_ = pathspec.split("/")
        found: Run = restore("Run", f"{flow}/{run}", self._store, None)
        return found

    def __getitem__(self, key: str) -> Any:
        for run in self.runs or ():
            if run.path_components[0] == key:
                return run
        for event in self._events:
            if event.name == key:
                return event
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        try:
            self[str(key)]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[MetaflowEvent]:
        return iter(self._events)

    def __repr__(self) -> str:
        return f"Trigger({', '.join(event.name for event in self._events)})"


def namespaced_event_name(event_name: str) -> Callable[..., str]:
    """What completes an event's name when it is called: `mfns.<project>.<branch>.<name>`, or `mfns.<name>` without a project.

    The compiler knows the name without any call; in a step it is what one publishes.
    """

    def complete(*_: Any) -> str:
        from flowc.language.current import current

        project, branch = current.get("project_name"), current.get("branch_name")
        return ".".join(["mfns", *([project, branch] if project and branch else []), event_name])

    return complete


def trigger_of(events: Iterable[Mapping[str, Any]], store: str) -> Trigger | None:
    """The trigger that a run's record tells of; None where it was started by hand or by its schedule."""
    found = [
        MetaflowEvent(
            str(event.get("name", "")),
            str(event.get("id", "")),
            _time(event.get("timestamp")),
            event.get("type", "event"),
        )
        for event in events
    ]
    return Trigger(found, store) if found else None


def _time(said: Any) -> Any:
    """A number of seconds since 1970 as the language gives times: local, without a zone. Anything else as it is."""
    is_number = isinstance(said, (int, float)) and not isinstance(said, bool)
    return datetime.fromtimestamp(said) if is_number else said


def _moment(event: MetaflowEvent) -> float:
    return event.timestamp.timestamp() if isinstance(event.timestamp, datetime) else float("-inf")
