"""Execute a flow's emitted pipeline of Valohai: `run_valohai`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from flowc_valohai import BACKEND

from compiler.backends import Options
from tests.engines import FlowCase, Outcome
from tests.engines.argo_case import SHIM, store_of, word
from tests.engines.compiling import compiled
from tests.engines.rights import open_to_it, prefix
from tests.engines.valohai import Machine, read_pipeline, run_pipeline


def run_valohai(
    case: FlowCase,
    folder: Path,
    *,
    seed: int | None = None,
    workers: int = 2,
    python: Sequence[str] = (sys.executable,),
) -> Outcome:
    """Compile, start the pipeline with the case's parameters, run the executions with the given interpreter.

    The store lies at `folder/store`; `seed` is that of the order in which nodes start, the case's own where none is said.
    """
    source, files = compiled(case, BACKEND, Options(default_image="case:0", store=store_of(folder)))
    open_to_it(folder)
    open_to_it(folder / "store")
    machine = Machine(
        folder / "executions",
        Path(source.root).resolve(),
        environment={"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1", **case.environment},
        python=python,
        user=prefix(),
    )
    _, pipeline = read_pipeline(files[0].text)
    texts = {name: word(value) for name, value in case.parameters.items()}
    shared = {parameter.name for parameter in pipeline.parameters}
    result = run_pipeline(
        files[0].text,
        machine,
        given={name: text for name, text in texts.items() if name in shared},
        of_nodes={(pipeline.nodes[0].name, name): text for name, text in texts.items() if name not in shared},
        seed=sum(case.flow.encode()) if seed is None else seed,
        workers=workers,
    )
    return Outcome(
        source.name, f"valohai-{result.id}", store_of(folder), result.succeeded, result.log, len(result.executions)
    )
