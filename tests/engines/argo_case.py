"""Execute a flow's emitted WorkflowTemplate: `run_argo`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from compiler.backends import Options
from compiler.backends.argo import BACKEND
from compiler.ir.flow import Gang
from tests.engines import FlowCase, Outcome
from tests.engines.argo import NAMESPACE, Submission, run_workflow
from tests.engines.argo_pods import Host, RunningPod
from tests.engines.compiling import compiled
from tests.engines.rights import open_to_it, prefix

NODES = 8
"""How many pods run at once where a flow has gangs, whose nodes wait for each other; a cluster runs as many as it has room for."""

SHIM = Path(__file__).resolve().parents[2] / "runtime_shim"


def run_argo(
    case: FlowCase,
    folder: Path,
    *,
    seed: int = 0,
    workers: int = 2,
    python: Sequence[str] = (sys.executable,),
    watch: Callable[[RunningPod], None] | None = None,
    name: str | None = None,
    uid: str | None = None,
    offloads: bool = False,
    user: Sequence[str] | None = None,
    store: str = "",
) -> Outcome:
    """Compile, submit with the case's parameters, run the containers with the given interpreter.

    The store lies at `folder/store` or `store`; `name` and `uid` are the workflow's own, made up where not given. `user` is what
    stands before a command that the image's user runs, where that is not the one of `tests.engines.rights`.
    """
    source, files = compiled(case, BACKEND, Options(default_image="case:0", store=store or store_of(folder)))
    if any(isinstance(step.next, Gang) for step in source.steps.values()):
        workers = max(workers, NODES)
    found = replace(case, flow=source.name, root=Path(source.root))
    return submit(
        files[0].text,
        found,
        folder,
        seed=seed,
        workers=workers,
        python=python,
        watch=watch,
        name=name,
        uid=uid,
        offloads=offloads,
        user=user,
        store=store,
    )


def store_of(folder: Path) -> str:
    """The URL of the store of what runs in a folder."""
    return f"file:{folder / 'store'}"


def host_of(
    case: FlowCase,
    pods: Path,
    *,
    python: Sequence[str] = (sys.executable,),
    offloads: bool = False,
    user: Sequence[str] | None = None,
) -> Host:
    """Where containers of a case's image run, each in a folder of its own in `pods`; `user` as for `run_argo`."""
    return Host(
        pods,
        (case.root or case.path.parent).resolve(),
        environment={"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1", **case.environment},
        commands={"python": python},
        offloads=offloads,
        user=prefix() if user is None else user,
    )


def submit(
    manifest: str,
    case: FlowCase,
    folder: Path,
    *,
    seed: int = 0,
    workers: int = 2,
    python: Sequence[str] = (sys.executable,),
    watch: Callable[[RunningPod], None] | None = None,
    name: str | None = None,
    uid: str | None = None,
    offloads: bool = False,
    user: Sequence[str] | None = None,
    store: str = "",
) -> Outcome:
    """Run the manifest of a case, whoever compiled it; its store must be `store`, or `store_of(folder)`."""
    open_to_it(folder)
    open_to_it(folder / "store")
    host = host_of(case, folder / "pods", python=python, offloads=offloads, user=user)
    given = {parameter: word(value) for parameter, value in case.parameters.items()}
    result = run_workflow(
        manifest,
        host=host,
        submission=Submission(given, name=name, uid=uid),
        seed=seed,
        workers=workers,
        watch=watch,
    )
    return Outcome(
        case.flow,
        f"argo-{NAMESPACE}-{result.name}",
        store or store_of(folder),
        result.succeeded,
        result.log,
        len(result.pods),
    )


def word(value: object) -> str:
    """A JSON value as the text that a person submits."""
    return value if isinstance(value, str) else json.dumps(value)
