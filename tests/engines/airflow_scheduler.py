"""How a test starts the real Airflow 3 scheduler, its DAG processor and its API server, and talks to them."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.engines.airflow import DagRun, EngineFailed, TaskRun, end_all, environment, prepare, put_image
from tests.engines.venvs import venv

SERVERS = {
    "api-server": ("api-server", "--apps", "core"),
    "execution-api": ("api-server", "--apps", "execution"),
    "scheduler": ("scheduler",),
    "dag-processor": ("dag-processor",),
}
"""The processes of an Airflow; the tasks have an API server of their own.

A change that is asked for is logged in the database by the server's event loop itself. Sqlite has one writer: a loop that
waits for it cannot end another request that is writing, and so stands still until the waiting time is over.
"""
START = """
import sys
from airflow.__main__ import main
import airflow.providers.cncf.kubernetes.operators.pod
sys.exit(main())
"""
"""The `airflow` command, with what every DAG file imports already there: tasks are forks of the scheduler, and files are read by forks."""
ENDED = ("success", "failed")
PAGE = 100


class Scheduler:
    """An Airflow 3 of its own on 127.0.0.1 with sqlite and the LocalExecutor; a context manager that leaves nothing."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="af3-scheduler-"))
        self._ports = {"api-server": _free_port(), "execution-api": _free_port()}
        self._env = environment("af3", self._home) | _settings(self._ports["execution-api"]) | dict(env or {})
        self._token = ""
        self._changing = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            prepare("af3", self._home)
            for server, command in SERVERS.items():
                self._start(server, command)
            self._wait("the server of the tasks", 180, self._listens)
            self._wait("the API server", 180, self._login)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    @property
    def url(self) -> str:
        """The address of its API server."""
        return self._url("").rstrip("/")

    @property
    def token(self) -> str:
        """What lets one ask it for everything."""
        return self._token

    @property
    def dags(self) -> Path:
        """The folder of its DAG files."""
        return self._home / "dags"

    @property
    def log(self) -> str:
        """The ends of what the servers printed."""
        return "\n".join(f"== {file.name}\n{file.read_text()[-4000:]}" for file in self._home.glob("*.log"))

    def task_log(self, run_id: str, task: str) -> str:
        """Every log file that the instances of a task of a run left, one after the other."""
        files = (self._home / "logs").rglob("*.log")
        mine = [file for file in files if f"run_id={run_id}" in str(file) and f"task_id={task}/" in str(file)]
        return "\n".join(file.read_text(errors="replace") for file in sorted(mine))

    def put_image(self, name: str, env: Mapping[str, str], workdir: Path) -> None:
        """Make a stand-in for a container image."""
        put_image(self._home, name, env, workdir)

    def run(self, dag_id: str, text: str, conf: Mapping[str, Any] | None = None, timeout: float = 600) -> DagRun:
        """Deploy a DAG file, start one run and wait for its end."""
        self.deploy(dag_id, text)
        return self.wait(dag_id, self.trigger(dag_id, conf), timeout)

    def deploy(self, dag_id: str, text: str) -> None:
        """Put a DAG file in the folder and wait until the scheduler has read it; raise where it does not load."""
        file = self._home / "dags" / f"{dag_id}.py"
        if file.exists() and file.read_text() == text:
            return
        written = datetime.now(UTC)
        file.write_text(text)
        self._wait(f"the DAG {dag_id}", 240, lambda: self._read_since(written, dag_id))

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None, run_id: str | None = None) -> str:
        """Start a run and return its id."""
        run_id = run_id or f"manual__{datetime.now(UTC).isoformat()}"
        body = {"conf": dict(conf or {}), "logical_date": None, "dag_run_id": run_id}
        self.call("POST", f"dags/{dag_id}/dagRuns", body)
        return run_id

    def wait(self, dag_id: str, run_id: str, timeout: float = 600) -> DagRun:
        """Poll a run until it ends, then tell how; several runs may go on at once."""
        path = f"dags/{dag_id}/dagRuns/{_quoted(run_id)}"
        states: list[str] = []

        def ended() -> bool:
            states.append(self.call("GET", path)["state"])
            return states[-1] in ENDED

        self._wait(f"the run {run_id} of {dag_id}", timeout, ended)
        return DagRun(run_id, states[-1], tuple(map(self._task_run, self._instances(path))))

    def clear(self, dag_id: str, run_id: str, tasks: Sequence[str | tuple[str, int]], **options: Any) -> None:
        """Clear task instances of a run, each a task id or one with a map index; by default nothing around them."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": [each if isinstance(each, str) else list(each) for each in tasks],
            "only_failed": False,
            "reset_dag_runs": True,
            "include_downstream": False,
            **options,
        }
        self.call("POST", f"dags/{dag_id}/clearTaskInstances", body)

    def clear_run(self, dag_id: str, run_id: str) -> None:
        """Clear the whole run, as the button of that name does."""
        body = {"dry_run": False, "only_failed": False}
        self.call("POST", f"dags/{dag_id}/dagRuns/{_quoted(run_id)}/clear", body)

    def delete(self, dag_id: str, run_id: str) -> None:
        """Delete a run."""
        self.call("DELETE", f"dags/{dag_id}/dagRuns/{_quoted(run_id)}")

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request to `/api/v2/`; an answer that is no success raises `EngineFailed` with its text.

        Those that change something go one after the other, see `SERVERS`.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._url(f"api/v2/{path}"), data, headers, method=method)
        try:
            with (
                nullcontext() if method == "GET" else self._changing,
                urllib.request.urlopen(request, timeout=60) as response,
            ):
                text = response.read()
        except urllib.error.HTTPError as error:
            raise EngineFailed(f"{method} {path}: {error.code} {error.read().decode()}") from error
        answer: dict[str, Any] = json.loads(text) if text else {}
        return answer

    def _instances(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self.call("GET", f"{path}/taskInstances?limit={PAGE}&offset={len(found)}&order_by=id")
            found += page["task_instances"]
            if len(found) >= page["total_entries"]:
                return found

    def _task_run(self, instance: dict[str, Any]) -> TaskRun:
        path = (
            f"dags/{instance['dag_id']}/dagRuns/{_quoted(instance['dag_run_id'])}/taskInstances/{instance['task_id']}"
        )
        entry = f"{path}/xcomEntries/return_value?map_index={instance['map_index']}&deserialize=true"
        try:
            pushed = self.call("GET", entry)["value"]
        except EngineFailed as error:
            if " 404 " not in str(error):
                raise
            pushed = None
        names = ("task_id", "map_index", "state", "try_number")
        task, map_index, state, tries = (instance[name] for name in names)
        return TaskRun(task, map_index, state, tries, pushed)

    def _read_since(self, written: datetime, dag_id: str) -> bool:
        errors = self.call("GET", "importErrors")["import_errors"]
        if errors:
            raise EngineFailed("\n".join(error["stack_trace"] for error in errors))
        found = self.call("GET", f"dags?dag_id_pattern={dag_id}")["dags"]
        read = [dag["last_parsed_time"] for dag in found if dag["dag_id"] == dag_id]
        return any(time and datetime.fromisoformat(time) > written for time in read)

    def _login(self) -> bool:
        try:
            with urllib.request.urlopen(self._url("auth/token"), timeout=5) as response:
                self._token = json.load(response)["access_token"]
        except OSError:  # it does not listen yet
            return False
        return True

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._ports["execution-api"])) == 0

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._ports['api-server']}/{path}"

    def _start(self, server: str, arguments: Sequence[str]) -> None:
        port = ["--port", str(self._ports[server])] if server in self._ports else []
        command = [str(venv("af3") / "bin" / "python"), "-P", "-c", START, *arguments, *port]
        with (self._home / f"{server}.log").open("w") as log:
            started = subprocess.Popen(
                command, env=self._env, stdout=log, stderr=log, cwd=self._home, start_new_session=True
            )
        self._processes.append(started)

    def _wait(self, what: str, seconds: float, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + seconds
        while not ready():
            ended = [process for process in self._processes if process.poll() is not None]
            if ended or time.monotonic() > until:
                why = f"{ended[0].args!r} ended" if ended else f"not there after {seconds} s"
                raise EngineFailed(f"{what}: {why}\n{self.log}")
            time.sleep(0.5)

    def _end(self) -> None:
        end_all(self._home, [process.pid for process in self._processes])
        for process in self._processes:
            process.wait()
        shutil.rmtree(self._home, ignore_errors=True)


def _settings(port: int) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "16",  # nodes of gangs of several runs must not take each other's room
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(_free_port()),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",  # a file that has changed is read at once
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")
