"""Execute a flow's emitted definition: `run_maestro`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flowc_maestro import BACKEND

from compiler.backends import Options
from compiler.ir.flow import Gang
from tests.engines import FlowCase, Outcome
from tests.engines.argo_case import NODES, host_of, store_of
from tests.engines.argo_pods import RunningPod
from tests.engines.compiling import compiled
from tests.engines.maestro import Start, as_run_params, run_workflow
from tests.engines.maestro_sel import literal
from tests.engines.rights import open_to_it


def run_maestro(case: FlowCase, folder: Path, *, watch: Callable[[RunningPod], None] | None = None) -> Outcome:
    """Compile, start with the case's parameters, run the containers with this interpreter. The store lies at `folder/store`."""
    store = store_of(folder)
    source, files = compiled(case, BACKEND, Options(default_image="case:0", store=store))
    open_to_it(folder)
    open_to_it(folder / "store")
    host = host_of(replace(case, root=Path(source.root)), folder / "pods")
    result = run_workflow(
        files[0].text,
        host=host,
        start=Start(as_run_params(case.parameters, literal)),
        seed=sum(source.name.encode()),
        workers=NODES if any(isinstance(step.next, Gang) for step in source.steps.values()) else 2,
        watch=watch,
    )
    found = replace(case, flow=source.name)
    workflow = files[0].name.removesuffix(".maestro.json")
    return Outcome(found.flow, f"maestro-{workflow}-1", store, result.succeeded, result.log, result.pods)
