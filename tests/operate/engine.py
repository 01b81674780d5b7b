"""An engine in memory that holds to the protocol: what the common verbs are tested on where no engine's own ways matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from compiler.backends.argo import BACKEND
from compiler.backends.operating import (
    Change,
    ChangeKind,
    Connection,
    Deployment,
    Diagnosis,
    EngineRun,
    EngineTask,
    LogLine,
    LogPart,
    NotThereError,
    Phase,
    RefusedError,
    Release,
    Start,
)


@dataclass
class Memory:
    """What the engine holds. `fault` raises what a server would have made of the next requests; `said` are all requests."""

    deployed: dict[str, Release] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    schedule: str = ""
    foreign: set[str] = field(default_factory=set)
    started: dict[str, EngineRun] = field(default_factory=dict)
    starts: list[Start] = field(default_factory=list)
    logs: dict[str, list[str]] = field(default_factory=dict)
    fault: Callable[[], None] = lambda: None
    moves: Callable[[str], None] = lambda run: None
    said: list[str] = field(default_factory=list)
    connection: Connection | None = None


@dataclass
class Engine:
    """A connection to it."""

    memory: Memory
    where: str = "the engine of the tests"
    prefix: str = "argo-tests-"

    def _asked(self, what: str) -> None:
        self.memory.said.append(what)
        self.memory.fault()

    def deployments(self) -> Iterator[Deployment]:
        self._asked("deployments")
        return (self._shown(name) for name in list(self.memory.deployed))

    def _shown(self, name: str) -> Deployment:
        release = self.memory.deployed[name]
        is_asleep, clock = name in self.memory.suspended, self.memory.schedule
        return Deployment(name, release.record, is_asleep, clock, parameters=("top", "key-words"))

    def deployment(self, name: str) -> Deployment:
        self._asked("deployment")
        if name not in self.memory.deployed:
            raise NotThereError(f"nothing is deployed as {name}")
        return self._shown(name)

    def changes(self, release: Release) -> tuple[Change, ...]:
        self._asked("changes")
        if release.name in self.memory.foreign:
            return (Change("Template", release.name, "foreign"),)
        old = self.memory.deployed.get(release.name)
        before = {file.name: file.text for file in old.files} if old else {}
        return tuple(
            Change("file", file.name, _state(before.get(file.name), file.text), before.get(file.name, ""), file.text)
            for file in release.files
        )

    def deploy(self, release: Release, tell: Callable[[str], None]) -> Deployment:
        self._asked("deploy")
        self.memory.deployed[release.name] = release
        return self._shown(release.name)

    def delete(self, name: str) -> None:
        self._asked("delete")
        del self.memory.deployed[name]

    def suspend(self, name: str) -> None:
        self._asked("suspend")
        self.memory.suspended.add(name)

    def resume(self, name: str) -> None:
        self._asked("resume")
        self.memory.suspended.discard(name)

    def trigger(self, name: str, start: Start) -> EngineRun:
        self._asked("trigger")
        run = f"{self.prefix}{name}-{start.unique}"
        self.memory.starts.append(start)
        self.memory.started[run] = EngineRun(run, start.unique, name, "queued", 1.0, tags=start.tags)
        return self.memory.started[run]

    def runs(self, name: str, limit: int) -> Sequence[EngineRun]:
        self._asked("runs")
        return [run for run in self.memory.started.values() if run.deployment == name][::-1][:limit]

    def run(self, run: str) -> EngineRun:
        self._asked("run")
        self.memory.moves(run)
        if run not in self.memory.started:
            raise NotThereError(f"there is no run {run}")
        return self.memory.started[run]

    def log(self, run: str, task: EngineTask, position: str = "") -> LogPart:
        self._asked("log")
        if task.node not in self.memory.logs:
            raise NotThereError(f"nothing is kept of {task.node}")
        lines, at = self.memory.logs[task.node], int(position or 0)
        part = tuple(LogLine(line, float(number)) for number, line in enumerate(lines[at : at + 2], at))
        return LogPart(
            part, str(at + len(part)), task.phase not in ("queued", "running") and at + len(part) == len(lines)
        )

    def terminate(self, run: str) -> None:
        self._asked("terminate")
        self.memory.started[run] = ended(self.run(run), "terminated")

    def retry(self, run: str, step: str | None) -> EngineRun:
        self._asked("retry")
        found = self.run(run)
        if found.phase == "succeeded" and step is None:
            raise RefusedError(f"{run} has succeeded: name a step with --from")
        self.memory.started[run] = ended(found, "running")
        return self.memory.started[run]

    def page(self, run: str) -> str:
        return f"https://engine.example/{run}"

    def diagnose(self) -> Iterator[Diagnosis]:
        yield Diagnosis("server", True, "4.1")
        yield Diagnosis("rights", False, "may not create", "ask for it")


def _state(before: str | None, now: str) -> ChangeKind:
    return "new" if before is None else "unchanged" if before == now else "changed"


def ended(run: EngineRun, phase: Phase, *tasks: EngineTask, **facts: object) -> EngineRun:
    """The run in another phase, with these tasks."""
    changed: Mapping[str, object] = {**facts, "phase": phase, **({"tasks": tasks} if tasks else {})}
    names = (
        "run",
        "own",
        "deployment",
        "phase",
        "created",
        "started",
        "finished",
        "reason",
        "message",
        "cure",
        "url",
        "tags",
        "tasks",
    )
    values = {name: changed.get(name, getattr(run, name)) for name in names}
    return EngineRun(**values)  # type: ignore[arg-type]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """The engine behind `argo`, in this process."""
    held = Memory()

    def connect(_: object, connection: Connection) -> Engine:
        held.connection = connection
        return Engine(held)

    monkeypatch.setattr(type(BACKEND), "connection_options", {"context": "A context."}, raising=False)
    monkeypatch.setattr(type(BACKEND), "run_prefix", "argo-", raising=False)
    monkeypatch.setattr(type(BACKEND), "connect", connect, raising=False)
    return held
