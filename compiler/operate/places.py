"""Where a run is: its engine or this machine, and the store that holds what its tasks left."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.artifacts.address import RunAddress
from flowc.store.protocol import StoreError

from compiler.backends.operating import Engine, NotThereError
from compiler.call.history import HistoryError, opened
from compiler.call.stores import local_store
from compiler.ir.flow import Value
from compiler.mistakes import CallError
from compiler.operate.engines import LOCAL_PREFIX, engine_of, target_of
from compiler.retention.selection import flows
from compiler.slotted_class import fresh, record
from compiler.workspace.settings import Settings

LOCAL = "local"

_PARTS = 4


@record
class Address:
    """`[FLOW/]RUN[/STEP[/INDEX]]` as its parts."""

    run: str
    flow: str | None = None
    step: str | None = None
    index: str | None = None

    @property
    def path(self) -> str:
        """As it is written."""
        return "/".join(filter(None, (self.flow, self.run, self.step, self.index)))


@record
class Asked:
    """What a call says of where to look: the settings where it is made, a store, a target, keys of the connection."""

    settings: Settings
    store: str | None = None
    target: str | None = None
    connection: Mapping[str, Value] = fresh(default_factory=dict)


@record
class Place:
    """A run, the flow that it is of, its engine (None: this machine), and the URL of its store (None: nobody says).

    `flow` is None where only the engine knows the run and nothing tells the flow.
    """

    run: str
    flow: str | None
    target: str
    engine: Engine | None
    store: str | None

    @property
    def path(self) -> str:
        """How a person names it."""
        return f"{self.flow}/{self.run}" if self.flow else self.run


def address_of(word: str) -> Address:
    """The parts of `[FLOW/]RUN[/STEP[/INDEX]]`: a first part that begins as the ids of runs do is the run. Raises CallError."""
    parts = word.strip("/").split("/")
    if not all(parts) or len(parts) > _PARTS:
        raise CallError(f"{word!r} is not RUN or FLOW/RUN, with /STEP and /INDEX behind; `flowc runs FLOW` lists runs")
    is_run = _is_run(parts[0])
    if not is_run and len(parts) == 1:
        raise NotThereError(
            f"no run {word}: ids begin with `{LOCAL_PREFIX}`, `argo-`, `airflow-` or `sfn-`; "
            "one with a name of its own is named FLOW/RUN; `flowc runs FLOW` lists runs"
        )
    flow, *rest = [None, *parts] if is_run else parts
    run, step, index = (*rest, None, None)[:3]
    assert run is not None
    if is_run and len(parts) == _PARTS:
        raise CallError(f"{word!r} has too many parts: RUN/STEP/INDEX")
    return Address(run, flow, step, index)


def _is_run(part: str) -> bool:
    return part.startswith(LOCAL_PREFIX) or target_of(part) is not None


def place_of(address: Address, asked: Asked) -> Place:
    """Where a run is. Raises NotThereError, CallError, EngineError where only the engine could tell."""
    target = asked.target or target_of(address.run)
    if target is None:
        return _here(address, asked)
    settings = asked.settings.for_flow(address.flow) if address.flow else asked.settings
    engine = engine_of(target, settings, asked.connection)
    flow, store = address.flow, asked.store or settings.text("store", target)
    if flow is None or store is None:
        found = _told(engine, address.run)
        flow, store = flow or found[0], store or found[1]
    if flow is None and store is not None:
        flow = _flow_in(store, address.run)
    return Place(address.run, flow, target, engine, store)


def _told(engine: Engine, run: str) -> tuple[str | None, str | None]:
    """The flow and the store of a run, by what was kept with its deployment."""
    try:
        kept = engine.deployment(engine.run(run).deployment).record
    except NotThereError:
        return None, None
    return (kept.flow.rpartition(":")[2], kept.store or None) if kept else (None, None)


def _here(address: Address, asked: Asked) -> Place:
    settings = asked.settings.for_flow(address.flow) if address.flow else asked.settings
    url = local_store(settings, asked.store)
    flow = address.flow or _flow_in(url, address.run)
    if flow is None:
        raise NotThereError(f"no run {address.run} in {url}: `flowc runs FLOW` lists runs, --store names another store")
    return Place(address.run, flow, LOCAL, None, url)


def _flow_in(url: str, run: str) -> str | None:
    """The flow of a store that has a run of that id."""
    try:
        store = opened(url)
        for flow in flows(store):
            if next(iter(store.list(RunAddress(flow, run).record, 1)), None):
                return flow
    except (StoreError, HistoryError):
        return None
    return None
