"""Small workflows for the tests of the interpreter: a manifest from a few lines, containers that are shell commands."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.engines.argo import Submission, WorkflowResult, run_workflow
from tests.engines.argo_pods import Host, RunningPod

HEAD = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: t}
spec:
  entrypoint: main
"""

ECHO = """\
- name: echo
  inputs: {parameters: [{name: x, default: none}]}
  container: {image: i, command: [sh, -c, 'mkdir -p /out; printf "%s" "$0" > /out/x'], args: ['{{inputs.parameters.x}}']}
  outputs: {parameters: [{name: x, valueFrom: {path: /out/x}}]}
"""
"""A template whose output is its input."""


def manifest(templates: str, spec: str = "") -> str:
    """A WorkflowTemplate; `spec` are further lines of the specification."""
    indented = textwrap.indent(textwrap.dedent(templates), "  ")
    fields = textwrap.indent(textwrap.dedent(spec).strip("\n"), "  ") + "\n" if spec else ""
    return HEAD + fields + "  templates:\n" + indented


def main(tasks: str, *others: str, spec: str = "") -> str:
    """A WorkflowTemplate whose entry point is a DAG of these tasks."""
    body = textwrap.indent(textwrap.dedent(tasks).strip("\n"), "    ")
    return manifest("- name: main\n  dag:\n    tasks:\n" + body + "\n" + "".join(map(textwrap.dedent, others)), spec)


def execute(
    text: str, folder: Path, *, parameters: Mapping[str, str] | None = None, seed: int = 0, workers: int = 2,
    environment: Mapping[str, str] | None = None, watch: Callable[[RunningPod], None] | None = None,
    secrets: Mapping[str, Mapping[str, str]] | None = None,
) -> WorkflowResult:  # fmt: skip
    """Run it; `true`, `false` and `sh` are the programs of the image."""
    host = Host(
        folder / "pods",
        folder,
        environment=environment or {},
        commands={"sh": ["/bin/sh"], "true": ["/bin/true"], "false": ["/bin/false"]},
        secrets=secrets or {},
    )
    submission = Submission(parameters or {}, name="wf", uid="u-1")
    return run_workflow(text, host=host, submission=submission, seed=seed, workers=workers, watch=watch)


def values(result: WorkflowResult, task: str = "r") -> str:
    """What the `echo` of that name was given, as its output says."""
    outputs = result.node(task).outputs
    assert outputs, json.dumps({node.name: node.message for node in result.nodes.values()}, indent=1)
    return outputs["x"]
