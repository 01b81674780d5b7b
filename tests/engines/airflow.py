"""How a test starts Airflow: DAG files through `dag.test()` on both lines; the scheduler is in `airflow_scheduler`."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

from tests.engines.rights import open_to_it, prefix
from tests.engines.venvs import alone, venv

HERE = Path(__file__).resolve().parent
LINES = ("af3", "af2")


class EngineFailed(Exception):
    """The engine itself did not do its work: a file that does not load, a process that ended, a time that ran out."""


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One task instance as Airflow left it; `map_index` is -1 outside mapped groups, `pushed` its return value."""

    task: str
    map_index: int
    state: str | None
    tries: int
    pushed: Any


@dataclass(frozen=True, slots=True)
class DagRun:
    """One run as Airflow left it."""

    run_id: str
    state: str
    tasks: tuple[TaskRun, ...]

    def states(self) -> dict[tuple[str, int], str | None]:
        """The state of every task instance by task id and map index."""
        return {(each.task, each.map_index): each.state for each in self.tasks}

    def pushed(self, task: str) -> list[Any]:
        """What the instances of `task` pushed, by map index; those that pushed nothing are left out."""
        mine = sorted(
            (each.map_index, each.pushed) for each in self.tasks if each.task == task and each.pushed is not None
        )
        return [value for _, value in mine]


def environment(line: str, home: Path) -> dict[str, str]:
    """The variables of an Airflow of its own under `home`, with pods run as local processes."""
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT": "False",
        "PATH": f"{venv(line) / 'bin'}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "",
    }
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
    return outer | settings


def put_image(home: Path, name: str, env: Mapping[str, str], workdir: Path) -> None:
    """Make a stand-in for a container image under the Airflow of `home`."""
    folder = home / "images"
    folder.mkdir(exist_ok=True)
    settled = {"HOME": str(open_to_it(home / "home")), **env}
    text = json.dumps({"env": settled, "workdir": str(workdir), "user": prefix()})
    (folder / f"{quote(name, safe='')}.json").write_text(text)


def prepare(line: str, home: Path) -> None:
    """Make the folders, the plugin and the database of an Airflow under `home`."""
    (home / "dags").mkdir(parents=True)
    (home / "plugins").mkdir()
    shutil.copy(HERE / "kpo_local.py", home / "plugins")
    new = _new(line)
    shutil.copy(new / "airflow.db", home)
    (home / "airflow.cfg").write_text((new / "airflow.cfg").read_text().replace(str(new), str(home)))


def _new(line: str) -> Path:
    """The home of an Airflow that has done nothing yet, made once an environment: what migrating leaves is the same each time."""
    folder = venv(line)
    new = folder / "new"
    with alone(folder / "new.alone"):
        if not (folder / "new.complete").exists():
            shutil.rmtree(new, ignore_errors=True)
            command = [str(folder / "bin" / "airflow"), "db", "migrate"]
            done = subprocess.run(command, env=environment(line, new), capture_output=True, text=True, check=False)
            if done.returncode:
                raise EngineFailed(done.stdout + done.stderr)
            (folder / "new.complete").touch()
    return new


def end_all(home: Path, roots: Iterable[int]) -> None:
    """Kill what `roots` started: every process of their sessions, and every one whose environment names `home`.

    Airflow's servers write titles over their environment, and the containers of its tasks are sessions of their own.
    """
    mark = b"AIRFLOW_HOME=%s\0" % os.fsencode(home)
    sessions = set(roots)
    while found := [pid for pid in _processes() if _session(pid) in sessions or mark in _environ(pid)]:
        for pid in found:
            _kill(pid)
        time.sleep(0.05)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _session(pid: int) -> int | None:
    """The session of a process that still runs: a zombie has ended, its parent only has not looked."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, session = fields[0], int(fields[3])
    return None if state == "Z" else session


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes() + b"\0"
    except OSError:  # it ended meanwhile, or is another user's
        return b""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class DagTester:
    """A process of one Airflow line that runs DAG files one after the other by `dag.test()`; a context manager.

    `together` (Airflow 2 only): tasks of a run go on at once.
    """

    def __init__(self, line: str, *, together: bool = False) -> None:
        assert line == "af2" or not together, "on Airflow 3 that needs its servers: `Scheduler`"
        self._line, self._together = line, together
        self._home = Path(tempfile.mkdtemp(prefix=f"{line}-"))
        self._env = environment(line, self._home)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        prepare(self._line, self._home)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def log(self) -> str:
        """What Airflow printed so far, tasks included."""
        file = self._home / "worker.log"
        return file.read_text(errors="replace") if file.exists() else ""

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes, for another process that asks this Airflow."""
        return dict(self._env)

    def put_image(self, name: str, env: Mapping[str, str], workdir: Path) -> None:
        """Make a stand-in for a container image."""
        put_image(self._home, name, env, workdir)

    def put_secret(self, name: str, keys: Mapping[str, str]) -> None:
        """Make a stand-in for a Kubernetes Secret."""
        folder = self._home / "secrets"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(dict(keys)))

    @contextmanager
    def keeping_pods(self) -> Iterator[Callable[[], Mapping[str, Any]]]:
        """Within, the newest pod of each task id is kept as the provider built it; asked, they are told as Kubernetes takes them."""
        folder = self._home / "pods"
        folder.mkdir()
        try:
            yield lambda: {file.stem: json.loads(file.read_text()) for file in folder.iterdir()}
        finally:
            shutil.rmtree(folder)

    def run(
        self,
        dag_id: str,
        text: str,
        conf: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 300,
        *,
        date: str | None = None,
        clear: bool = False,
        events: Sequence[Mapping[str, Any]] = (),
        clock: bool = False,
    ) -> DagRun:
        """Run the DAG file `text` to its end, with `env` added for the worker; raise `EngineFailed` where it cannot.

        A `date` (ISO) of an earlier run deletes that run and makes it again. `clear` (Airflow 2 only) clears the run
        when it has ended and runs it again. `events` (Airflow 2 only) are what started it: each a `dataset` and its `extra`,
        `source_dag_id` and `source_run_id`. With `clock` it is a run of the schedule's, as its type says.
        """
        folder = self._home / "dags"
        for old in folder.iterdir():  # one file a folder: one that raises would poison the others
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        file = folder / f"{dag_id}_{time.monotonic_ns()}.py"
        file.write_text(text)
        request: dict[str, Any] = {
            "file": str(file),
            "dag_id": dag_id,
            "conf": dict(conf or {}),
            "env": dict(env or {}),
        }
        request |= {"date": date, "clear": clear, "together": self._together, "events": list(events), "clock": clock}
        answer = self._ask(json.dumps(request), timeout)
        if "error" in answer:
            raise EngineFailed(answer["error"])
        return DagRun(answer["run_id"], answer["state"], tuple(TaskRun(**each) for each in answer["tasks"]))

    def _ask(self, request: str, timeout: float) -> dict[str, Any]:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(request + "\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], timeout)
        line = process.stdout.readline() if ready else ""
        if not line:
            log = self.log[-8000:]
            self._stop()
            raise EngineFailed(("it ended" if ready else f"no answer in {timeout} s") + f":\n{log}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            command = [str(venv(self._line) / "bin" / "python"), "-P", str(HERE / "airflow_worker.py")]
            with (self._home / "worker.log").open("a") as log:
                self._process = subprocess.Popen(
                    command,
                    env=self._env,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    start_new_session=True,
                )
        return self._process

    def _stop(self) -> None:
        end_all(self._home, [self._process.pid] if self._process else [])
        if self._process is not None:
            _close(self._process)
            self._process = None


class DagTesters(dict[str, DagTester]):
    """A `DagTester` a line, each of which starts when it is first asked for; a context manager."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()

    def __missing__(self, line: str) -> DagTester:
        self[line] = self._stack.enter_context(DagTester(line))
        return self[line]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()


def _close(process: subprocess.Popen[str]) -> None:
    process.wait()
    pipes: list[IO[str] | None] = [process.stdin, process.stdout]
    for pipe in pipes:
        if pipe is not None:
            pipe.close()
