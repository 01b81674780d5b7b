"""Airflow 2: `/api/v1`, by paths of our own: Apache's client for it has the name of that for Airflow 3, so only one can be there.

See docs/decisions/0039-airflow-operated.md.
"""

from __future__ import annotations

import ast
import base64
import binascii
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from compiler.backends.airflow.operate.api.airflow3 import NOBODY, date, pages, told_by
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
    tags_of,
    text_of,
)
from compiler.backends.airflow.operate.api.wire import Call, Wire
from compiler.backends.operating import NotThereError, RefusedError

V1 = "/api/v1"


class Airflow2:
    """`Api` of Airflow 2.11."""

    def __init__(self, wire: Wire, version: str) -> None:
        self.version = version
        self._wire = wire

    def dags(self, tag: str) -> Iterator[Dag]:
        """All that have the tag and are not stale, by id."""

        def page(offset: int) -> Call:
            asked = {"tags": tag, "only_active": "true", "limit": PAGE, "offset": offset, "order_by": "dag_id"}
            return self._get("dags", **asked)

        for found in pages(self._wire, "list DAGs", page, "dags"):
            yield _dag(found)

    def dag(self, dag: str) -> Dag:
        """One, with details. What is no longer active has none of them."""
        doing = f"tell of the DAG {dag}"
        found = self._wire.ask(doing, self._get(f"dags/{_q(dag)}"))
        details = {}
        if found.get("is_active"):
            try:
                details = self._wire.ask(doing, self._get(f"dags/{_q(dag)}/details"))
            except NotThereError:  # it has been read in no form that the web server has
                details = {}
        return _dag({**found, "params": details.get("params")})

    def source(self, dag: Dag) -> str:
        """The text of its file, as Airflow has last read it."""
        found = self._wire.ask(f"show the source of the DAG {dag.id}", self._get(f"dagSources/{_q(dag.key)}"))
        return text_of(found.get("content"))

    def faults(self) -> tuple[Fault, ...]:
        """All import errors."""

        def page(offset: int) -> Call:
            return self._get("importErrors", limit=PAGE, offset=offset)

        return tuple(map(fault_of, pages(self._wire, "list import errors", page, "import_errors")))

    def reparse(self, dag: Dag) -> None:
        """Ask for its file to be read soon."""
        self._change("read a DAG file anew", "PUT", f"parseDagFile/{_q(dag.key)}")

    def pause(self, dag: str, *, is_paused: bool) -> None:
        """Let nothing start its runs, or take that back."""
        doing = f"{'suspend' if is_paused else 'resume'} the DAG {dag}"
        self._change(doing, "PATCH", f"dags/{_q(dag)}", {"is_paused": is_paused})

    def forget(self, dag: str) -> None:
        """Remove all that the database has of a DAG."""
        self._change(f"delete the DAG {dag}", "DELETE", f"dags/{_q(dag)}")

    def start(self, dag: str, run: str, conf: Mapping[str, object], note: str) -> Row:
        """Start a run of that id, or find it."""
        body = {"dag_run_id": run, "conf": dict(conf)} | ({"note": note} if note else {})
        try:
            return row_of(self._change(f"start a run of the DAG {dag}", "POST", f"dags/{_q(dag)}/dagRuns", body))
        except RefusedError:
            try:
                return self.row(dag, run)
            except NotThereError:
                pass
            raise

    def row(self, dag: str, run: str) -> Row:
        """A run."""
        return row_of(self._wire.ask(f"tell of the run {run} of the DAG {dag}", self._get(_run(dag, run))))

    def rows(self, dag: str, limit: int, states: Sequence[str] = ()) -> tuple[Row, ...]:
        """Runs, the newest first."""

        def page(offset: int) -> Call:
            asked: dict[str, Any] = {"limit": min(limit, PAGE), "offset": offset, "order_by": "-execution_date"}
            return self._get(f"dags/{_q(dag)}/dagRuns", **asked, state=list(states))

        doing = f"list runs of the DAG {dag}"
        return tuple(map(row_of, pages(self._wire, doing, page, "dag_runs", limit)))

    def mark(self, dag: str, run: str, *, state: str | None, note: str | None) -> None:
        """Set a run's state, its note, or both: two requests, the state first."""
        doing = f"change the run {run} of the DAG {dag}"
        if state is not None:
            self._change(doing, "PATCH", _run(dag, run), {"state": state})
        if note is not None:
            self._change(doing, "PATCH", f"{_run(dag, run)}/setNote", {"note": note})

    def instances(self, dag: str, run: str, most: int) -> tuple[Instance, ...]:
        """The task instances of a run, or those that matter."""
        doing = f"list tasks of the run {run} of the DAG {dag}"

        def listing(states: Sequence[str]) -> Callable[[int], Call]:
            return lambda offset: self._get(
                f"{_run(dag, run)}/taskInstances", limit=PAGE, offset=offset, state=list(states)
            )

        found = list(pages(self._wire, doing, listing(()), "task_instances", most))
        if len(found) >= most:
            found += pages(self._wire, doing, listing(NOT_WELL), "task_instances")
        return tuple({each.node: each for each in map(instance_of, found)}.values())

    def instance(self, dag: str, run: str, task: str, map_index: int) -> Instance:
        """One task instance."""
        path = _task(dag, run, task) + (f"/{map_index}" if map_index >= 0 else "")
        return instance_of(self._wire.ask(f"tell of the task {task} of the run {run}", self._get(path)))

    def pushed(self, dag: str, run: str, task: str) -> object:
        """What a task outside mapped groups has returned: the API shows it as Python does."""
        path = f"{_task(dag, run, task)}/xcomEntries/return_value"
        told = self._wire.ask(f"show what the task {task} returned", self._get(path)).get("value")
        try:
            value: object = ast.literal_eval(told) if isinstance(told, str) else told
        except (ValueError, SyntaxError):
            value = told
        return value

    def log(self, dag: str, run: str, of: Instance, token: str) -> Chunk:
        """A piece of a log: the API shows it as Python shows pairs of a host and a text."""
        asked: dict[str, Any] = {"full_content": "false"} | ({"token": token} if token else {})
        if of.map_index >= 0:
            asked["map_index"] = of.map_index
        found = self._wire.ask(
            f"show the log of the task {of.node}", self._get(f"{_task(dag, run, of.task)}/logs/{of.tries}", **asked)
        )
        after = text_of(found.get("continuation_token"))
        text = "".join(_texts(text_of(found.get("content"))))
        lines = text.removesuffix("\n").split("\n") if text else []
        return Chunk(tuple((None, line) for line in lines), after, _is_end(after))

    def clear(self, dag: str, run: str, cleared: Cleared) -> None:
        """Let tasks be done again; asked once where the run then goes on, since a second clear would start anew what has begun."""
        body: dict[str, Any] = {
            "dry_run": False,
            "dag_run_id": run,
            "reset_dag_runs": cleared.goes_on,
            "only_failed": cleared.tasks is None,
            "include_downstream": cleared.with_later,
        }
        if cleared.tasks is not None:
            body["task_ids"] = list(cleared.tasks)
        path = f"dags/{_q(dag)}/clearTaskInstances"
        self._change(f"do tasks of the run {run} again", "POST", path, body, again=not cleared.goes_on)

    def health(self) -> Health:
        """How Airflow's own parts are."""
        answer = self._wire.answer(self._get("health"))
        return Health(ill(answer.value), date(answer.headers))

    def may(self, right: Right) -> bool | None:
        """Whether a DAG that does not exist could be changed so."""
        path = f"dags/{NOBODY}"
        calls: Mapping[Right, tuple[str, str, object]] = {
            "trigger": ("POST", f"{path}/dagRuns", {}),
            "suspend": ("PATCH", path, {"is_paused": True}),
            "delete": ("DELETE", path, None),
            "terminate": ("PATCH", f"{path}/dagRuns/{NOBODY}", {"state": "failed"}),
            "retry": ("POST", f"{path}/clearTaskInstances", {"dag_run_id": NOBODY}),
        }
        method, path, body = calls[right]
        return told_by(self._wire.answer(self._wire.send(method, f"{V1}/{path}", body=body)).status)

    def _get(self, path: str, **query: Any) -> Call:
        return self._wire.send("GET", f"{V1}/{path}", query)

    def _change(self, doing: str, method: str, path: str, body: object = None, *, again: bool = True) -> Any:
        return self._wire.ask(doing, self._wire.send(method, f"{V1}/{path}", body=body), again=again)


def _q(component: str) -> str:
    return quote(component, safe="")


def _run(dag: str, run: str) -> str:
    return f"dags/{_q(dag)}/dagRuns/{_q(run)}"


def _task(dag: str, run: str, task: str) -> str:
    return f"{_run(dag, run)}/taskInstances/{_q(task)}"


def _dag(found: Mapping[str, Any]) -> Dag:
    schedule = found.get("schedule_interval")
    cron = schedule.get("value") if isinstance(schedule, dict) else schedule
    return Dag(
        id=text_of(found.get("dag_id")),
        is_paused=bool(found.get("is_paused")),
        is_stale=not found.get("is_active"),
        tags=tags_of(found),
        schedule=text_of(cron),
        file=text_of(found.get("fileloc")),
        key=text_of(found.get("file_token")),
        has_import_errors=bool(found.get("has_import_errors")),
        params=found.get("params") or {},
    )


def _texts(content: str) -> Iterator[str]:
    """The texts in `[('host', 'text'), …]`; whatever else the content is, it is the text."""
    try:
        pairs = ast.literal_eval(content) if content.startswith("[") else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pairs = None
    if not isinstance(pairs, list):
        yield content
        return
    for pair in pairs:
        yield str(pair[1]) if isinstance(pair, tuple) and len(pair) > 1 else str(pair)


def _is_end(token: str) -> bool:
    """What a token says of the end of the log, as far as it can be read; it is signed, not hidden."""
    payload = token[1:] if token.startswith(".") else token
    payload = payload.split(".")[0]
    try:
        data = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        told = json.loads(zlib.decompress(data) if token.startswith(".") else data)
    except (ValueError, binascii.Error, zlib.error):
        return not token
    return isinstance(told, dict) and bool(told.get("end_of_log"))
