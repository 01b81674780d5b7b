"""What the server holds: pipelines, their versions, experiments and runs, which the interpreter executes."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.engines.argo_pods import Host, RunningPod
from tests.engines.argo_tags import Json
from tests.engines.kfp import Attempt, Path, PipelineRun, State, path_of
from tests.engines.kfp_api.nodes import Nodes, below, moment
from tests.engines.kfp_metadata import Execution, Metadata
from tests.engines.kfp_reading import Refused, read_pipeline

TOKEN = "canary-7d6e5f4a-token"
"""What the one user shows: it must be seen in nothing that we print."""

Tree = dict[str, Any]
_OVER = ("SUCCEEDED", "FAILED")


class ApiFault(Exception):
    """A refusal: its status, gRPC's code, and the server's sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def absent(what: str) -> ApiFault:
    """There is none."""
    return ApiFault(404, 5, f"ResourceNotFoundError: {what} not found.")


@dataclass(slots=True)
class Run:
    """A run and what executes it; `engines` are its executions, one more for each retry."""

    tree: Tree
    text: str
    parameters: dict[str, Json]
    workflow: str
    created: float
    engines: list[PipelineRun] = field(default_factory=list)
    pods: list[RunningPod] = field(default_factory=list)
    root: State = "running"
    thread: threading.Thread | None = None

    @property
    def nodes(self) -> Nodes:
        """Its nodes as they are now."""
        return Nodes(self.engines[-1], self.workflow)


@dataclass(slots=True)
class World:
    """One server. `swept`: pods of runs that are over are gone, and no archive keeps their logs."""

    host: Host
    multi_user: bool = False
    pipelines: dict[str, Tree] = field(default_factory=dict)
    versions: dict[str, Tree] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    experiments: dict[str, Tree] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    swept: bool = False
    asked: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def upload(self, name: str, namespace: str, description: str, text: str) -> Tree:
        """A new pipeline with its first version."""
        if any((each["name"], each["namespace"]) == (name, namespace) for each in self.pipelines.values()):
            raise ApiFault(409, 6, f"the name {name} already exist. Please specify a new name.")
        made = self._new("pipeline_id", name, description)
        pipeline = {**made, "name": name, "namespace": namespace}
        self.pipelines[pipeline["pipeline_id"]] = pipeline
        self.upload_version(pipeline["pipeline_id"], name, description, text)
        return pipeline

    def upload_version(self, pipeline: str, name: str, description: str, text: str) -> Tree:
        """A new version of a pipeline."""
        if pipeline not in self.pipelines:
            raise absent(f"Pipeline {pipeline}")
        if any((each["pipeline_id"], each["name"]) == (pipeline, name) for each in self.versions.values()):
            raise ApiFault(409, 6, f"the name {name} already exist. Please specify a new name.")
        try:
            read_pipeline(text)
        except Refused as error:
            raise ApiFault(400, 3, f"Failed to create a pipeline version: {error}") from None
        spec, *more = yaml.safe_load_all(text)
        made = self._new("pipeline_version_id", name, description)
        whole = {"pipeline_spec": spec, "platform_spec": more[0]} if more else spec
        version = {**made, "pipeline_id": pipeline, "name": name, "pipeline_spec": json.loads(json.dumps(whole))}
        self.versions[version["pipeline_version_id"]] = version
        self.texts[version["pipeline_version_id"]] = text
        return version

    def delete_pipeline(self, pipeline: str) -> None:
        """Remove an empty pipeline."""
        if pipeline not in self.pipelines:
            raise absent(f"Pipeline {pipeline}")
        if any(each["pipeline_id"] == pipeline for each in self.versions.values()):
            raise ApiFault(400, 3, f"Failed to delete pipeline {pipeline}: it has existing pipeline versions")
        del self.pipelines[pipeline]

    def experiment(self, name: str, namespace: str) -> Tree:
        """A new experiment."""
        if any((each["display_name"], each["namespace"]) == (name, namespace) for each in self.experiments.values()):
            raise ApiFault(409, 6, f"The experiment {name} already exist.")
        made = {**self._new("experiment_id", name, ""), "namespace": namespace}
        self.experiments[made["experiment_id"]] = made
        return made

    def create_run(self, body: Tree) -> Tree:
        """A new run, which begins at once."""
        version = body.get("pipeline_version_reference", {}).get("pipeline_version_id")
        if version not in self.versions:
            raise absent(f"PipelineVersion {version}")
        if body.get("experiment_id") not in self.experiments:
            raise absent(f"Experiment {body.get('experiment_id')}")
        given = body.get("runtime_config", {}).get("parameters", {})
        try:
            read_pipeline(self.texts[version]).inputs(given)
        except Refused as error:
            raise ApiFault(400, 3, f"Failed to create a run: {error}") from None
        made = self._new("run_id", body["display_name"], body.get("description", ""))
        tree = {
            **body,
            **made,
            "storage_state": "AVAILABLE",
            "finished_at": "1970-01-01T00:00:00Z",
            "state_history": [],
        }
        name = f"{self.pipelines[self.versions[version]['pipeline_id']]['name']}-{made['run_id'][:5]}"
        run = Run(tree, self.texts[version], given, name, time.time())
        self.runs[made["run_id"]] = run
        self._say(run, "PENDING")
        self._begin(run, {})
        return tree

    def _begin(self, run: Run, kept: dict[Path, tuple[Execution, list[Attempt]]]) -> None:
        host = Host(
            self.host.folder / str(run.tree["run_id"]) / str(len(run.engines)),
            self.host.workdir,
            self.host.environment,
            self.host.commands,
            user=self.host.user,
        )
        metadata, chance = Metadata(str(run.tree["run_id"])), random.Random(len(run.engines))
        made = PipelineRun(read_pipeline(run.text), metadata, host, chance, 2, run.pods.append, kept)
        run.engines.append(made)
        run.root = "running"
        self._say(run, "RUNNING")
        run.thread = threading.Thread(target=self._run, args=(run, made), daemon=True)
        run.thread.start()

    def _run(self, run: Run, made: PipelineRun) -> None:
        ended = made.run(run.parameters)
        with self.lock:
            run.root = "succeeded" if ended.succeeded else "failed"
            run.tree["finished_at"] = moment(time.time())
            self._say(run, "SUCCEEDED" if ended.succeeded else "FAILED")

    def terminate(self, run: Run) -> None:
        """End a run: its pods are told to, and the agent has seen that before they have."""
        if run.tree["state"] in _OVER:
            raise ApiFault(400, 3, f"Failed to terminate a run {run.tree['run_id']}. Row not found")
        self._say(run, "CANCELING")
        run.engines[-1].halted.set()
        for pod in run.pods:
            pod.terminate()

    def retry(self, run: Run) -> None:
        """Do again what has not succeeded."""
        if run.tree["state"] != "FAILED":
            raise ApiFault(400, 3, "Workflow must be Failed/Error to retry: workflow cannot be retried")
        last = run.engines[-1]
        kept = {}
        for execution in below(last.dags[1].execution):
            pods = last.pods.get(execution.id, [])
            if pods and pods[-1].phase == "Succeeded":
                kept[path_of(execution)] = (execution, pods)
        run.tree["finished_at"] = "1970-01-01T00:00:00Z"
        self._begin(run, kept)

    def workflow(self, run: Run) -> Tree:
        """A run as version 1 tells it: with the text of its workflow."""
        text = json.dumps(run.nodes.workflow(run.created, run.root))
        return {"run": {"id": run.tree["run_id"]}, "pipeline_runtime": {"workflow_manifest": text}}

    def log(self, run: Run, name: str) -> bytes:
        """What a pod has printed, so far."""
        nodes = run.nodes
        nodes.workflow(run.created, run.root)
        attempt = nodes.pods.get(name)
        if attempt is None or attempt.phase == "Pending" or (self.swept and run.tree["state"] in _OVER):
            raise ApiFault(500, 13, f"Failed to read logs for run {run.tree['run_id']}: pods {name!r} not found")
        if attempt.finished:
            return attempt.log.encode()
        with contextlib.suppress(OSError):
            return (run.engines[-1].host.folder / attempt.pod / "log").read_bytes()
        return attempt.log.encode()

    def close(self) -> None:
        """End what runs."""
        for run in self.runs.values():
            with contextlib.suppress(ApiFault):
                self.terminate(run)
            if run.thread is not None:
                run.thread.join(30)

    def _say(self, run: Run, state: str) -> None:
        run.tree["state"] = state
        run.tree["state_history"].append({"update_time": moment(time.time()), "state": state})

    def _new(self, key: str, name: str, description: str) -> Tree:
        found = {key: str(uuid.uuid4()), "display_name": name, "created_at": moment(time.time())}
        return {**found, "description": description} if description else found


def newest_first(trees: Iterator[Tree]) -> list[Tree]:
    """In the order of the times that the server keeps, which are whole seconds."""
    return sorted(trees, key=lambda each: str(each["created_at"]), reverse=True)
