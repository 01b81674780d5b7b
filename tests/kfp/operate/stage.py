"""A server of Kubeflow Pipelines to operate: the stand-in, reached over HTTP by the published client."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flowc_kfp import BACKEND

from compiler.backends import Options
from compiler.backends.operating import Connection, Engine, EngineRun, Release, Start
from tests.engines import FlowCase
from tests.engines.argo_case import host_of
from tests.engines.argo_pods import Host
from tests.engines.compiling import compiled
from tests.engines.kfp_api.server import served
from tests.engines.kfp_api.world import TOKEN, World
from tests.engines.rights import open_to_it
from tests.stages.operated import Operated, released

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
class Server(Operated):
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
        self.world.host = host_of(case, self.world.host.folder)
        source, files = compiled(case, BACKEND, Options(default_image="case:0", store=self.store, **options))  # type: ignore[arg-type]
        return released(case, source, files)

    def start(self, name: str, /, **parameters: object) -> EngineRun:
        """Start a run under a name of its own."""
        return self.engine.trigger(name, Start(f"n{next(self.numbers)}", parameters))


def phases(run: EngineRun) -> dict[tuple[str, str], str]:
    """How each task of a run stands."""
    return {(each.step, each.index): each.phase for each in run.tasks}


@contextmanager
def standing_in(folder: Path, **options: object) -> Iterator[Server]:
    """The stand-in."""
    open_to_it(folder / "store")
    world = World(Host(open_to_it(folder / "pods"), folder), **options)  # type: ignore[arg-type]
    with served(world) as url:
        variables = {"KF_PIPELINES_ENDPOINT": url, "KF_PIPELINES_TOKEN": TOKEN, "HOME": str(folder)}
        yield Server(world, Connection({}, variables, timeout=10.0), folder)
        assert [each for each in world.asked if each.startswith("refused")] == []
