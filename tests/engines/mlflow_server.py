"""An MLflow server on this machine, of an environment of its own, and what it holds, read back by its own interface."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines.venvs import venv
from tests.stages.s3_server import Reply, Seen, serve

_PATIENCE = 240.0
_API = "/api/2.0/mlflow/"
_OWN = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "NO_PROXY": "127.0.0.1",
}


@dataclass(frozen=True)
class Logged:
    """A run as the server has it. `history` is every value of a metric with its step, in the order of their times."""

    id: str
    name: str
    status: str
    started: int
    ended: int | None
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def parent(self) -> str:
        """The id of the run that it is a task of; empty for one that is none."""
        return self.tags.get("mlflow.parentRunId", "")


@dataclass(frozen=True)
class MlflowServer:
    """A server that runs; `url` is also where its pages are."""

    url: str

    def post(self, name: str, told: Mapping[str, Any]) -> Any:
        """What it answers to a call."""
        return _asked(self.url + _API + name, json.dumps(told).encode())

    def get(self, name: str) -> Any:
        """The same of a call that changes nothing."""
        return _asked(self.url + _API + name, None)

    def experiments(self) -> dict[str, str]:
        """The ids of all experiments, by their names."""
        found = self.post("experiments/search", {"max_results": 1000})["experiments"]
        return {each["name"]: each["experiment_id"] for each in found}

    def runs(self, experiment: str, filtered: str = "", view: str = "ACTIVE_ONLY") -> list[Logged]:
        """All runs of the experiment of that name; none where it is not there."""
        number = self.experiments().get(experiment)
        if number is None:
            return []
        told = {"experiment_ids": [number], "filter": filtered, "max_results": 1000, "run_view_type": view}
        return [_logged(each) for each in self.post("runs/search", told).get("runs", [])]

    def family(self, experiment: str, run: str) -> tuple[Logged, dict[str, Logged]]:
        """The one run that a run of a flow is there, and the runs of its tasks by their names: each once."""
        (parent,) = self.runs(experiment, f"tags.`flowc.run` = '{run}' AND tags.`flowc.step` IS NULL")
        tasks = self.runs(experiment, f"tags.`mlflow.parentRunId` = '{parent.id}'")
        names = [each.name for each in tasks]
        assert len(names) == len(set(names)), sorted(names)
        return parent, {each.name: each for each in tasks}

    def history(self, run: str, metric: str) -> list[tuple[int, float]]:
        """Each value of a metric that was ever told, with its step."""
        found = self.get(f"metrics/get-history?run_id={run}&metric_key={metric}").get("metrics", [])
        return sorted((int(each.get("step", 0)), float(each["value"])) for each in found)


def _asked(url: str, body: bytes | None) -> Any:
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)


def _logged(found: Any) -> Logged:
    info, data = found["info"], found["data"]
    return Logged(
        info["run_id"],
        info["run_name"],
        info["status"],
        info["start_time"],
        info.get("end_time"),
        {each["key"]: float(each["value"]) for each in data.get("metrics", [])},
        {each["key"]: each["value"] for each in data.get("params", [])},
        {each["key"]: each["value"] for each in data.get("tags", [])},
    )


@contextmanager
def mlflow_server(folder: Path) -> Iterator[MlflowServer]:
    """A server that keeps what it is told in a database in the folder, until the block ends."""
    program = venv("mlflow") / "bin" / "mlflow"
    words = [
        "server",
        "--host",
        "127.0.0.1",
        "--workers",
        "1",
        "--backend-store-uri",
        f"sqlite:///{folder / 'runs.db'}",
    ]
    port = _free_port()
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, *words, "--artifacts-destination", str(folder / "files"), "--port", str(port)],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **_OWN},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _await(url, process, log)
            yield MlflowServer(url)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with opener.open(f"{url}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no MLflow server: {log.read_text(errors='replace')[-2000:]}")


@dataclass(frozen=True)
class Counted:
    """A place in front of a server, and what was asked there: names of calls, with the run that each is about or has made."""

    url: str
    calls: list[tuple[str, str]]

    def of(self, run: str) -> list[str]:
        """The calls about a run."""
        return [name for name, about in self.calls if about == run]


@contextmanager
def counted(server: MlflowServer) -> Iterator[Counted]:
    """Hand every request on to a server, and count it."""
    calls: list[tuple[str, str]] = []
    alone = threading.Lock()

    def script(request: Seen) -> Reply:
        body = request.body if request.method == "POST" else None
        wanted = urllib.request.Request(server.url + request.path, body, {"content-type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(wanted, timeout=60) as answer:
                reply = Reply(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                reply = Reply(error.code, error.read())
        told = {**json.loads(request.body or b"{}"), **json.loads(reply.body or b"{}").get("run", {}).get("info", {})}
        with alone:
            calls.append((request.path.partition("?")[0].removeprefix(_API), str(told.get("run_id", ""))))
        return reply

    with serve(script) as relay:
        yield Counted(relay.url, calls)
