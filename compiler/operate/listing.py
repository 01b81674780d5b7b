"""The runs of a flow, those of this machine's store and those of the engines that the settings say how to reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from compiler.backends.operating import Deployment, Engine, EngineError, EngineRun, NotThereError
from compiler.call.history import RunState, list_runs, opened
from compiler.call.stores import local_store
from compiler.mistakes import CallError
from compiler.operate.engines import connected, engine_of, target_of
from compiler.operate.places import LOCAL, Asked, Place
from compiler.operate.views import RUN_PHASES, RunView
from compiler.slotted_class import record, replaced


@record
class Listed:
    """Runs, the newest first, and what could not be asked."""

    runs: tuple[RunView, ...]
    notes: tuple[str, ...]


def runs_of(flow: str, asked: Asked, limit: int, wanted: Callable[[RunView], bool] = lambda _: True) -> Listed:
    """The newest runs of a flow that are wanted.

    With a target those of its engine alone, else those of the store and of each engine that is known.

    Raises EngineError only where the one engine that is asked for gives no answer.
    """
    settings = asked.settings.for_flow(flow)
    targets = (asked.target,) if asked.target else connected(settings)
    found: dict[str, RunView] = {}
    notes: list[str] = []
    for target in targets:
        try:
            engine = engine_of(target, settings, asked.connection if asked.target else {})
            found |= {view.run: view for view in _of_engine(engine, target, flow, limit) if wanted(view)}
        except (EngineError, CallError) as error:
            if asked.target:
                raise
            notes.append(str(error))
    if not asked.target:
        store = opened(local_store(settings, asked.store))
        views = (_of_store(state) for state in list_runs(store, flow, None))
        for view in islice(filter(wanted, views), limit):
            found[view.run] = replaced(found[view.run], tags=view.tags, user=view.user) if view.run in found else view
    ordered = sorted(found.values(), key=lambda view: view.created or view.started or 0.0, reverse=True)
    return Listed(tuple(ordered[:limit]), tuple(notes))


def _of_engine(engine: Engine, target: str, flow: str, limit: int) -> Iterator[RunView]:
    for there in deployments_of(engine, flow):
        for run in engine.runs(there.name, limit):
            yield of_engine(run, flow, target)


def deployments_of(engine: Engine, flow: str) -> Sequence[Deployment]:
    """The deployments of a flow: those whose record names it."""
    return [each for each in engine.deployments() if each.record and each.record.flow.rpartition(":")[2] == flow]


def of_engine(run: EngineRun, flow: str | None, target: str) -> RunView:
    """A run as its engine lists it."""
    return RunView(
        run.run, flow, target, run.phase, run.deployment, run.created, run.started, run.finished,
        run.reason, run.message, run.cure, run.url, run.tags,
    )  # fmt: skip


def _of_store(state: RunState) -> RunView:
    kept = state.record
    return RunView(
        kept.run,
        kept.flow,
        target_of(kept.run) or LOCAL,
        RUN_PHASES[state.status],
        created=kept.created,
        started=kept.created,
        finished=state.finished,
        tags=tuple(kept.tags),
        user=kept.user,
        damage=state.damage,
    )


def newest(flow: str, asked: Asked) -> Place | None:
    """Where the newest run of a flow is; None where it has none. Raises as `runs_of`."""
    from compiler.call.stores import flow_and_folder  # noqa: PLC0415 - only a file needs to be read

    name, _ = flow_and_folder(flow, False, asked.settings.env)
    listed = runs_of(name, asked, 1)
    if not listed.runs:
        for note in listed.notes:
            raise EngineError(note)
        return None
    view = listed.runs[0]
    settings = asked.settings.for_flow(name)
    if view.target == LOCAL:
        return Place(view.run, name, LOCAL, None, local_store(settings, asked.store))
    engine = engine_of(view.target, settings, asked.connection)
    try:
        kept = engine.deployment(view.deployment).record if view.deployment else None
    except NotThereError:
        kept = None
    store = asked.store or (kept.store if kept else "") or settings.text("store", view.target)
    return Place(view.run, name, view.target, engine, store)
