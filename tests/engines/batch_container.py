"""A Batch job's container as a process of this machine: what moto's Batch takes for docker's client."""

from __future__ import annotations

import datetime
import json
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.engines.containers import end_all

MOTO_VARIABLES = frozenset({"MOTO_HOST", "MOTO_PORT", "MOTO_HTTP_ENDPOINT"})


class LocalContainer:
    """A Batch job's container as a process of this machine.

    The job's `image` is JSON: `python` is what the word `python` of a command means, `workdir` the working directory,
    `env` the image's own variables, `user` what stands before a command that its user runs, `logs` a folder for `<job>.log` (output)
    and `<job>.json` (argv and exit code), `throttle` how many submissions of each job's name are refused at first, `submissions` how many
    are taken a second of the engine's clock.
    Besides these the process sees the job's environment alone.
    """

    running: threading.local = threading.local()
    """The container of the moto job that runs in this thread."""

    def __init__(self, name: str, image: str, command: Sequence[str], environment: Mapping[str, str], **_: object):
        self.image: dict[str, Any] = json.loads(image)
        self.attrs: dict[str, Any] = {"State": {"ExitCode": None}, "NetworkSettings": {"Networks": {}}}
        self._base = Path(self.image["logs"]) / name
        job_environment = {key: value for key, value in environment.items() if key not in MOTO_VARIABLES}
        words = [self.image["python"] if word == "python" else word for word in command[:1]] + [*command[1:]]
        self._record = {"name": name, "argv": list(command), "started": time.time()}
        with self._base.with_suffix(".log").open("wb") as log:
            self._process = subprocess.Popen(
                [*self.image["user"], *words],
                env={**self.image["env"], **job_environment},
                cwd=self.image["workdir"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()
        LocalContainer.running.container = self

    def _watch(self) -> None:
        code = self._process.wait()
        end_all(self._process.pid)
        record = {**self._record, "exit": _shell_code(code), "ended": time.time()}
        self._base.with_suffix(".json").write_text(json.dumps(record))
        self._ended.set()

    @classmethod
    def pause(cls, seconds: float) -> None:
        """What `sleep` is in moto's Batch: no longer than until this thread's container ends."""
        container = getattr(cls.running, "container", None)
        if container is None:
            time.sleep(min(seconds, 0.02))
        else:
            container._ended.wait(seconds)

    @property
    def status(self) -> str:
        return "exited" if self._ended.is_set() else "running"

    def reload(self) -> None:
        self.attrs["State"]["ExitCode"] = self._process.returncode

    def wait(self, **_: object) -> dict[str, int]:
        """The exit code as a shell would give it: moto takes a negative one for success."""
        self._ended.wait()
        return {"StatusCode": _shell_code(self._process.returncode)}

    def kill(self) -> None:
        if not self._ended.is_set():
            end_all(self._process.pid)
            self._ended.wait()

    def remove(self, **_: object) -> None:
        """Nothing is left of a process."""

    def logs(self, stdout: bool = True, **_: object) -> bytes:
        """What the job wrote, each line with a time as docker gives it."""
        if not stdout:
            return b""
        stamp = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        text = self._base.with_suffix(".log").read_text(errors="replace")
        return "\n".join(f"{stamp} {line}" for line in text.splitlines()).encode()


def _shell_code(code: int) -> int:
    return code if code >= 0 else 128 - code


class Containers:
    """The containers that were started, as docker's client has them."""

    def __init__(self) -> None:
        self.started: list[LocalContainer] = []

    def run(self, detach: bool = True, **what: Any) -> LocalContainer:
        container = LocalContainer(**what)
        self.started.append(container)
        return container
