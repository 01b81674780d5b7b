"""`Runner('flow.py').run(alpha=1)`: a local run started from Python, as `flowc run` does it in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Any

from flowc.exceptions import MetaflowException

if TYPE_CHECKING:
    from flowc.client import Run

_OPTIONS = {"max_workers": "--max-workers", "run_id_file": "--run-id-file", "branch": "--branch", "root": "--root"}
_LISTS = {"tags": "--tag", "tag": "--tag", "decospecs": "--with"}
_WITHOUT_EFFECT = frozenset({"max_num_splits", "max_log_size", "pylint", "quiet", "metadata", "environment"})
OWN = ("FLOWC_TRIGGER", "FLOWC_CODE", "FLOWC_TAGS", "FLOWC_PROJECT", "FLOWC_ENVIRONMENT", "FLOWC_REPORT")
"""What a step's container was told and a run that the step starts must not hear."""


class RunnerTimeout(MetaflowException):
    """A run took longer than it was waited for."""

    headline = "Run timed out"


class ExecutingRun:
    """A run that was started: `run` is its `Run`, `status` one of `running`, `successful`, `failed`, `timeout`."""

    def __init__(
        self, command: list[str], variables: Mapping[str, str], folder: str, cwd: str | None, is_shown: bool
    ) -> None:
        self.command = command
        self._note = os.path.join(folder, "run.json")
        self._kept: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        self._timed_out = False
        self.process = subprocess.Popen(
            command,
            env=dict(variables),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        shown = {"stdout": sys.stdout, "stderr": sys.stderr} if is_shown else {}
        self._readers = [
            threading.Thread(target=self._read, args=(name, file, shown.get(name)), daemon=True)
            for name, file in (("stdout", self.process.stdout), ("stderr", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, file: Any, shown: IO[str] | None) -> None:
        with file:
            for line in file:
                self._kept[name].append(line)
                if shown is not None:
                    shown.write(line.decode("utf-8", "replace"))
                    shown.flush()

    @property
    def _facts(self) -> dict[str, str] | None:
        """What the run wrote as it began: flow, id and store."""
        try:
            with open(self._note, encoding="utf-8") as file:
                found: dict[str, str] = json.load(file)
        except (OSError, ValueError):
            return None
        return found

    @property
    def run(self) -> Run:
        """The run as the client shows it. Raises MetaflowException where it ended before it had begun."""
        facts = self._facts
        while facts is None and self.process.poll() is None:
            time.sleep(0.02)
            facts = self._facts
        facts = facts or self._facts
        if facts is None:
            raise MetaflowException(f"the run did not begin:\n{self.stderr or self.stdout}")
        from flowc.client import restore

        found: Run = restore("Run", f"{facts['flow_name']}/{facts['run_id']}", facts["store"], None)
        return found

    @property
    def status(self) -> str:
        """How it goes."""
        code = self.process.poll()
        if self._timed_out:
            return "timeout"
        return "running" if code is None else "failed" if code else "successful"

    @property
    def returncode(self) -> int | None:
        """The exit code of `flowc run`; None while it runs."""
        return self.process.poll()

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        """What it has printed to its standard error so far."""
        return self._text("stderr")

    def _text(self, stream: str) -> str:
        if self.process.poll() is not None:
            for reader in self._readers:
                reader.join()
        return b"".join(self._kept[stream]).decode("utf-8", "replace")

    async def wait(self, timeout: float | None = None, stream: str | None = None) -> ExecutingRun:
        """Until it has ended; with `stream` its lines are printed. Raises RunnerTimeout, and then it is ended."""
        try:
            await asyncio.wait_for(self._ended(stream), timeout)
        except asyncio.TimeoutError:
            self._timed_out = True
            self.kill()
            raise RunnerTimeout(f"the run took longer than {timeout:g} s and was ended") from None
        return self

    async def _ended(self, stream: str | None) -> None:
        if stream:
            async for _, line in self.stream_log(stream):
                print(line)  # noqa: T201 - what was asked for
        while self.process.poll() is None:
            await asyncio.sleep(0.05)

    async def stream_log(self, stream: str, position: int | None = None) -> AsyncIterator[tuple[int, str]]:
        """The lines of `stdout` or `stderr` as they come, each with the place behind it, from `position` on."""
        at = position or 0
        while True:
            has_ended = self.process.poll() is not None and not any(reader.is_alive() for reader in self._readers)
            lines = self._kept[stream]
            while at < len(lines):
                at += 1
                yield at, lines[at - 1].decode("utf-8", "replace").rstrip("\n")
            if has_ended:
                return
            await asyncio.sleep(0.05)

    def kill(self) -> None:
        """End the run with its tasks."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for reader in self._readers:
            reader.join()

    def __enter__(self) -> ExecutingRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _repr_html_(self) -> str:
        """What a notebook shows: how it goes and, once it has begun, its run."""
        from flowc.shown.html import executing

        return executing(self.status, self.run if self._facts else None, self.stderr)

    def __repr__(self) -> str:
        return f"<ExecutingRun {self.status}: {' '.join(self.command[4:])}>"


def _until_end(executing: ExecutingRun) -> None:
    executing.process.wait()


class Runner:
    """Starts runs of a flow file here: `with Runner('flow.py') as runner: result = runner.run(alpha=1)`.

    `run` and `resume` take the flow's parameters by name, and `max_workers`, `tags`, `decospecs`, `namespace`, `branch`,
    `production`. It needs flowc's command, not the runtime of the containers alone.
    """

    def __init__(
        self,
        flow_file: str,
        show_output: bool = True,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        file_read_timeout: int = 3600,
        **options: Any,
    ) -> None:
        if find_spec("compiler") is None:
            raise MetaflowException(
                "Runner starts `flowc run`, and only the runtime of the containers is here: install flowc"
            )
        path = os.path.join(cwd or "", flow_file.partition(":")[0])
        if not os.path.isfile(path):
            raise MetaflowException(f"there is no flow file {path}")
        self.flow_file = flow_file
        self._shown, self._cwd, self._options = show_output, cwd, options
        self._variables = {name: value for name, value in os.environ.items() if name not in OWN} | dict(env or {})
        self._folder = tempfile.mkdtemp(prefix="flowc-runner-")
        self._started: list[ExecutingRun] = []
        self._follow: Callable[[ExecutingRun], object] = _until_end

    def run(self, **kwargs: Any) -> ExecutingRun:
        """Start a run and wait for its end. That it failed is no exception: see `status`."""
        executing = self._start(kwargs, ())
        self._follow(executing)
        return executing

    def resume(self, **kwargs: Any) -> ExecutingRun:
        """Go on from a run, by default the newest: `origin_run_id`, `step_to_rerun`, and what `run` takes."""
        executing = self._resumed(kwargs)
        self._follow(executing)
        return executing

    async def async_run(self, **kwargs: Any) -> ExecutingRun:
        """Start a run; `await executing.wait()` waits for its end."""
        return self._start(kwargs, ())

    async def async_resume(self, **kwargs: Any) -> ExecutingRun:
        """Like `resume`, without waiting."""
        return self._resumed(kwargs)

    def _resumed(self, kwargs: dict[str, Any]) -> ExecutingRun:
        origin, step = kwargs.pop("origin_run_id", None), kwargs.pop("step_to_rerun", None)
        words = ["--resume", str(origin)] if origin else ["--resume", "latest"]
        return self._start(kwargs, (*words, *(["--from", str(step)] if step else [])))

    def _start(self, kwargs: dict[str, Any], more: tuple[str, ...]) -> ExecutingRun:
        folder = tempfile.mkdtemp(dir=self._folder)
        namespace = kwargs.pop("namespace", None) or kwargs.pop("user_namespace", None)
        variables = self._variables | ({"METAFLOW_NAMESPACE": str(namespace)} if namespace else {})
        words = self._words({**self._options, **kwargs}, folder)
        command = [sys.executable, "-P", "-m", "compiler", "run", *words, *more, self.flow_file]
        executing = ExecutingRun(command, variables, folder, self._cwd, self._shown)
        self._started.append(executing)
        return executing

    def _words(self, given: Mapping[str, Any], folder: str) -> list[str]:
        """The options of `flowc run`; what is none of them is a parameter of the flow."""
        words = ["--runner-attribute-file", os.path.join(folder, "run.json")]
        store = self._variables.get("FLOWC_STORE")
        words += ["--store", store] if store else []
        values: dict[str, Any] = {}
        for name, value in given.items():
            if value is None or name in _WITHOUT_EFFECT:
                continue
            if name in _OPTIONS:
                words += [_OPTIONS[name], str(value)]
            elif name in _LISTS:
                words += [
                    word
                    for each in ([value] if isinstance(value, str) else value)
                    for word in (_LISTS[name], str(each))
                ]
            elif name == "production":
                words += ["--production"] if value else []
            else:
                values[name] = value
        return [*words, "--parameters", json.dumps(values)] if values else words

    def cleanup(self) -> None:
        """End what still runs, and remove the notes."""
        for executing in self._started:
            executing.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Runner:
        return self

    async def __aenter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    async def __aexit__(self, *_: object) -> None:
        self.cleanup()
