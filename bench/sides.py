"""The two sides: how each is installed and called, and the AWS that both talk to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Cost, run

ROOT = Path(__file__).resolve().parent.parent
METAFLOW = "metaflow==2.19.39"
POLARS = "polars==2.1.0"
METAFLOW_EXTRAS = ("boto3", "kubernetes", "numpy", "pandas", "pyarrow")

SERVER = """
import socket, sys, time
from moto.server import ThreadedMotoServer
listening = socket.socket(); listening.bind(("127.0.0.1", 0)); port = listening.getsockname()[1]; listening.close()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=port); server.start()
print(port, flush=True)
sys.stdin.read()
server.stop()
"""
PREPARE = """
import boto3
boto3.client("s3").create_bucket(Bucket="bench")
role = boto3.client("iam").create_role(RoleName="bench", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
batch = boto3.client("batch")
ec2 = boto3.client("ec2")
subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
groups = [group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]]
place = batch.create_compute_environment(
    computeEnvironmentName="bench", type="MANAGED", state="ENABLED", serviceRole=role,
    computeResources={"type": "FARGATE", "maxvCpus": 4, "subnets": subnets, "securityGroupIds": groups})
batch.create_job_queue(jobQueueName="bench", state="ENABLED", priority=1,
    computeEnvironmentOrder=[{"order": 1, "computeEnvironment": place["computeEnvironmentArn"]}])
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder to work in, the interpreters of both sides, and the environment that both get."""

    folder: Path
    metaflow: Path
    flowc: Path
    env: Mapping[str, str]
    requests: Path

    def flow(self, name: str, source: str) -> Path:
        """Write a flow's source into a folder of its own; its file has the flow's name."""
        return self.flow_in(name, name, source)

    def flow_in(self, folder: str, name: str, source: str) -> Path:
        """Write a flow's source into a folder that may hold others: it is the code that is packed."""
        path = self.folder / "flows" / folder.lower() / f"{name.lower()}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return path

    def with_metaflow(self, path: Path, *arguments: str, **more: str) -> Cost:
        """Run a command of a flow with Metaflow."""
        return run([str(self.metaflow), str(path), "--quiet", *arguments], env={**self.env, **more}, cwd=self.folder)

    def with_flowc(self, *arguments: str, **more: str) -> Cost:
        """Run a command of flowc."""
        return run([str(self.flowc), *arguments], env={**self.env, **more}, cwd=self.folder)

    def count_requests(self) -> int:
        """Requests that the AWS server has answered since it was started."""
        return self.requests.read_text(encoding="utf-8", errors="replace").count("HTTP/1.1")


def metaflow_python() -> Path:
    """The interpreter of Metaflow's environment, made where it is missing."""
    venv = ROOT / ".engines" / "metaflow"
    python = venv / "bin" / "python"
    if not (venv / "ready").exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", "3.11", str(venv)], check=True)
        install = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
        subprocess.run([*install, METAFLOW, *METAFLOW_EXTRAS], check=True)
        (venv / "ready").touch()
    return python


def polars_folder() -> Path:
    """A folder with Polars in it, which neither side has of its own: made where it is missing, and put on both paths."""
    folder = ROOT / ".engines" / "polars"
    if not (folder / "ready").exists():
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", "3.11"]
        subprocess.run([*install, "--target", str(folder), POLARS], check=True)
        (folder / "ready").touch()
    return folder


@contextmanager
def open_bench(folder: Path) -> Iterator[Bench]:
    """Both sides ready, with an AWS server that ends with the bench."""
    requests = folder / "requests.log"
    with requests.open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        try:
            assert server.stdout
            # The server greets first; the line that is a number is the port.
            port = next(int(line) for line in server.stdout if line.strip().isdigit())
            url = f"http://127.0.0.1:{port}"
            _wait_for(url)
            env = _environment(folder, url)
            subprocess.run([sys.executable, "-c", PREPARE], env=dict(env), check=True)
            flowc = Path(sys.executable).parent / "flowc"
            yield Bench(folder, metaflow_python(), flowc, env, requests)
        finally:
            assert server.stdin
            server.stdin.close()
            server.wait(timeout=20)


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5) as answer:
                json.load(answer)
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"no answer from {url}")


def _environment(folder: Path, url: str) -> Mapping[str, str]:
    role = "arn:aws:iam::123456789012:role/bench"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "USER": "bench",
        "USERNAME": "bench",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "METAFLOW_USER": "bench",
        "METAFLOW_S3_ENDPOINT_URL": url,
        "METAFLOW_DATASTORE_SYSROOT_S3": "s3://bench/metaflow",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder / "metaflow"),
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_KUBERNETES_NAMESPACE": "bench",
        "METAFLOW_BATCH_JOB_QUEUE": "bench",
        "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": role,
        "METAFLOW_SFN_IAM_ROLE": role,
        "METAFLOW_SFN_DYNAMO_DB_TABLE": "bench",
        "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": role,
        "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": role,
    }
