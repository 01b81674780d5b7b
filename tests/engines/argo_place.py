"""Where the tests operate Argo: the stand-in, by Kubernetes' API or Argo Server's, or a real cluster that variables name."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from compiler.backends import Options
from compiler.backends.argo import BACKEND
from compiler.backends.operating import Connection, Engine, EngineRun, Release, Start
from compiler.ir.flow import Value
from compiler.slotted_class import replaced
from compiler.workspace.package import package
from tests.engines import FlowCase
from tests.engines.argo_api.argo_server import ArgoServer
from tests.engines.argo_api.kubernetes import Kubernetes
from tests.engines.argo_api.store import Store
from tests.engines.argo_api.world import TOKEN, World, kubeconfig, served
from tests.engines.argo_case import host_of
from tests.engines.argo_cluster import cluster
from tests.engines.argo_pods import Host
from tests.engines.compiling import compiled
from tests.engines.rights import open_to_it
from tests.stages.operated import Operated, released

WAYS = ("kubernetes", "argo-server")
IMAGE = "image:1"


@dataclass(slots=True)
class Place(Operated):
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
        return released(case, source, files, revision)

    def start(self, name: str, **parameters: object) -> EngineRun:
        """Start a run under a name of its own."""
        unique = hashlib.sha256(f"{name}{time.time_ns()}".encode()).hexdigest()[:10]
        return self.engine.trigger(name, Start(unique, parameters))

    @property
    def patience(self) -> tuple[float, float]:
        """A real cluster has more."""
        return (120.0, 0.1) if self.world else (600.0, 2.0)


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
