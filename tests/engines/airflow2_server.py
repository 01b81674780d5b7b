"""How a test starts a real Airflow 2: web server and scheduler with sqlite and one task at a time, and a user with a password."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.engines.airflow import EngineFailed, end_all, environment, prepare, put_image
from tests.engines.venvs import venv

HERE = Path(__file__).resolve().parent
USER = "operator"


class Airflow2:
    """An Airflow 2.11 of its own on 127.0.0.1; a context manager that leaves nothing. Tasks run one at a time."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="af2-server-"))
        self.password = secrets.token_hex(12)
        self._port = _free_port()
        own = {"PYTHONPATH": str(self.home / "executors")}
        self._env = environment("af2", self.home) | own | _settings(self._port) | dict(env or {})
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            prepare("af2", self.home)
            (self.home / "executors").mkdir()
            shutil.copy(HERE / "airflow2_executor.py", self.home / "executors")
            self._start("webserver", "--workers", "1")
            self._start("scheduler")
            self._wait("the web server", 240, self._answers)
            self.add_user(USER, "User")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    @property
    def url(self) -> str:
        """The address of its web server."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> str:
        """The ends of what the servers printed."""
        return "\n".join(f"== {file.name}\n{file.read_text()[-4000:]}" for file in self.home.glob("*.log"))

    def put_image(self, name: str, env: Mapping[str, str], workdir: Path) -> None:
        """Make a stand-in for a container image."""
        put_image(self.home, name, env, workdir)

    @property
    def dags(self) -> Path:
        """The folder of its DAG files."""
        return self.home / "dags"

    def add_user(self, name: str, role: str) -> None:
        """Make a user with the one password; roles are there once the web server answers."""
        who = ["--username", name, "--password", self.password, "--role", role, "--email", f"{name}@example.com"]
        self._airflow("users", "create", *who, "--firstname", "A", "--lastname", "B")

    def _airflow(self, *arguments: str) -> None:
        command = [str(venv("af2") / "bin" / "airflow"), *arguments]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, check=False, cwd=self.home)
        if done.returncode:
            raise EngineFailed(done.stdout + done.stderr)

    def _start(self, server: str, *arguments: str) -> None:
        command = [str(venv("af2") / "bin" / "airflow"), server, *arguments]
        with (self.home / f"{server}.log").open("w") as log:
            started = subprocess.Popen(
                command, env=self._env, stdout=log, stderr=log, cwd=self.home, start_new_session=True
            )
        self._processes.append(started)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/version", timeout=10) as response:
                return bool(response.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _wait(self, what: str, seconds: float, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + seconds
        while not ready():
            ended = [process for process in self._processes if process.poll() is not None]
            if ended or time.monotonic() > until:
                why = f"{ended[0].args!r} ended" if ended else f"not there after {seconds} s"
                raise EngineFailed(f"{what}: {why}\n{self.log}")
            time.sleep(0.5)

    def _end(self) -> None:
        end_all(self.home, [process.pid for process in self._processes])
        for process in self._processes:
            process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def _settings(port: int) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__EXECUTOR": "airflow2_executor.Forking",
        "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.basic_auth",
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
        "AIRFLOW__WEBSERVER__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__WEBSERVER__EXPOSE_CONFIG": "False",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(_free_port()),
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "1",
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_FETCH_INTERVAL": "1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
