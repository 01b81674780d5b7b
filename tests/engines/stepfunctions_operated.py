"""A flow deployed on the stand-in for AWS by flowc's own engine, and what its local run has left."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.backends import Options, OutputFile
from compiler.backends.operating import Connection, Engine, EngineRun, EngineTask, Record, Release, Start
from compiler.backends.stepfunctions import BACKEND
from tests.engines import FlowCase
from tests.engines.compiling import compiled
from tests.engines.rights import open_to_it, prefix
from tests.engines.stepfunctions import Server, server
from tests.engines.stepfunctions_case import SHIM
from tests.stages.operated import is_over, until

IMAGE_KEYS = ("python", "workdir", "user", "env", "logs", "throttle", "submissions")


@dataclass
class Place:
    """A queue, a bucket and a folder of their own on the one server, and what says so to the compiler and to the engine."""

    engine: Server
    queue: str
    bucket: str
    folder: Path

    def image(self, root: Path, **changes: Any) -> str:
        """The text that stands for an image: how this machine starts the job as a process."""
        home = open_to_it(self.folder / "home")
        (self.folder / "jobs").mkdir(exist_ok=True)
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(home),
            **self.engine.environment,
            "PYTHONPATH": str(SHIM),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        told = {"python": sys.executable, "workdir": str(root), "user": prefix(), "env": environment}
        return json.dumps({**told, "logs": str(self.folder / "jobs"), "throttle": 0, "submissions": 50, **changes})

    @property
    def store(self) -> str:
        """The URL of the store."""
        return f"s3://{self.bucket}/flowc"

    def connection(self, **changes: Any) -> Connection:
        """How the engine is reached."""
        options = {
            "endpoint": self.engine.endpoint,
            "region": "us-east-1",
            "role": self.engine.role,
            "job_role": self.engine.role,
            "job_queue": self.queue,
            "schedule_role": self.engine.role,
            "events_role": self.engine.role,
        }
        variables = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret-canary"}
        found: Mapping[str, Any] = {"variables": variables, "store": self.store, "timeout": 20.0, **changes}
        return Connection(
            {**options, **found.get("options", {})}, **{key: each for key, each in found.items() if key != "options"}
        )

    def connect(self, **changes: Any) -> Engine:
        """The engine."""
        return BACKEND.connect(self.connection(**changes))

    def release(self, path: Path, name: str, record: Record | None = None, **settings: Any) -> Release:
        """What a flow's file is to be deployed as; `settings` are keys of the target, and `fuse` and `chunk`."""
        image = settings.pop("image", None) or self.image(path.parent)
        shared = {key: settings.pop(key) for key in ("fuse", "chunk") if key in settings}
        case = FlowCase(path, _class_of(path), settings=shared, targets={"step-functions": settings})
        _, files = compiled(case, BACKEND, Options(default_image="f:0", image=image, store=self.store, name=name))
        return released(name, files, record or Record(f"{path.name}:{_class_of(path)}", _digest(files)))


def _class_of(path: Path) -> str:
    return next(line.split()[1].partition("(")[0] for line in path.read_text().splitlines() if "(FlowSpec)" in line)


def _digest(files: tuple[OutputFile, ...]) -> str:
    import hashlib

    return hashlib.sha256("\0".join(f"{each.name}\0{each.text}" for each in files).encode()).hexdigest()


def released(name: str, files: tuple[OutputFile, ...], record: Record) -> Release:
    """Files as a release."""
    return Release(name, files, record)


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """A place that leaves nothing behind but what a test asserts on."""
    running = server()
    with running.queue() as queue:
        yield Place(running, queue, running.bucket(), folder)


def unique() -> str:
    """A name that no other run has."""
    return uuid.uuid4().hex[:12]


def started(engine: Engine, name: str, **parameters: object) -> EngineRun:
    """A run that has begun."""
    return engine.trigger(name, Start(unique(), parameters))


def over(engine: Engine, run: str, seconds: float = 90) -> EngineRun:
    """The run once it has ended."""
    return until(engine, run, is_over, seconds)


def by_place(run: EngineRun) -> dict[tuple[str, str], EngineTask]:
    """A run's tasks by step and index."""
    return {(each.step, each.index): each for each in run.tasks}


def log_of(engine: Engine, run: str, task: EngineTask) -> list[str]:
    """All lines of a task's log."""
    lines: list[str] = []
    position, end = "", time.monotonic() + 30
    while time.monotonic() < end:
        part = engine.log(run, task, position)
        lines += [line.text for line in part.lines]
        position = part.position
        if part.is_whole:
            return lines
        time.sleep(0.2)
    raise AssertionError(lines)
