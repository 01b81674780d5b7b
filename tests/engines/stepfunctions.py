"""Execute a state machine and its Batch jobs on this machine: `run_state_machine`; a whole flow: `run_stepfunctions`."""

from __future__ import annotations

import atexit
import functools
import json
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # it has no stubs
from botocore.config import Config  # type: ignore[import-untyped]

from tests.engines.batch_quota import PER_SECOND

STANDIN = "tests.engines.moto_standin"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9]+)\}")


@dataclass(frozen=True, slots=True)
class Image:
    """What a job's container starts with: an interpreter, a working directory, variables of its own."""

    python: Path = Path(sys.executable)
    workdir: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=dict)
    user: tuple[str, ...] = ()
    """What stands before a command that the image's user runs."""
    throttle: int = 0
    """How many submissions Batch refuses at first, of each job's name."""
    submissions: float = PER_SECOND
    """How many submissions Batch takes a second of the engine's clock."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """One container that was started: 128 + n is the exit code of a process that signal n ended."""

    name: str
    argv: tuple[str, ...]
    exit: int
    log: str


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """How an execution ended; `jobs` in the order of their start; `refused` counts submissions that Batch did not take."""

    status: str
    error: str
    cause: str
    output: Any
    jobs: tuple[JobRun, ...]
    refused: int = 0

    @property
    def log(self) -> str:
        """Everything a person would look at: the error, then each job's output."""
        head = "" if self.status == "SUCCEEDED" else f"{self.status} {self.error}: {self.cause}\n"
        return head + "".join(f"--- {' '.join(job.argv)} -> {job.exit}\n{job.log}" for job in self.jobs)


class Server:
    """A running stand-in for Step Functions, Batch and S3; any number of executions at once, each with its own queue and bucket."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", STANDIN],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.endpoint = f"http://127.0.0.1:{json.loads(self._process.stdout.readline())['port']}"
        role = self.client("iam").create_role(RoleName="flowc", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.role: str = role
        self._compute = self.client("batch").create_compute_environment(
            computeEnvironmentName="flowc", type="UNMANAGED", state="ENABLED", serviceRole=role
        )["computeEnvironmentArn"]

    def stop(self) -> None:
        """End the server and every job that it still runs."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        if self._process.stdout:
            self._process.stdout.close()

    def client(self, service: str) -> Any:
        """A boto3 client of this server."""
        return _client(self.endpoint, service)

    def bucket(self) -> str:
        """A new bucket's name."""
        name = f"b-{uuid.uuid4().hex[:16]}"
        self.client("s3").create_bucket(Bucket=name)
        return name

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach this server."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint}

    @contextmanager
    def queue(self) -> Iterator[str]:
        """A job queue of its own; what still runs in it at the end is ended."""
        batch = self.client("batch")
        arn = batch.create_job_queue(
            jobQueueName=f"q-{uuid.uuid4().hex[:16]}",
            state="ENABLED",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": self._compute}],
        )["jobQueueArn"]
        try:
            yield arn
        finally:
            for job in batch.list_jobs(jobQueue=arn)["jobSummaryList"]:
                if job["status"] not in {"SUCCEEDED", "FAILED"}:
                    batch.terminate_job(jobId=job["jobId"], reason="the execution is over")


_FIRST_USE = threading.Lock()
"""Clients and the server are made once, whatever thread asks first."""


@functools.cache
def _made_client(endpoint: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=32),
    )


def _client(endpoint: str, service: str) -> Any:
    with _FIRST_USE:
        return _made_client(endpoint, service)


@functools.cache
def _made_server() -> Server:
    running = Server()
    atexit.register(running.stop)
    return running


def server() -> Server:
    """The one server of this process; it ends with it."""
    with _FIRST_START:
        return _made_server()


_FIRST_START = threading.Lock()


def substitute(text: str, values: Mapping[str, str]) -> str:
    """The text with each `${Name}` replaced inside its JSON string; an unknown name is an error."""
    missing = set(_PLACEHOLDER.findall(text)) - set(values)
    assert not missing, f"no value for {sorted(missing)}"
    return _PLACEHOLDER.sub(lambda match: json.dumps(values[match[1]])[1:-1], text)


def run_state_machine(
    definition: str,
    job_definitions: str,
    *,
    folder: Path,
    substitutions: Mapping[str, str] | None = None,
    input: object = None,
    name: str = "machine",
    execution: str | None = None,
    image: Image | None = None,
    timeout: float = 120,
) -> ExecutionResult:
    """Create the machine, run it once and delete it again.

    `job_definitions`: JSON of placeholder's name to what Batch's RegisterJobDefinition takes; their `image` is replaced by
    the local one. `${JobQueue}` and a placeholder for each job definition are given by this function. Logs go to `folder`.
    """
    engine, values = server(), dict(substitutions or {})
    folder.mkdir(parents=True, exist_ok=True)
    with engine.queue() as queue:
        values.setdefault("JobQueue", queue)
        _register(engine, job_definitions, values, image or Image(), folder)
        states = engine.client("stepfunctions")
        machine = states.create_state_machine(
            name=name, definition=substitute(definition, values), roleArn=engine.role
        )["stateMachineArn"]
        try:
            arn = states.start_execution(
                stateMachineArn=machine, name=execution or str(uuid.uuid4()), input=json.dumps(input or {})
            )["executionArn"]
            described = _await(states, arn, timeout)
        finally:
            states.delete_state_machine(stateMachineArn=machine)
    return ExecutionResult(
        status=described["status"],
        error=described.get("error", ""),
        cause=described.get("cause", ""),
        output=json.loads(described.get("output") or "null"),
        jobs=_jobs(folder),
        refused=len((folder / "refused").read_text()) if (folder / "refused").exists() else 0,
    )


def _register(engine: Server, job_definitions: str, values: dict[str, str], image: Image, folder: Path) -> None:
    local = json.dumps(
        {
            "python": str(image.python),
            "workdir": str(image.workdir),
            "user": image.user,
            "env": {
                "PATH": f"{image.python.parent}:/usr/bin:/bin",
                "HOME": str(folder),
                **engine.environment,
                **image.environment,
            },
            "logs": str(folder),
            "throttle": image.throttle,
            "submissions": image.submissions,
        }
    )
    unresolved = json.loads(job_definitions)
    for key, definition in unresolved.items():
        text = substitute(json.dumps(definition), {"JobRole": engine.role, "ExecutionRole": engine.role, **values})
        what = json.loads(text)
        what["jobDefinitionName"] = f"{what['jobDefinitionName']}-{uuid.uuid4().hex[:12]}"
        what["containerProperties"]["image"] = local
        values[key] = engine.client("batch").register_job_definition(**what)["jobDefinitionArn"]


def _await(states: Any, arn: str, timeout: float) -> dict[str, Any]:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        described: dict[str, Any] = states.describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            return described
        time.sleep(0.1)
    states.stop_execution(executionArn=arn, error="Test.Timeout", cause=f"not done after {timeout} s")
    return {"status": "TIMED_OUT", "error": "Test.Timeout", "cause": f"not done after {timeout} s"}


def _jobs(folder: Path) -> tuple[JobRun, ...]:
    records = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    records.sort(key=lambda record: record["started"])
    return tuple(
        JobRun(
            name=record["name"],
            argv=tuple(record["argv"]),
            exit=record["exit"],
            log=(folder / f"{record['name']}.log").read_text(errors="replace"),
        )
        for record in records
    )
