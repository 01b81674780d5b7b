"""A server of Kubeflow Pipelines to operate: the stand-in, reached over HTTP by the published client."""

from __future__ import annotations

import hashlib
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flowc_kfp import BACKEND

from compiler.backends import Options
from compiler.backends.operating import OVER, Connection, Engine, EngineRun, EngineTask, Record, Release, Start
from tests.engines import FlowCase, Outcome
from tests.engines.argo_case import SHIM
from tests.engines.argo_pods import Host
from tests.engines.compiling import compiled
from tests.engines.kfp_api.server import served
from tests.engines.kfp_api.world import TOKEN, World
from tests.engines.rights import open_to_it, prefix

PATIENCE = 120.0
PLAIN = """
from flowc import FlowSpec, kubernetes, step

class PlainFlow(FlowSpec):
    @kubernetes(labels={"team": "a"})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@dataclass(slots=True)
class Server:
    """The stand-in and the connection to it."""

    world: World
    connection: Connection
    folder: Path
    said: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def engine(self) -> Engine:
        """A new connection."""
        return BACKEND.connect(self.connection)

    @property
    def store(self) -> str:
        """The URL of the store."""
        return f"file:{self.folder / 'store'}"

    def release(self, case: FlowCase, **options: object) -> Release:
        """What is deployed of a case, whose code its pods find from then on."""
        self.world.host = Host(
            self.world.host.folder,
            (case.root or case.path.parent).resolve(),
            environment={"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1", **case.environment},
            commands={"python": [sys.executable]},
            user=prefix(),
        )
        source, files = compiled(case, BACKEND, Options(default_image="case:0", store=self.store, **options))  # type: ignore[arg-type]
        digest = hashlib.sha256("\0".join(file.text for file in files).encode()).hexdigest()
        kept = Record(f"{case.path.name}:{source.name}", digest, "abc", "tester", "2026-01-02T03:04:05Z", "0.2")
        return Release(files[0].name.removesuffix(".yaml"), files, kept)

    def deploy(self, case: FlowCase) -> str:
        """Deploy a case: its name."""
        release = self.release(case)
        self.engine.deploy(release, self.said.append)
        return release.name

    def start(self, name: str, /, **parameters: object) -> EngineRun:
        """Start a run under a name of its own."""
        return self.engine.trigger(name, Start(f"n{next(self.numbers)}", parameters))

    def until(self, run: str, holds: Callable[[EngineRun], bool]) -> EngineRun:
        """The run once something holds of it."""
        end, engine = time.monotonic() + PATIENCE, self.engine
        while not holds(found := engine.run(run)):
            assert time.monotonic() < end, found
            time.sleep(0.05)
        return found

    def over(self, run: str) -> EngineRun:
        """The run once it is over."""
        return self.until(run, lambda found: found.phase in OVER)

    def outcome(self, case: FlowCase, run: EngineRun) -> Outcome:
        """What a run has left, for a comparison with the local one."""
        return Outcome(case.flow, run.run, self.store, run.phase == "succeeded", "\n".join(map(str, run.tasks)))

    def log(self, run: str, task: EngineTask) -> str:
        """All that a task has printed."""
        return "\n".join(line.text for line in self.engine.log(run, task).lines)


def task(run: EngineRun, step: str, index: str = "-") -> EngineTask:
    """The one task of that step and index."""
    (found,) = (each for each in run.tasks if (each.step, each.index) == (step, index))
    return found


def phases(run: EngineRun) -> dict[tuple[str, str], str]:
    """How each task of a run stands."""
    return {(each.step, each.index): each.phase for each in run.tasks}


def written(folder: Path, source: str, flow: str, /, **parameters: object) -> FlowCase:
    """A case of a flow's text, in a folder of its own below."""
    path = folder / "code" / "flow.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return FlowCase(path, flow, parameters)


@contextmanager
def standing_in(folder: Path, **options: object) -> Iterator[Server]:
    """The stand-in."""
    open_to_it(folder / "store")
    world = World(Host(open_to_it(folder / "pods"), folder), **options)  # type: ignore[arg-type]
    with served(world) as url:
        variables = {"KF_PIPELINES_ENDPOINT": url, "KF_PIPELINES_TOKEN": TOKEN, "HOME": str(folder)}
        yield Server(world, Connection({}, variables, timeout=10.0), folder)
        assert [each for each in world.asked if each.startswith("refused")] == []
