"""Execute a flow's emitted definition: `run_maestro`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flowc_maestro import BACKEND

from compiler.backends import Options
from compiler.ir.flow import Gang
from tests.engines import FlowCase, Outcome
from tests.engines.argo_pods import Host, RunningPod
from tests.engines.compiling import compiled
from tests.engines.maestro import Start, as_run_params, run_workflow
from tests.engines.maestro_sel import literal
from tests.engines.rights import open_to_it, prefix

NODES = 8
"""How many pods run at once where a flow has gangs, whose nodes wait for each other; a cluster runs as many as it has room for."""

SHIM = Path(__file__).resolve().parents[2] / "runtime_shim"


def run_maestro(case: FlowCase, folder: Path, *, watch: Callable[[RunningPod], None] | None = None) -> Outcome:
    """Compile, start with the case's parameters, run the containers with this interpreter. The store lies at `folder/store`."""
    store = f"file:{folder / 'store'}"
    source, files = compiled(case, BACKEND, Options(default_image="case:0", store=store))
    open_to_it(folder)
    open_to_it(folder / "store")
    host = Host(
        folder / "pods",
        Path(source.root).resolve(),
        environment={"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1", **case.environment},
        commands={"python": (sys.executable,)},
        user=prefix(),
    )
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
