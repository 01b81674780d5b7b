"""Execute a case on a real cluster with Argo's controller, by kubectl: `run_on_cluster`.

`make test-argo` names it by variables:

- `FLOWC_ARGO_KUBECONFIG`: the file that kubectl takes. Its user may create, get and delete workflows, their templates and Secrets.
- `FLOWC_ARGO_NAMESPACE`: where all runs, also cases whose settings name a namespace of their own.
- `FLOWC_ARGO_IMAGE`: an image with Python, the shim (`pip install flowc-runtime`) and what the flows import; of the same minor
  release as the Python here, for artifacts go as pickles.
- `FLOWC_ARGO_STORE`: a URL that means the same from here and from the pods: `s3://bucket/prefix`, or `file:/share` where that is a
  volume of every pod. Each case has a folder of its own in it, which the pods' user (1000) may write to, and which is removed at the end.
- `FLOWC_ARGO_SERVICE_ACCOUNT`: whom the pods run as, where that is not the namespace's default.
- `FLOWC_ARGO_SECRETS`: names of Secrets, between commas, whose keys the pods get as variables: the store's credentials.
- `FLOWC_ARGO_KEEP`: set to anything, it leaves workflows, templates, Secrets and artifacts where they are.

The code travels through the store as an archive.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from compiler.backends import Options
from compiler.backends.argo import BACKEND
from compiler.workspace.package import package
from tests.engines import FlowCase, Outcome
from tests.engines.argo import main_document
from tests.engines.argo_case import word
from tests.engines.argo_nodes import obj, objects
from tests.engines.argo_tags import Json
from tests.engines.compiling import compiled

VARIABLES = ("KUBECONFIG", "NAMESPACE", "IMAGE", "STORE")
ENDED = ("Succeeded", "Failed", "Error")


class ClusterError(Exception):
    """kubectl failed, or a workflow did not end in time."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where to run: a namespace with a controller, an image with Python and the shim, a store.

    `secrets` are Secrets whose keys the pods get as variables (the store's credentials); `kubectl` is the command.
    """

    kubeconfig: str
    namespace: str
    image: str
    store: str
    service_account: str | None = None
    secrets: tuple[str, ...] = ()
    kubectl: Sequence[str] = ("kubectl",)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    patience: float = 600.0
    pause: float = 2.0
    keeps: bool = False
    made: list[tuple[str, str]] = field(default_factory=list)
    """The objects that it has made, by kind and name."""

    def run(self, *words: str, given: str = "") -> str:
        """The output of one kubectl command."""
        command = [*self.kubectl, "--kubeconfig", self.kubeconfig, "-n", self.namespace, *words]
        done = subprocess.run(
            command, input=given, env=dict(self.environment), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ClusterError(f"{' '.join(words)}: {done.stderr}")
        return done.stdout


def cluster() -> Cluster | None:
    """The cluster that `FLOWC_ARGO_KUBECONFIG`, `_NAMESPACE`, `_IMAGE` and `_STORE` name; None unless all do."""
    found = {name: os.environ.get(f"FLOWC_ARGO_{name}", "") for name in VARIABLES}
    if not all(found.values()):
        return None
    return Cluster(
        found["KUBECONFIG"],
        found["NAMESPACE"],
        found["IMAGE"],
        found["STORE"],
        os.environ.get("FLOWC_ARGO_SERVICE_ACCOUNT"),
        tuple(name for name in os.environ.get("FLOWC_ARGO_SECRETS", "").split(",") if name),
        keeps=bool(os.environ.get("FLOWC_ARGO_KEEP")),
    )


@contextmanager
def tidied(where: Cluster) -> Iterator[Cluster]:
    """The cluster with a folder of its own in the store, for one case; what has been made there by the end is removed."""
    own = f"{where.store.rstrip('/')}/case-{uuid.uuid4().hex[:12]}"
    if own.startswith("file:"):
        place = Path(own.removeprefix("file:"))
        place.mkdir(parents=True)
        place.chmod(0o777)
    inside = replace(where, store=own, made=[])
    try:
        yield inside
    finally:
        for kind, name in () if where.keeps else inside.made:
            where.run("delete", kind, name, "--ignore-not-found", "--wait=false")
        if not where.keeps:
            _remove(own)


def run_on_cluster(case: FlowCase, where: Cluster) -> Outcome:
    """Compile, store the code, apply the template, create a workflow, wait for its end."""
    source, files = compiled(case, BACKEND, _options(where, case.root or case.path.parent))
    document = main_document(files[0].text)
    name = str(obj(document["metadata"])["name"])
    obj(document["metadata"])["namespace"] = where.namespace
    secret = _with_environment(document, case.environment, f"{name[:50]}-own")
    if secret:
        where.run("apply", "-f", "-", given=json.dumps(secret))
        where.made.append(("secret", f"{name[:50]}-own"))
    where.run("apply", "-f", "-", given=json.dumps(document))
    where.made.append(("workflowtemplate", name))
    name = where.run("create", "-f", "-", "-o", "jsonpath={.metadata.name}", given=_workflow(document, case)).strip()
    where.made.append(("workflow", name))
    status = _wait(where, name)
    nodes = obj(status.get("nodes"))
    log = "\n".join(
        f"{node.get('displayName')}: {node.get('phase')} {node.get('message', '')}" for node in map(obj, nodes.values())
    )
    run_id = f"argo-{where.namespace}-{name}"
    return Outcome(source.name, run_id, where.store, status.get("phase") == "Succeeded", log)


def _options(where: Cluster, root: Path) -> Options:
    target: dict[str, str | tuple[str, ...]] = {}
    if where.service_account:
        target["service_account"] = where.service_account
    if where.secrets:
        target["env_from_secrets"] = where.secrets
    code = _put(where.store, root)
    return Options(
        where.image, image=where.image, store=where.store, code=code, namespace=where.namespace, target=target
    )


def _put(store: str, root: Path) -> str:
    """The URL of the code's archive, which lies in the store afterwards."""
    archive = package(root)
    name = f"_code/{archive.name}"
    if store.startswith("file:"):
        place = Path(store.removeprefix("file:"), name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(archive.data)
    else:
        import boto3  # type: ignore[import-untyped]  # it has no stubs; only a real cluster needs it

        bucket, _, prefix = store.removeprefix("s3://").partition("/")
        boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=archive.data)
    return f"{store}/{name}"


def _remove(store: str) -> None:
    """Remove all that lies below a URL."""
    if store.startswith("file:"):
        shutil.rmtree(store.removeprefix("file:"), ignore_errors=True)
        return
    import boto3

    bucket, _, prefix = store.removeprefix("s3://").partition("/")
    boto3.resource("s3").Bucket(bucket).objects.filter(Prefix=f"{prefix}/").delete()


def _with_environment(document: dict[str, Json], environment: Mapping[str, str], name: str) -> dict[str, Json]:
    """Give every container the case's own variables, from a Secret: nothing expands what stands there. The Secret, where one is needed."""
    if not environment:
        return {}
    container = obj(obj(obj(document["spec"])["templateDefaults"])["container"])
    own: list[Json] = [
        {"name": each, "valueFrom": {"secretKeyRef": {"name": name, "key": each}}} for each in environment
    ]
    container["env"] = [*objects(container["env"]), *own]
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": dict(environment)}


def _workflow(template: dict[str, Json], case: FlowCase) -> str:
    name = str(obj(template["metadata"])["name"])
    parameters: list[Json] = [{"name": key, "value": word(value)} for key, value in case.parameters.items()]
    spec: dict[str, Json] = {"workflowTemplateRef": {"name": name}, "arguments": {"parameters": parameters}}
    metadata: dict[str, Json] = {"generateName": f"{name[:40]}-"}
    return json.dumps({"apiVersion": template["apiVersion"], "kind": "Workflow", "metadata": metadata, "spec": spec})


def _wait(where: Cluster, name: str) -> dict[str, Json]:
    deadline = time.monotonic() + where.patience
    while time.monotonic() < deadline:
        status = obj(obj(json.loads(where.run("get", "workflow", name, "-o", "json"))).get("status"))
        if status.get("phase") in ENDED:
            return status
        time.sleep(where.pause)
    raise ClusterError(f"workflow {name} did not end in {where.patience:.0f} s")
