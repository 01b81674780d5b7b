"""Execute a flow's emitted state machine: `run_stepfunctions`."""

from __future__ import annotations

import sys
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from compiler.backends import Options
from compiler.backends.stepfunctions import BACKEND
from tests.engines import FlowCase, Outcome
from tests.engines.compiling import compiled
from tests.engines.rights import open_to_it, prefix
from tests.engines.stepfunctions import Image, Server, run_state_machine, server

SHIM = Path(__file__).resolve().parents[2] / "runtime_shim"


def run_stepfunctions(
    case: FlowCase,
    folder: Path,
    *,
    python: Path = Path(sys.executable),
    execution: str | None = None,
    bucket: str | None = None,
    timeout: float = 300,
) -> Outcome:
    """Compile, execute with the case's parameters as the execution's input, run the jobs with the given interpreter.

    The jobs keep their artifacts on the server's S3; afterwards they are copied to `folder/store`, whose URL the outcome has.
    """
    source, files = compiled(case, BACKEND, Options(default_image="case:0"))
    found = replace(case, flow=source.name, root=Path(source.root))
    machine = Machine(files[0].name.removesuffix(".asl.json"), files[0].text, files[1].text)
    return execute(machine, found, folder, python=python, execution=execution, bucket=bucket, timeout=timeout)


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine: its name, its definition and its job definitions."""

    name: str
    states: str
    jobs: str


def execute(
    machine: Machine,
    case: FlowCase,
    folder: Path,
    *,
    python: Path = Path(sys.executable),
    execution: str | None = None,
    bucket: str | None = None,
    timeout: float = 300,
) -> Outcome:
    """Execute the state machine of a case, whoever compiled it."""
    open_to_it(folder / "home")
    engine = server()
    bucket = bucket or engine.bucket()
    execution = execution or str(uuid.uuid4())
    result = run_state_machine(
        machine.states,
        machine.jobs,
        folder=folder / "jobs",
        substitutions={"StoreBucket": bucket},
        input=dict(case.parameters),
        name=machine.name,
        execution=execution,
        image=Image(
            python=python,
            workdir=(case.root or case.path.parent).resolve(),
            environment={
                "PYTHONPATH": str(SHIM),
                "PYTHONDONTWRITEBYTECODE": "1",
                "HOME": str(open_to_it(folder) / "home"),
                **case.environment,
            },
            user=prefix(),
        ),
        timeout=timeout,
    )
    copied = copy_store(engine, bucket, "flowc", folder / "store")
    run = f"sfn-{machine.name}-{execution}"
    return Outcome(case.flow, run, copied, result.status == "SUCCEEDED", result.log, len(result.jobs))


def copy_store(engine: Server, bucket: str, prefix: str, folder: Path) -> str:
    """Every object below the prefix as a file; the URL of the folder, which is a store of the same keys."""
    client = engine.client("s3")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for entry in page.get("Contents", ()):
            path = folder / entry["Key"].removeprefix(f"{prefix}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read())
    return f"file:{folder}"
