"""An interpreter of pipelines of Valohai: what `valohai-yaml` reads and converts, with the semantics of docs.valohai.com.

A pipeline is read strictly: no warning of the linter's, and no edge to what is not there, which that lets pass. Then the converted
pipeline, as `vh pipeline run` posts it, is executed. What Valohai's documentation does not promise is an error here: an edge from
the metadata of a Task, a Task over an empty list, two edges to one parameter, a parameter without a value, a key that is not known.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from valohai_yaml import parse
from valohai_yaml.commands import join_command
from valohai_yaml.lint import lint
from valohai_yaml.objs import Config, Pipeline
from valohai_yaml.pipelines.conversion import PipelineConverter

from tests.engines.containers import end_all
from tests.engines.rights import open_to_it

PATIENCE = 300.0
"""Seconds that an execution without a time limit has here: the tests say so and go on."""

_TEMPLATE = frozenset(
    (
        "commit",
        "step",
        "name",
        "image",
        "command",
        "parameters",
        "inputs",
        "environment",
        "environment-variables",
        "environment-variable-groups",
        "description",
        "time-limit",
        "resources",
        "runtime_config",
    )
)
_KINDS = {("metadata", "parameter"), ("dependency", "dependency")}


class PipelineError(Exception):
    """Valohai would not run this pipeline, or this module does not know a part of it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where executions run: `workdir` is the checkout of the repository, `environment` the image's; `user` stands before a command."""

    folder: Path
    workdir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    python: Sequence[str] = (sys.executable,)
    user: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Execution:
    """One that has ended: its node, its parameters, its exit code, its metadata (the last value of each key) and its log."""

    node: str
    parameters: Mapping[str, Any]
    exit_code: int
    metadata: Mapping[str, Any]
    log: str


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """A pipeline that has ended."""

    id: str
    succeeded: bool
    executions: tuple[Execution, ...]

    @property
    def log(self) -> str:
        """What all executions have said."""
        return "\n".join(
            f"[{each.node} {dict(each.parameters)}] {line}"
            for each in self.executions
            for line in each.log.splitlines()
        )


def read_pipeline(text: str) -> tuple[Config, Pipeline]:
    """The one pipeline of a file. Raises PipelineError for whatever is doubtful."""
    found = lint(text, ansi_colors=False)
    if not found.is_valid():
        raise PipelineError("; ".join(message["message"] for message in found.messages))
    config = parse(text)
    (pipeline,) = config.pipelines.values()
    _check_edges(config, pipeline)
    return config, pipeline


def _check_edges(config: Config, pipeline: Pipeline) -> None:
    filled: set[str] = set()
    for edge in pipeline.edges:
        if (edge.source_type, edge.target_type) not in _KINDS:
            raise PipelineError(f"an edge from {edge.source_type} to {edge.target_type}")
        if edge.target_type != "parameter":
            continue
        node = pipeline.node_map[edge.target_node]
        if edge.target_key not in config.steps[node.step].parameters:
            raise PipelineError(f"{edge.target}: the step has no such parameter")
        if pipeline.node_map[edge.source_node].type == "task":
            raise PipelineError(f"{edge.source}: a Task has many executions, and no metadata")
        if edge.target in filled:
            raise PipelineError(f"{edge.target}: two edges fill one parameter")
        filled.add(edge.target)


def run_pipeline(
    text: str,
    machine: Machine,
    *,
    given: Mapping[str, str],
    of_nodes: Mapping[tuple[str, str], str],
    seed: int,
    workers: int,
) -> PipelineRun:
    """Execute the pipeline of a file. `given` are its parameters, `of_nodes` those of single nodes, as `vh pipeline run` takes both."""
    config, pipeline = read_pipeline(text)
    unknown = set(given) - {parameter.name for parameter in pipeline.parameters}
    if unknown:
        raise PipelineError(f"unknown pipeline parameters: {sorted(unknown)}")
    converter = PipelineConverter(config=config, commit_identifier="c0ffee", parameter_arguments=dict(given))
    posted = json.loads(json.dumps(converter.convert_pipeline(pipeline)))
    for (node, name), value in of_nodes.items():
        template = next(each for each in posted["nodes"] if each["name"] == node)["template"]
        if name not in template["parameters"]:
            raise PipelineError(f"{node} has no parameter {name}")
        template["parameters"][name] = value
    dice = random.Random(seed)
    return _Run(config, posted, machine, dice, f"{dice.getrandbits(64):016x}").all(workers)


class _Run:
    """A pipeline under way: nodes start in any order that the edges allow."""

    def __init__(
        self, config: Config, posted: dict[str, Any], machine: Machine, dice: random.Random, name: str
    ) -> None:
        self._config, self._machine, self._dice, self._id = config, machine, dice, name
        self._nodes = {node["name"]: node for node in posted["nodes"]}
        self._edges = posted["edges"]
        self._given = self._of_pipeline(posted["parameters"])
        self._metadata: dict[str, Mapping[str, Any]] = {}
        self._ended: list[Execution] = []
        self._failed = threading.Event()
        self._count = 0

    def _of_pipeline(self, parameters: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
        found: dict[tuple[str, str], Any] = {}
        for parameter in parameters.values():
            if not isinstance(parameter["expression"], str):
                raise PipelineError(f"no text: {parameter['expression']!r}")
            for target in parameter["config"]["targets"]:
                node, kind, key = target.split(".", 2)
                if kind != "parameter":
                    raise PipelineError(target)
                found[node, key] = parameter["expression"]
        return found

    def all(self, workers: int) -> PipelineRun:
        """Run all nodes, at most so many executions at once."""
        waiting, running = set(self._nodes), dict[Future[Execution], str]()
        left: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        with ThreadPoolExecutor(workers) as pool:
            while waiting or running or left:
                if not self._failed.is_set():
                    for node in self._ready(waiting):
                        waiting.discard(node)
                        left[node] = [(node, each) for each in self._variants(node)]
                ready = [each for variants in left.values() for each in variants]
                self._dice.shuffle(ready)
                # of a Task that has begun all executions run; no node begins after a failure
                for each in ready[: max(workers - len(running), 0)]:
                    left[each[0]].remove(each)
                    running[pool.submit(self._execute, *each)] = each[0]
                if not running:
                    break
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    node = running.pop(future)
                    self._end(future.result(), node, is_last=not left.get(node) and node not in running.values())
                    if not left.get(node) and node not in running.values():
                        left.pop(node, None)
        return PipelineRun(self._id, not waiting and not self._failed.is_set(), tuple(self._ended))

    def _end(self, execution: Execution, node: str, *, is_last: bool) -> None:
        self._ended.append(execution)
        if execution.exit_code:
            self._failed.set()
        if is_last:
            self._metadata[node] = execution.metadata

    def _ready(self, waiting: set[str]) -> list[str]:
        """The nodes all of whose edges come from nodes that are complete, in any order."""
        before = {
            name: {edge["source_node"] for edge in self._edges if edge["target_node"] == name} for name in waiting
        }
        found = sorted(name for name, sources in before.items() if sources <= set(self._metadata))
        self._dice.shuffle(found)
        return found

    def _variants(self, name: str) -> list[dict[str, Any]]:
        """The parameters of each execution of a node."""
        node = self._nodes[name]
        if set(node) - {"name", "type", "template"} or set(node["template"]) - _TEMPLATE:
            raise PipelineError(f"keys that are not known here: {sorted(node)}, {sorted(node['template'])}")
        values = {
            **node["template"]["parameters"],
            **{key: value for (of, key), value in self._given.items() if of == name},
        }
        spread: list[tuple[str, list[Any]]] = []
        for edge in self._edges:
            if edge["target_node"] == name and edge["target_type"] == "parameter":
                value = self._metadata[edge["source_node"]].get(edge["source_key"])
                if value is None:
                    raise PipelineError(f"{edge['source_node']} has no metadata {edge['source_key']}")
                if isinstance(value, list):
                    spread.append((edge["target_key"], value))
                else:
                    values[edge["target_key"]] = value
        if node["type"] == "execution":
            if spread:
                raise PipelineError(f"{name} is no Task, and has a list as a parameter")
            return [values]
        if len(spread) != 1 or not spread[0][1]:
            raise PipelineError(f"the Task {name} has no values")
        return [{**values, spread[0][0]: value} for value in spread[0][1]]

    def _execute(self, name: str, values: dict[str, Any]) -> Execution:
        template = self._nodes[name]["template"]
        step = self._config.steps[template["step"]]
        for parameter in step.parameters.values():
            value = values.get(parameter.name)
            if value is None and not parameter.optional:
                return Execution(name, values, 1, {}, f"the parameter {parameter.name} has no value")
            if value is not None:
                parameter.validate(value)
        script = join_command(
            step.build_command({key: value for key, value in values.items() if value is not None}), " && "
        )
        self._count += 1
        folder = open_to_it(self._machine.folder / f"{name}-{self._count}-{threading.get_ident()}")
        return self._process(name, values, script, folder, template)

    def _process(
        self, name: str, values: dict[str, Any], script: str, folder: Path, template: Mapping[str, Any]
    ) -> Execution:
        config = open_to_it(folder / "config")
        (config / "parameters.json").write_text(json.dumps(values))
        programs = open_to_it(folder / "bin")
        (programs / "python").write_text(f'#!/bin/sh\nexec {" ".join(self._machine.python)} "$@"\n')
        (programs / "python").chmod(0o755)
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(open_to_it(folder / "home")),
            "TMPDIR": str(open_to_it(folder / "tmp")),
            **self._machine.environment,
            **{key: value for key, value in template.get("environment-variables", {}).items() if value is not None},
            "VH_CONFIG_DIR": str(config),
            "VH_PIPELINE_ID": self._id,
            "VH_JOB_ID": f"exec-{folder.name}",
        }
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                [*self._machine.user, "sh", "-c", script],
                env=environment,
                cwd=self._machine.workdir,
                stdout=out,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            code = process.wait(template.get("time-limit") or PATIENCE)
        except subprocess.TimeoutExpired:
            code = 137
        end_all(process.pid)
        process.wait()
        said = (folder / "stdout").read_text(errors="replace")
        return Execution(name, values, code, _metadata(said), said + (folder / "stderr").read_text(errors="replace"))


def _metadata(said: str) -> dict[str, Any]:
    """The lines of the output that are objects of JSON, the last value of each key."""
    found: dict[str, Any] = {}
    for line in said.splitlines():
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                found.update(value)
    return found
