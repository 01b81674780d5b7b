"""Where the tests operate Argo: the stand-in, by Kubernetes' API or Argo Server's, or a real cluster that variables name."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from compiler.backends import Options
from compiler.backends.argo import BACKEND
from compiler.backends.operating import OVER, Connection, Engine, EngineRun, EngineTask, Record, Release, Start
from compiler.ir.flow import Value
from compiler.slotted_class import replaced
from compiler.workspace.package import package
from tests.engines import FlowCase, Outcome
from tests.engines.argo_api.argo_server import ArgoServer
from tests.engines.argo_api.kubernetes import Kubernetes
from tests.engines.argo_api.store import Store
from tests.engines.argo_api.world import TOKEN, World, kubeconfig, served
from tests.engines.argo_case import host_of
from tests.engines.argo_cluster import cluster
from tests.engines.argo_pods import Host
from tests.engines.compiling import compiled
from tests.engines.rights import open_to_it

WAYS = ("kubernetes", "argo-server")
PATIENCE = 120.0
IMAGE = "image:1"


@dataclass(slots=True)
class Place:
    """A namespace to operate. `world` is the stand-in's, None on a real cluster; `options` are of the compiler."""

    way: str
    connection: Connection
    store: str
    options: Options
    world: World | None
    said: list[str] = field(default_factory=list)

    @property
    def engine(self) -> Engine:
        """A new connection."""
        return BACKEND.connect(self.connection)

    def stand_in(self) -> World:
        """The world of the stand-in."""
        assert self.world is not None
        return self.world

    def release(self, case: FlowCase, revision: str = "abc") -> Release:
        """What is deployed of a case."""
        options = self.options
        if self.world is not None:
            world = self.world
            world.host = host_of(case, world.host.folder)
        else:
            options = replaced(options, code=_stored(self.store, case.root or case.path.parent))
        source, files = compiled(case, BACKEND, options)
        name = files[0].name.removesuffix(".yaml")
        digest = hashlib.sha256("\0".join(file.text for file in files).encode()).hexdigest()
        return Release(
            name,
            files,
            Record(f"{case.path.name}:{source.name}", digest, revision, "tester", "2026-01-02T03:04:05Z", "0.2"),
        )

    def deploy(self, case: FlowCase) -> str:
        """Deploy a case: its name."""
        release = self.release(case)
        self.engine.deploy(release, self.said.append)
        return release.name

    def start(self, name: str, **parameters: object) -> EngineRun:
        """Start a run under a name of its own."""
        unique = hashlib.sha256(f"{name}{time.time_ns()}".encode()).hexdigest()[:10]
        return self.engine.trigger(name, Start(unique, parameters))

    def until(self, run: str, holds: Callable[[EngineRun], bool]) -> EngineRun:
        """The run once something holds of it."""
        end = time.monotonic() + (PATIENCE if self.world else 600.0)
        engine = self.engine
        while True:
            found = engine.run(run)
            if holds(found):
                return found
            assert time.monotonic() < end, found
            time.sleep(0.1 if self.world else 2.0)

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


def written(folder: Path, source: str, flow: str, /, **parameters: object) -> FlowCase:
    """A case of a flow's text, in a folder of its own below."""
    path = folder / "code" / "flow.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return FlowCase(path, flow, parameters)


@contextmanager
def standing_in(way: str, folder: Path) -> Iterator[Place]:
    """The stand-in, reached by one of the two ways."""
    host = Host(open_to_it(folder / "pods"), folder)
    world = World(host, "flows", Store("flows"))
    store = f"file:{open_to_it(folder / 'store')}"
    with ExitStack() as stack:
        stack.callback(world.close)
        if way == "kubernetes":
            url = stack.enter_context(served(Kubernetes, world))
            config = folder / "kubeconfig"
            config.write_text(kubeconfig(url, "flows"))
            connection = by_kubeconfig({"context": "here"}, {"KUBECONFIG": str(config), "HOME": str(folder)}, store)
        else:
            url = stack.enter_context(served(ArgoServer, world))
            variables = {"ARGO_SERVER": url.removeprefix("http://"), "ARGO_SECURE": "false", "ARGO_TOKEN": TOKEN}
            connection = Connection({}, variables, namespace="flows", store=store, timeout=10.0)
        yield Place(way, connection, store, Options(IMAGE, store=store, namespace="flows"), world)


def by_kubeconfig(options: Mapping[str, Value], variables: Mapping[str, str], store: str) -> Connection:
    """A connection whose namespace is the context's."""
    return Connection(options, variables, store=store, timeout=10.0)


def real(way: str) -> Place | None:
    """The real cluster that `FLOWC_ARGO_*` name; by Argo Server where `FLOWC_ARGO_SERVER` names one, with ARGO_TOKEN."""
    found = cluster()
    address = os.environ.get("FLOWC_ARGO_SERVER", "")
    if found is None or (way == "argo-server" and not address):
        return None
    variables = {**os.environ, "KUBECONFIG": found.kubeconfig}
    options: dict[str, Value] = {"server": address, "insecure": True} if way == "argo-server" else {}
    if way == "kubernetes":
        variables.pop("ARGO_SERVER", None)
    target: dict[str, Value] = {}
    if found.service_account:
        target["service_account"] = found.service_account
    if found.secrets:
        target["env_from_secrets"] = found.secrets
    connection = Connection(options, variables, namespace=found.namespace, store=found.store)
    return Place(
        way,
        connection,
        found.store,
        Options(found.image, image=found.image, store=found.store, namespace=found.namespace, target=target),
        None,
    )


def _stored(store: str, root: Path) -> str:
    """The URL of the code's archive in a store that is a folder which all pods see."""
    assert store.startswith("file:"), "name a FLOWC_ARGO_STORE that is a folder"
    archive = package(root)
    place = Path(store.removeprefix("file:"), "_code", archive.name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(archive.data)
    return f"file:{place}"
