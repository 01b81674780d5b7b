"""Stands in for kubectl and the cluster behind it: `apply`, `create`, `get` and `delete` of one template, its Secret and workflows.

A created workflow is executed by the interpreter at once; what is kept lies in `KUBECTL_STATE`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.engines.argo import Submission, run_workflow
from tests.engines.argo_case import SHIM
from tests.engines.argo_pods import Host

STATE = Path(os.environ.get("KUBECTL_STATE", "."))


def main(words: list[str]) -> int:
    """One command."""
    assert words[0] == "--kubeconfig", words
    assert words[2] == "-n", words
    namespace, verb, rest = words[3], words[4], words[5:]
    if verb == "apply":
        applied(sys.stdin.read(), namespace)
    elif verb == "delete":
        with (STATE / "deleted").open("a") as file:
            file.write(f"{rest[0]} {rest[1]}\n")
    elif verb == "create":
        sys.stdout.write(created(json.load(sys.stdin), namespace))
    elif verb == "get" and rest[0] == "workflow":
        sys.stdout.write((STATE / rest[1]).read_text())
    else:
        sys.stderr.write(f"error: unknown command {words}\n")
        return 1
    return 0


def applied(text: str, namespace: str) -> None:
    """Keep a template or a Secret, which must be of this namespace."""
    document = json.loads(text)
    assert document["metadata"].get("namespace", namespace) == namespace, document["metadata"]
    secret = document["kind"] == "Secret"
    (STATE / ("secret" if secret else "template")).write_text(json.dumps(document) if secret else text)


def created(workflow: dict[str, dict[str, object]], namespace: str) -> str:
    """Execute a workflow; its name."""
    name = f"{workflow['metadata']['generateName']}abcde"
    arguments = json.loads(json.dumps(workflow["spec"]["arguments"]))["parameters"]
    file = STATE / "secret"
    secret = json.loads(file.read_text()) if file.exists() else {}
    host = Host(
        STATE / "pods",
        STATE,
        environment={"PYTHONPATH": str(SHIM)},
        commands={"python": [sys.executable]},
        secrets={secret["metadata"]["name"]: secret["stringData"]} if secret else {},
    )
    given = {argument["name"]: argument["value"] for argument in arguments}
    text = (STATE / "template").read_text()
    done = run_workflow(text, host=host, submission=Submission(given, name, namespace, "a-uid"))
    nodes = {node.name: {"displayName": node.name, "phase": node.phase} for node in done.nodes.values()}
    (STATE / name).write_text(json.dumps({"status": {"phase": done.phase, "nodes": nodes}}))
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
