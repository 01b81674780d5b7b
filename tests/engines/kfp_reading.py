"""A pipeline's file as the server takes it: every field known to the published schema, every name known to the pipeline.

What is checked beside the schema is what argocompiler (backend/src/v2/compiler of kubeflow/pipelines 2.17) and Argo below it refuse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from tests.engines.argo_nodes import Unsupported
from tests.engines.argo_tags import Json
from tests.engines.kfp_metadata import Spec, object_of

_NAME = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]{0,127}")
_WORDS = frozenset({"true", "false", "nil", "not", "in", "or", "and", "matches", "contains", "let", "if", "else"})
_TASK = frozenset({
    "taskInfo", "componentRef", "dependentTasks", "inputs", "cachingOptions", "triggerPolicy", "retryPolicy", "parameterIterator",
    "iteratorPolicy",
})  # fmt: skip
_PLATFORM = frozenset({
    "activeDeadlineSeconds", "imagePullPolicy", "imagePullSecret", "nodeSelector", "tolerations", "podMetadata", "pvcMount",
    "emptyDirMounts",
})  # fmt: skip


class Refused(Exception):
    """The server, or Argo, does not take this file."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A file that was taken."""

    spec: Spec
    platform: Spec

    @property
    def root(self) -> Spec:
        """The component of the whole pipeline."""
        return object_of(self.spec["root"])

    def inputs(self, given: Mapping[str, Json]) -> Spec:
        """The values of the root's inputs: those that are given, and defaults."""
        declared = object_of(object_of(self.root.get("inputDefinitions")).get("parameters"))
        if beyond := set(given) - set(declared):
            raise Refused(f"unknown inputs {sorted(beyond)}")
        found = {
            name: object_of(each)["defaultValue"]
            for name, each in declared.items()
            if "defaultValue" in object_of(each)
        }
        if lacking := set(declared) - set(given) - set(found):
            raise Refused(f"no values of the inputs {sorted(lacking)}")
        return found | dict(given)

    def component(self, task: Spec) -> Spec:
        """The component of a task."""
        return object_of(object_of(self.spec["components"])[str(object_of(task["componentRef"])["name"])])

    def container(self, component: Spec) -> tuple[Spec, Spec]:
        """The container of a step's component, and what Kubernetes is told of its pod."""
        label = str(component["executorLabel"])
        executors = object_of(object_of(self.spec["deploymentSpec"])["executors"])
        return object_of(object_of(executors[label])["container"]), object_of(self.platform.get(label))


def read_pipeline(text: str) -> Pipeline:
    """The pipeline of a file. Raises Refused, or what the schema's own reader raises for a field that it does not know."""
    spec, *more = yaml.safe_load_all(text)
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    platform: Spec = {}
    for each in more:
        json_format.ParseDict(each, pipeline_spec_pb2.PlatformSpec())
        platform = each["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    found = Pipeline(json.loads(json.dumps(spec)), platform)
    _check(found)
    return found


def _check(found: Pipeline) -> None:
    spec, components = found.spec, object_of(found.spec["components"])
    if spec.get("schemaVersion") != "2.1.0" or not str(spec.get("sdkVersion")).startswith("kfp-2."):
        raise Refused("no schema of 2.1.0")
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,127}", str(object_of(spec["pipelineInfo"])["name"])):
        raise Refused("the pipeline's name")
    executors = object_of(object_of(spec["deploymentSpec"])["executors"])
    for name, component in {**components, "root": found.root}.items():
        _check_component(name, object_of(component), components, executors)
    used = {
        str(object_of(task["componentRef"])["name"])
        for _, task in _tasks([found.root, *map(object_of, components.values())])
    }
    if used != set(components):
        raise Refused(f"components that no task uses: {sorted(set(components) - used)}")
    for label, pod in found.platform.items():
        if label not in executors or set(object_of(pod)) - _PLATFORM:
            raise Refused(f"the platform of {label}: {pod}")


def _tasks(components: list[Spec]) -> Iterator[tuple[str, Spec]]:
    for component in components:
        for name, task in object_of(object_of(component.get("dag")).get("tasks")).items():
            yield name, object_of(task)


def _check_component(name: str, component: Spec, components: Spec, executors: Spec) -> None:
    if not _NAME.fullmatch(name):
        raise Refused(f"the name {name!r}")
    if "dag" not in component:
        if component.get("executorLabel") not in executors:
            raise Refused(f"{name}: no executor")
        return
    tasks = dict(_tasks([component]))
    if not tasks:
        raise Refused(f"DAG {name} must contain one or more non-exit tasks")
    templates = [
        each
        for task, spec in tasks.items()
        for each in (task, f"{task}-driver")[: 1 if "parameterIterator" in spec else 2]
    ]
    if len(set(templates)) < len(templates):
        raise Refused(f"two tasks of one name in {name}: {sorted(templates)}")
    inputs = set(object_of(object_of(component.get("inputDefinitions")).get("parameters")))
    for task, spec in tasks.items():
        _check_task(f"{name}/{task}", spec, tasks, components, inputs)


def _check_task(name: str, task: Spec, beside: Mapping[str, Spec], components: Spec, inputs: set[str]) -> None:
    short = name.rpartition("/")[2]
    if not _NAME.fullmatch(short) or short in _WORDS:
        raise Refused(f"the task name {name!r}")
    if set(task) - _TASK:
        raise Unsupported(f"{name}: {sorted(set(task) - _TASK)}")
    component = components.get(str(object_of(task["componentRef"])["name"]))
    if component is None:
        raise Refused(f"{name}: no component")
    wanted = set(object_of(object_of(object_of(component).get("inputDefinitions")).get("parameters")))
    given = object_of(object_of(task.get("inputs")).get("parameters"))
    iterator = object_of(task.get("parameterIterator"))
    if set(given) | ({str(iterator["itemInput"])} if iterator else set()) != wanted:
        raise Refused(f"{name}: inputs {sorted(given)} for {sorted(wanted)}")
    listed = task.get("dependentTasks")
    depends = {
        *map(str, listed if isinstance(listed, list) else []),
        *_producers(name, given, beside, components, inputs),
    }
    if not depends <= set(beside):
        raise Refused(f"{name}: unknown tasks {sorted(depends - set(beside))}")
    if (retries := object_of(task.get("retryPolicy"))) and not retries.get("backoffMaxDuration"):
        raise Refused(f"{name}: Argo ends the retries of a policy without backoffMaxDuration at once")


def _producers(name: str, given: Spec, beside: Mapping[str, Spec], components: Spec, inputs: set[str]) -> Iterator[str]:
    """The tasks whose outputs a task takes; each input must have something that it is taken from."""
    for each in map(object_of, given.values()):
        if "componentInputParameter" in each and each["componentInputParameter"] not in inputs:
            raise Refused(f"{name}: the DAG has no input {each}")
        if "taskOutputParameter" in each:
            told = object_of(each["taskOutputParameter"])
            maker = beside.get(str(told["producerTask"]), {})
            made = object_of(components.get(str(object_of(maker.get("componentRef")).get("name"))))
            if told["outputParameterKey"] not in object_of(object_of(made.get("outputDefinitions")).get("parameters")):
                raise Refused(f"{name}: nobody makes {told}")
            yield str(told["producerTask"])
