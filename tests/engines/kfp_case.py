"""Execute a flow's emitted pipeline: `run_kfp`."""

from __future__ import annotations

import random
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from flowc_kfp import BACKEND

from compiler.backends import Options
from compiler.backends.command import inert_json
from compiler.ir.flow import Gang
from tests.engines import FlowCase, Outcome
from tests.engines.argo_case import NODES, host_of, store_of, word
from tests.engines.argo_pods import RunningPod
from tests.engines.argo_tags import Json
from tests.engines.compiling import compiled
from tests.engines.kfp import run_pipeline
from tests.engines.rights import open_to_it


def run_kfp(
    case: FlowCase,
    folder: Path,
    *,
    seed: int = 0,
    workers: int = 2,
    python: Sequence[str] = (sys.executable,),
    watch: Callable[[RunningPod], None] | None = None,
) -> Outcome:
    """Compile, submit with the case's parameters, run the containers with the given interpreter. The store is `folder/store`."""
    source, files = compiled(case, BACKEND, Options(default_image="case:0", store=store_of(folder)))
    if any(isinstance(step.next, Gang) for step in source.steps.values()):
        workers = max(workers, NODES)
    found = replace(case, flow=source.name, root=Path(source.root))
    return submit(files[0].text, found, folder, seed=seed, workers=workers, python=python, watch=watch)


def submit(
    text: str,
    case: FlowCase,
    folder: Path,
    *,
    seed: int = 0,
    workers: int = 2,
    python: Sequence[str] = (sys.executable,),
    watch: Callable[[RunningPod], None] | None = None,
) -> Outcome:
    """Run the pipeline of a case, whoever compiled it; its store must be `store_of(folder)`."""
    open_to_it(folder)
    open_to_it(folder / "store")
    host = host_of(case, folder / "pods", python=python)
    run = str(uuid.UUID(int=random.Random(f"{seed} {folder}").getrandbits(128), version=4))
    given = parameters_input(case.parameters)
    ended = run_pipeline(text, run=run, parameters=given, host=host, seed=seed, workers=workers, watch=watch)
    log = "\n".join(ended.log)
    return Outcome(case.flow, f"kfp-{run}", store_of(folder), ended.succeeded, log, len(ended.pods))


def parameters_input(parameters: Mapping[str, object]) -> dict[str, Json]:
    """The pipeline's one input as docs/targets/kfp.md says it: JSON in whose texts nothing is left that somebody would rewrite."""
    return {"parameters": inert_json({name: word(value) for name, value in parameters.items()})} if parameters else {}
