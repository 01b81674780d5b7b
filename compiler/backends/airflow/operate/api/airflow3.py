"""Airflow 3: `/api/v2`, by the methods of Apache's own client.

Its methods send, its models spell the bodies; answers are read as JSON, since its models refuse a value that a newer server has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from airflow_client import client as v2

from compiler.backends.airflow.operate.api.protocol import (
    NOT_WELL,
    PAGE,
    Chunk,
    Cleared,
    Dag,
    Fault,
    Health,
    Instance,
    Right,
    Row,
    fault_of,
    ill,
    instance_of,
    row_of,
    seconds,
    tags_of,
    text_of,
)
from compiler.backends.airflow.operate.api.wire import Wire
from compiler.backends.operating import NotThereError, RefusedError

NOBODY = "flowc-doctor-no-such-dag"
"""A DAG that nobody has: a change of it is refused with 403, or there is nothing to change (404)."""
_Page = Callable[[int], Callable[[], Any]]


class Airflow3:
    """`Api` of Airflow 3."""

    def __init__(self, wire: Wire, version: str) -> None:
        self.version = version
        self._wire = wire
        client = wire.client
        self._dags, self._runs, self._tasks = v2.DAGApi(client), v2.DagRunApi(client), v2.TaskInstanceApi(client)
        self._errors, self._sources = v2.ImportErrorApi(client), v2.DagSourceApi(client)
        self._parsing, self._xcoms, self._monitor = v2.DAGParsingApi(client), v2.XComApi(client), v2.MonitorApi(client)

    def dags(self, tag: str) -> Iterator[Dag]:
        """All that have the tag and are not stale, by id."""

        def page(offset: int) -> Callable[[], Any]:
            send = self._dags.get_dags_without_preload_content
            asked: dict[str, Any] = {"tags": [tag], "limit": PAGE, "offset": offset, "order_by": ["dag_id"]}
            return lambda: send(**asked, exclude_stale=True, _request_timeout=self._wire.timeout)

        for found in self._pages("list DAGs", page, "dags"):
            yield _dag(found)

    def dag(self, dag: str) -> Dag:
        """One, with details."""
        send = self._dags.get_dag_details_without_preload_content
        return _dag(self._wire.ask(f"tell of the DAG {dag}", lambda: send(dag, _request_timeout=self._wire.timeout)))

    def source(self, dag: Dag) -> str:
        """The text of its file, as Airflow has last read it."""
        send = self._sources.get_dag_source_without_preload_content
        asked: dict[str, Any] = {"accept": "application/json", "_request_timeout": self._wire.timeout}
        found = self._wire.ask(f"show the source of the DAG {dag.id}", lambda: send(dag.id, **asked))
        return text_of(found.get("content"))

    def faults(self) -> tuple[Fault, ...]:
        """All import errors."""

        def page(offset: int) -> Callable[[], Any]:
            send = self._errors.get_import_errors_without_preload_content
            return lambda: send(limit=PAGE, offset=offset, _request_timeout=self._wire.timeout)

        return tuple(map(fault_of, self._pages("list import errors", page, "import_errors")))

    def reparse(self, dag: Dag) -> None:
        """Ask for its file to be read soon."""
        send = self._parsing.reparse_dag_file_without_preload_content
        self._wire.ask("read a DAG file anew", lambda: send(dag.key, _request_timeout=self._wire.timeout))

    def pause(self, dag: str, *, is_paused: bool) -> None:
        """Let nothing start its runs, or take that back."""
        send, body = self._dags.patch_dag_without_preload_content, v2.DAGPatchBody(is_paused=is_paused)
        doing = f"{'suspend' if is_paused else 'resume'} the DAG {dag}"
        self._wire.ask(doing, lambda: send(dag, body, _request_timeout=self._wire.timeout))

    def forget(self, dag: str) -> None:
        """Remove all that the database has of a DAG."""
        send = self._dags.delete_dag_without_preload_content
        self._wire.ask(f"delete the DAG {dag}", lambda: send(dag, _request_timeout=self._wire.timeout))

    def start(self, dag: str, run: str, conf: Mapping[str, object], note: str) -> Row:
        """Start a run of that id, or find it."""
        send = self._runs.trigger_dag_run_without_preload_content
        body = v2.TriggerDAGRunPostBody(dag_run_id=run, conf=dict(conf), logical_date=None, note=note or None)

        def call() -> Any:
            return send(dag, body, _request_timeout=self._wire.timeout)

        try:
            return row_of(self._wire.ask(f"start a run of the DAG {dag}", call))
        except RefusedError:
            try:
                return self.row(dag, run)
            except NotThereError:
                pass
            raise

    def row(self, dag: str, run: str) -> Row:
        """A run."""
        send = self._runs.get_dag_run_without_preload_content
        call = f"tell of the run {run} of the DAG {dag}"
        return row_of(self._wire.ask(call, lambda: send(dag, run, _request_timeout=self._wire.timeout)))

    def rows(self, dag: str, limit: int, states: Sequence[str] = ()) -> tuple[Row, ...]:
        """Runs, the newest first."""

        def page(offset: int) -> Callable[[], Any]:
            send = self._runs.get_dag_runs_without_preload_content
            asked: dict[str, Any] = {"limit": min(limit, PAGE), "offset": offset, "order_by": ["-run_after"]}
            if states:
                asked["state"] = list(states)
            return lambda: send(dag, **asked, _request_timeout=self._wire.timeout)

        return tuple(map(row_of, self._pages(f"list runs of the DAG {dag}", page, "dag_runs", limit)))

    def mark(self, dag: str, run: str, *, state: str | None, note: str | None) -> None:
        """Set a run's state, its note, or both."""
        send = self._runs.patch_dag_run_without_preload_content
        told: dict[str, Any] = {key: value for key, value in (("state", state), ("note", note)) if value is not None}
        body, mask = v2.DAGRunPatchBody(**told), list(told)
        doing = f"change the run {run} of the DAG {dag}"
        self._wire.ask(doing, lambda: send(dag, run, body, update_mask=mask, _request_timeout=self._wire.timeout))

    def instances(self, dag: str, run: str, most: int) -> tuple[Instance, ...]:
        """The task instances of a run, or those that matter."""
        send = self._tasks.get_task_instances_without_preload_content

        def pages(states: Sequence[str]) -> _Page:
            def page(offset: int) -> Callable[[], Any]:
                asked: dict[str, Any] = {"limit": PAGE, "offset": offset, "order_by": ["id"]}
                if states:
                    asked["state"] = list(states)
                return lambda: send(dag, run, **asked, _request_timeout=self._wire.timeout)

            return page

        doing = f"list tasks of the run {run} of the DAG {dag}"
        found = list(self._pages(doing, pages(()), "task_instances", most))
        if len(found) >= most:
            found += self._pages(doing, pages([*NOT_WELL]), "task_instances")
        return tuple({each.node: each for each in map(instance_of, found)}.values())

    def instance(self, dag: str, run: str, task: str, map_index: int) -> Instance:
        """One task instance."""
        plain = self._tasks.get_task_instance_without_preload_content
        mapped = self._tasks.get_mapped_task_instance_without_preload_content
        limit = self._wire.timeout

        def call() -> Any:
            if map_index < 0:
                return plain(dag, run, task, _request_timeout=limit)
            return mapped(dag, run, task, map_index, _request_timeout=limit)

        return instance_of(self._wire.ask(f"tell of the task {task} of the run {run}", call))

    def pushed(self, dag: str, run: str, task: str) -> object:
        """What a task outside mapped groups has returned."""
        send = self._xcoms.get_xcom_entry_without_preload_content
        asked: dict[str, Any] = {"deserialize": True, "_request_timeout": self._wire.timeout}
        found = self._wire.ask(
            f"show what the task {task} returned", lambda: send(dag, task, run, "return_value", **asked)
        )
        value: object = found.get("value")
        return value

    def log(self, dag: str, run: str, of: Instance, token: str) -> Chunk:
        """A piece of a log: events, each with what the logger told beside it."""
        send = self._tasks.get_log_without_preload_content
        asked: dict[str, Any] = {"map_index": of.map_index, "accept": "application/json", "full_content": False}
        if token:
            asked["token"] = token

        def call() -> Any:
            return send(dag, run, of.task, of.tries, **asked, _request_timeout=self._wire.timeout)

        found = self._wire.ask(f"show the log of the task {of.node}", call)
        content = found.get("content") or ()
        after = text_of(found.get("continuation_token"))
        lines = [line for event in content for line in _lines(event)]
        return Chunk(tuple(lines), after, not after)

    def clear(self, dag: str, run: str, cleared: Cleared) -> None:
        """Let tasks be done again; asked once where the run then goes on, since a second clear would start anew what has begun."""
        send = self._tasks.post_clear_task_instances_without_preload_content
        inner = v2.ClearTaskInstancesBodyTaskIdsInner
        told: dict[str, Any] = {"dry_run": False, "dag_run_id": run, "only_failed": cleared.tasks is None}
        if cleared.tasks is not None:
            told["task_ids"] = [inner(each) for each in cleared.tasks]
        told |= {"include_downstream": cleared.with_later, "reset_dag_runs": cleared.goes_on}
        body = v2.ClearTaskInstancesBody(**told)
        doing = f"do tasks of the run {run} again"
        self._wire.ask(doing, lambda: send(dag, body, _request_timeout=self._wire.timeout), again=not cleared.goes_on)

    def health(self) -> Health:
        """How Airflow's own parts are."""
        send = self._monitor.get_health_without_preload_content
        answer = self._wire.answer(lambda: send(_request_timeout=self._wire.timeout))
        return Health(ill(answer.value), date(answer.headers))

    def may(self, right: Right) -> bool | None:
        """Whether a DAG that does not exist could be changed so."""
        limit = self._wire.timeout
        body = v2.TriggerDAGRunPostBody(logical_date=None)
        failed = v2.DAGRunPatchBody(state=v2.DagRunMutableStates.FAILED)
        calls: Mapping[Right, Callable[[], Any]] = {
            "trigger": lambda: self._runs.trigger_dag_run_without_preload_content(NOBODY, body, _request_timeout=limit),
            "suspend": lambda: self._dags.patch_dag_without_preload_content(
                NOBODY, v2.DAGPatchBody(is_paused=True), _request_timeout=limit
            ),
            "delete": lambda: self._dags.delete_dag_without_preload_content(NOBODY, _request_timeout=limit),
            "terminate": lambda: self._runs.patch_dag_run_without_preload_content(
                NOBODY, NOBODY, failed, _request_timeout=limit
            ),
            "retry": lambda: self._tasks.post_clear_task_instances_without_preload_content(
                NOBODY, v2.ClearTaskInstancesBody(dag_run_id=NOBODY), _request_timeout=limit
            ),
        }
        return told_by(self._wire.answer(calls[right]).status)

    def _pages(self, doing: str, page: _Page, key: str, most: int | None = None) -> Iterator[dict[str, Any]]:
        return pages(self._wire, doing, page, key, most)


def pages(wire: Wire, doing: str, page: _Page, key: str, most: int | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a listing, at most `most`, page by page until the server has no more."""
    count = 0
    while True:
        answer = wire.ask(doing, page(count))
        rows = answer.get(key) or [] if isinstance(answer, dict) else []
        for row in rows:
            yield row
            count += 1
            if count == most:
                return
        if not rows or count >= answer.get("total_entries", 0):
            return


def told_by(status: int) -> bool | None:
    """What the status of a change of what does not exist says of the right to it."""
    return {401: False, 403: False, 404: True}.get(status)


def date(headers: Mapping[str, str]) -> float | None:
    """The server's time, in seconds since 1970."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - only `doctor` asks

    try:
        return parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (ValueError, TypeError):
        return None


def _dag(found: Mapping[str, Any]) -> Dag:
    return Dag(
        id=text_of(found.get("dag_id")),
        is_paused=bool(found.get("is_paused")),
        is_stale=bool(found.get("is_stale")),
        tags=tags_of(found),
        schedule=text_of(found.get("timetable_summary")),
        file=text_of(found.get("fileloc")),
        key=text_of(found.get("file_token")),
        has_import_errors=bool(found.get("has_import_errors")),
        params=found.get("params") or {},
    )


def _lines(event: Any) -> Iterator[tuple[float | None, str]]:
    """The lines of one event of a log, and what it tells of an exception."""
    if not isinstance(event, dict):
        yield from ((None, line) for line in str(event).split("\n"))
        return
    at = seconds(event.get("timestamp"))
    for line in text_of(event.get("event")).split("\n"):
        yield at, line
    for raised in event.get("error_detail") or ():
        yield at, f"{raised.get('exc_type', '')}: {raised.get('exc_value', '')}"
    more = {key: event[key] for key in ("error", "exit_code", "signal_name") if event.get(key) is not None}
    if more:
        yield at, json.dumps(more, ensure_ascii=False, default=str)
