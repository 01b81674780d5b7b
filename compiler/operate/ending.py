"""Ending a run, and going on from what has failed: by the engine, or by the process of a local run."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read_run
from flowc.store.protocol import MissingError

from compiler.backends.operating import OVER
from compiler.call.flow_files import files_of, recorded_file
from compiler.call.history import opened
from compiler.mistakes import CallError, NotThereError
from compiler.operate.listing import of_engine
from compiler.operate.places import Place
from compiler.operate.views import RunView, look
from compiler.run.process_state import process_of
from compiler.slotted_class import replaced
from compiler.workspace.settings import read_settings

_PATIENCE = 30.0
"""Seconds that a local run has to end its tasks."""


def terminate(place: Place) -> str:
    """End a run; what became of it. Raises NotThereError, EngineError, CallError where its process is none of this machine."""
    if place.engine is not None:
        before = place.engine.run(place.run)
        if before.phase in OVER:
            return f"has {before.phase} already"
        place.engine.terminate(place.run)
        return "was told to end"
    view = look(place)
    if view.status != "running":
        return (
            f"is {view.status}: nothing of it runs here" if view.status == "unknown" else f"has {view.status} already"
        )
    assert place.flow is not None
    assert place.store is not None
    address = RunAddress(place.flow, place.run)
    pid = process_of(place.store, address)
    if pid is None:
        raise CallError(
            f"{place.path} runs in a process that is not of this machine, or hidden from it: end it where it was started"
        )
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if process_of(place.store, address) != pid:
            return "was ended"
        time.sleep(0.05)
    return f"was told to end (process {pid}), and has not within {_PATIENCE:g} s"


def beside(place: Place, step: str) -> tuple[str, ...]:
    """The steps that share a container with this one, itself among them, so that a retry from it does them all again."""
    assert place.engine is not None
    return next((task.steps for task in place.engine.run(place.run).tasks if step in task.steps[1:]), ())


def retried(place: Place, step: str | None) -> tuple[Place, RunView]:
    """Go on with a run of an engine; where the run that goes on is, and how it stands."""
    assert place.engine is not None
    run = place.engine.retry(place.run, step)
    return replaced(place, run=run.run), of_engine(run, place.flow, place.target)


def retry_here(place: Place, step: str | None, *, as_json: bool) -> int:
    """Go on with a local run in this process's place, as `flowc run --resume` does. Raises CallError where its file is not found."""
    view = look(place)
    if view.status == "running":
        raise CallError(
            f"{place.path} still runs: `flowc wait {place.path}` waits for it, `flowc terminate {place.path}` ends it"
        )
    if view.status == "succeeded" and step is None:
        raise CallError(f"{place.path} has succeeded: name a step with --from to do it and what follows again")
    assert place.flow is not None
    assert place.store is not None
    file = _file_of(place.flow, place)
    words = [
        "--store",
        place.store,
        "--resume",
        place.run,
        *(["--from", step] if step else []),
        *(["--json"] if as_json else []),
    ]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", "compiler", "run", *words, f"{file}:{place.flow}"])


def _file_of(flow: str, place: Place) -> Path:
    """The file of the workspace that has the run's flow. Raises NotThereError, CallError where several have."""
    assert place.store is not None
    try:
        recorded = recorded_file(read_run(opened(place.store), RunAddress(flow, place.run)))
    except MissingError:
        recorded = ()
    found = files_of(flow, recorded, read_settings(Path()))
    if len(found) == 1:
        return found[0]
    where = "nowhere in this workspace" if not found else f"in {' and '.join(map(str, found))}"
    kind = NotThereError if not found else CallError
    raise kind(f"the flow {flow} is {where}: `flowc run FILE --resume {place.run}` goes on with the file that is meant")
