"""`Deployer('flow.py').argo_workflows().create().trigger(alpha=1)`: deployments and their runs from Python, alike on every target."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flowc.client.command import Command, DeployerError, DeployerTimeout, RunNotFound
from flowc.exceptions import MetaflowNotFound

if TYPE_CHECKING:
    from flowc.client import Run

__all__ = [
    "DeployedFlow",
    "Deployer",
    "DeployerError",
    "DeployerImpl",
    "DeployerTimeout",
    "RunNotFound",
    "TriggeredRun",
    "list_deployed_flows",
]

_DEFAULT = "argo-workflows"
_TARGETS = {"argo-workflows": "argo", "stepfunctions": "step-functions"}
_STATUSES = {
    "queued": "Pending",
    "running": "Running",
    "succeeded": "Succeeded",
    "failed": "Failed",
    "terminated": "Failed",
}
"""What a run's phase is in the words that Metaflow has for it; a run that was ended has failed there."""
_STATES = {"pending": "queued", "timed_out": "failed", "aborted": "terminated", "error": "failed"}
"""Other words of engines for phases."""
_RENAMED = {"tags": "tag", "decospecs": "with", "with_": "with", "datastore_root": "store", "workflow_timeout": ""}
_LISTS = frozenset({"with", "connection", "tag"})
_PAIRS = frozenset({"config", "config-value"})
_SILENT = frozenset(
    {"pylint", "quiet", "metadata", "datastore", "event_logger", "monitor", "max_num_splits", "max_log_size"}
)
_TOKENS = "there are no production tokens: who may deploy is the engine's to say"
_HOOKS = "write an @exit_hook"
_WITHOUT_EFFECT = {
    "authorize": _TOKENS,
    "generate_new_token": _TOKENS,
    "given_token": _TOKENS,
    "new_token": _TOKENS,
    "tags": "a run gets its tags as it is triggered",
    "tag": "a run gets its tags as it is triggered",
    "environment": "packages are in the image",
    "package_suffixes": ".gitignore and .flowcignore say what is left out of the code",
    "user_namespace": "artifacts are found by their tags",
    "workflow_priority": "the engine's own settings say what goes first",
    "auto_emit_argo_events": "a flow that follows sees a run's end by the engine itself",
    "notify_on_error": _HOOKS,
    "notify_on_success": _HOOKS,
    "notify_slack_webhook_url": _HOOKS,
    "notify_pager_duty_integration_key": _HOOKS,
    "deployer_attribute_file": "what was deployed is in the DeployedFlow",
}
"""Options that only Metaflow has, and why they change nothing."""
_SHORTEST, _LONGEST = 0.2, 5.0
"""Seconds between two looks for a run's first task."""


class Deployer:
    """Deploys the flow of a file: `Deployer('flow.py').argo_workflows().create()`, or `.airflow()`, `.step_functions()`.

    `profile` names the environment of the settings ([tool.flowc.env.NAME]), `env` has variables for the command, `options` are those
    of `flowc <target> deploy`: `branch`, `production`, `config`, `store`, …. It needs flowc's command, not the runtime alone.
    """

    def __init__(
        self,
        flow_file: str,
        show_output: bool = True,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        file_read_timeout: int = 3600,
        **options: Any,
    ) -> None:
        self._command = Command(env, cwd, show_output)
        path = os.path.join(cwd or "", flow_file.rpartition(":")[0] or flow_file)
        if not os.path.isfile(path):
            raise DeployerError(f"there is no flow file {path}", 2)
        self.flow_file, self.show_output, self.profile, self.cwd = flow_file, show_output, profile, cwd
        self.env, self.top_level_kwargs = env, options

    def argo_workflows(self, **options: Any) -> DeployerImpl:
        """For Argo Workflows; `name` is the deployment's, instead of the flow's."""
        return self.target(_DEFAULT, **options)

    argo = argo_workflows

    def airflow(self, **options: Any) -> DeployerImpl:
        """For Airflow."""
        return self.target("airflow", **options)

    def step_functions(self, **options: Any) -> DeployerImpl:
        """For AWS Step Functions."""
        return self.target("step-functions", **options)

    def target(self, kind: str, /, **options: Any) -> DeployerImpl:
        """For any target, also one that another distribution brings."""
        return DeployerImpl(kind, self._command, self.profile, self.flow_file, {**self.top_level_kwargs, **options})


class DeployerImpl:
    """A flow and the target that it is deployed on; `name`, `flow_name` and `metadata` (the store) are known once it is."""

    def __init__(
        self, kind: str, command: Command, profile: str | None, flow_file: str | None, options: Mapping[str, Any]
    ) -> None:
        self.TYPE = kind.replace("_", "-")
        self.target = _TARGETS.get(self.TYPE, self.TYPE)
        self.flow_file, self.deployer_kwargs = flow_file, dict(options)
        self.name: str | None = None
        self.flow_name: str | None = None
        self.metadata: str | None = None
        self.additional_info: dict[str, Any] = {}
        self._command, self._profile = command, ["--env", profile] if profile else []
        folder = os.path.dirname((flow_file or "").rpartition(":")[0] or flow_file or "")
        self._folder = os.path.join(command.cwd or "", folder) or None

    def create(self, **options: Any) -> DeployedFlow:
        """Deploy what differs from what is there, with the options of `flowc <target> deploy`. Raises DeployerError."""
        if self.flow_file is None:
            raise DeployerError(
                "a deployment that was found by its name has no flow file: Deployer('flow.py') deploys one", 2
            )
        if options.pop("only_json", False):
            raise DeployerError(
                f"only_json deploys nothing: `flowc {self.target} create {self.flow_file}` prints the file", 2
            )
        words = self._words({**self.deployer_kwargs, **options})
        found = self._command.json(self.target, "deploy", *self._profile, *words, "--json", self.flow_file)
        deployed = [each["deployed"] for each in found["deployments"]]
        if len(deployed) != 1:
            names = ", ".join(each["name"] for each in deployed)
            raise DeployerError(
                f"{self.flow_file} holds several flows, deployed as {names}: say FILE:FLOW, or take one by DeployedFlow.from_deployment",
                2,
            )
        return DeployedFlow(self, deployed[0])

    def _words(self, given: Mapping[str, Any]) -> list[str]:
        """Options by their names in Python as words; what only Metaflow has is told, and left out."""
        words: list[str] = []
        for name, value in given.items():
            if value is None or name in _SILENT:
                continue
            if name in _WITHOUT_EFFECT:
                self._tell(f"{name} has no effect: {_WITHOUT_EFFECT[name]}")
            elif name == "workflow_timeout" and self.target != "argo":
                self._tell(f"{name} has no effect: it is a setting of Argo's alone")
            else:
                key = "active-deadline-seconds" if name == "workflow_timeout" else _RENAMED.get(name, name)
                words += _option(key.replace("_", "-"), value)
        return words

    def _tell(self, text: str) -> None:
        if self._command.is_shown:
            sys.stderr.write(f"{text}\n")

    def _where(self) -> list[str]:
        """What says how the engine is reached, behind any verb."""
        given = self.deployer_kwargs.get("connection")
        return [*self._profile, *(_option("connection", given) if given else [])]

    def _json(self, *words: str, ends: tuple[int, ...] = (0,)) -> Any:
        """The JSON of a verb, called where the flow's settings are."""
        return self._command.json(*words, ends=ends, folder=self._folder)

    def _do(self, *words: str) -> None:
        self._command.do(*words, folder=self._folder)

    def cleanup(self) -> None:
        """There is nothing to clean up; the deployment stays."""

    def __enter__(self) -> DeployerImpl:
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup()


def _option(key: str, value: Any) -> list[str]:
    """An option of the command as words: flags by their truth, lists word by word, other values as text or JSON."""
    name = f"--{key}"
    if isinstance(value, bool):
        return [name if value else f"--no-{key}"]
    if key in _PAIRS:
        pairs = value.items() if isinstance(value, Mapping) else value
        return [word for first, second in pairs for word in (name, str(first), _text(second))]
    if key in _LISTS:
        many = value.items() if isinstance(value, Mapping) else [value] if isinstance(value, str) else value
        return [word for each in many for word in (name, each if isinstance(each, str) else "=".join(map(_text, each)))]
    return [name, _text(value)]


def _text(value: Any) -> str:
    return os.fspath(value) if isinstance(value, (str, os.PathLike)) else json.dumps(value)


class DeployedFlow:
    """A flow that is deployed: `name` on the engine, `flow_name`, `metadata` (the URL of its store), `parameters`, `deployer`."""

    def __init__(self, deployer: DeployerImpl, facts: Mapping[str, Any]) -> None:
        record = facts.get("record") or {}
        self.deployer = deployer
        self.name: str = facts["name"]
        self.flow_name: str = (record.get("flow") or "").rpartition(":")[2]
        self.metadata: str | None = record.get("store")
        self.parameters: tuple[str, ...] = tuple(facts["parameters"])
        deployer.name, deployer.flow_name, deployer.metadata = self.name, self.flow_name, self.metadata
        deployer.additional_info = dict(facts)

    @property
    def production_token(self) -> None:
        """Always None: who may deploy is the engine's to say, and runs are found by their tags."""
        return None

    def trigger(self, **kwargs: Any) -> TriggeredRun:
        """Start a run: the flow's parameters by name, and `tags`. Raises DeployerError, RunNotFound where it is not deployed any more."""
        known = {name.replace("-", "_"): name for name in self.parameters}
        options = {
            name: kwargs.pop(name) for name in ("tags", "tag", "run_id_file") if name in kwargs and name not in known
        }
        for name in [name for name in kwargs if name in ("authorize", "deployer_attribute_file") and name not in known]:
            self.deployer._tell(f"{name} has no effect: {_WITHOUT_EFFECT[name]}")
            del kwargs[name]
        values = {known.get(name, name): value for name, value in kwargs.items() if value is not None}
        try:
            words = ["--parameters", json.dumps(values)] if values else []
        except TypeError as error:
            raise DeployerError(f"a parameter is no JSON: {error}", 2) from None
        for name, value in options.items():
            words += _option({"tags": "tag", "run_id_file": "run-id-file"}.get(name, name), value) if value else []
        target = self.deployer.target
        facts = self.deployer._json(target, "trigger", *self.deployer._where(), *words, "--json", self.name)
        return TriggeredRun(self.deployer, facts["run_id"], self.flow_name, self.metadata)

    def runs(self, states: Iterable[str] | None = None, limit: int = 100) -> list[TriggeredRun]:
        """Its newest runs, those of some states alone where these are named. Raises DeployerError."""
        wanted = [_STATES.get(each.lower(), each.lower()) for each in states or ()]
        words = [word for each in wanted for word in ("--status", each)]
        listed = self.deployer._json(
            "runs",
            "--json",
            "--target",
            self.deployer.target,
            *self.deployer._where(),
            *words,
            "--limit",
            str(limit),
            self.flow_name,
        )
        return [
            TriggeredRun(self.deployer, each["run_id"], self.flow_name, self.metadata)
            for each in listed
            if each["deployment"] == self.name
        ]

    list_runs = runs

    def suspend(self) -> bool:
        """Let neither schedule nor event start it. Raises DeployerError."""
        return self._done("suspend")

    def resume(self) -> bool:
        """Let schedule and events start it again. Raises DeployerError."""
        return self._done("resume")

    def delete(self, authorize: str | None = None) -> bool:
        """Remove it from the engine; its runs and what they left stay. Raises DeployerError."""
        return self._done("delete", "--yes")

    def _done(self, verb: str, *words: str) -> bool:
        self.deployer._do(self.deployer.target, verb, *self.deployer._where(), *words, self.name)
        return True

    @classmethod
    def from_deployment(
        cls, identifier: str, metadata: str | None = None, impl: str = _DEFAULT, **options: Any
    ) -> DeployedFlow:
        """That of a name. `metadata` is the store's URL where its record does not tell. Raises RunNotFound, DeployerError.

        `options` are `env`, `profile`, `cwd` and `show_output` as `Deployer` takes them, and `connection`.
        """
        for found in _deployed(impl, options):
            if found.name == identifier:
                found.metadata = metadata or found.metadata
                return found
        raise RunNotFound(f"nothing is deployed as {identifier} on {impl}", 4)

    @classmethod
    def get_triggered_run(
        cls, identifier: str, run_id: str, metadata: str | None = None, impl: str = _DEFAULT, **options: Any
    ) -> TriggeredRun:
        """A run of a deployment, by its id. Raises as `from_deployment`."""
        found = cls.from_deployment(identifier, metadata, impl, **options)
        return TriggeredRun(found.deployer, run_id, found.flow_name, found.metadata)

    @classmethod
    def list_deployed_flows(
        cls, flow_name: str | None = None, impl: str = _DEFAULT, **options: Any
    ) -> Iterator[DeployedFlow]:
        """As the function of that name."""
        return list_deployed_flows(flow_name, impl, **options)

    def __repr__(self) -> str:
        return f"DeployedFlow({self.name!r} on {self.deployer.TYPE})"


def list_deployed_flows(flow_name: str | None = None, impl: str = _DEFAULT, **options: Any) -> Iterator[DeployedFlow]:
    """What flowc has deployed on a target, of one flow where it is named. Raises DeployerError.

    `options` are `env`, `profile`, `cwd` and `show_output` as `Deployer` takes them, and `connection`.
    """
    return (found for found in _deployed(impl, options) if flow_name in (None, found.flow_name))


def _deployed(
    impl: str,
    options: Mapping[str, Any],
) -> list[DeployedFlow]:
    connection = options.get("connection")
    given = {"connection": connection} if connection else {}
    command = Command(options.get("env"), options.get("cwd"), options.get("show_output", True))
    unknown = sorted(set(options) - {"connection", "cwd", "env", "profile", "show_output"})
    if unknown:
        raise DeployerError(
            f"{unknown[0]} says nothing of a deployment: there are connection, cwd, env, profile, show_output", 2
        )

    def of_one() -> DeployerImpl:
        return DeployerImpl(impl, command, options.get("profile"), None, given)

    asked = of_one()
    found = asked._json(asked.target, "list", *asked._where(), "--json")
    return [DeployedFlow(of_one(), facts) for facts in found["deployments"]]


class TriggeredRun:
    """A run on an engine: `pathspec` is `FLOW/RUN`, `name` the run's id, `run` its `Run` once its first task has begun."""

    def __init__(self, deployer: DeployerImpl, name: str, flow_name: str, store: str | None) -> None:
        self.deployer, self.name, self.flow_name, self.metadata = deployer, name, flow_name, store
        self.pathspec = f"{flow_name}/{name}"

    @property
    def run(self) -> Run | None:
        """As the client shows it; None before its first task has begun."""
        from flowc.client import restore
        from flowc.client.context import store_url

        found: Run = restore("Run", self.pathspec, self.metadata or store_url(), None)
        try:
            found._check()
        except MetaflowNotFound:
            return None
        return found

    @property
    def phase(self) -> str:
        """`queued`, `running`, `succeeded`, `failed`, `terminated` or `unknown`. Raises DeployerError."""
        return str(self.facts["status"])

    @property
    def facts(self) -> dict[str, Any]:
        """All that `flowc status` tells, with each task: docs/json.md. Raises DeployerError."""
        store = ["--store", self.metadata] if self.metadata else []
        found: dict[str, Any] = self._json("status", *store, ends=(0, 5))
        return found

    def _json(self, verb: str, *words: str, ends: tuple[int, ...]) -> Any:
        return self.deployer._json(verb, *self._which(), *words, "--json", self.pathspec, ends=ends)

    def _which(self) -> list[str]:
        return ["--target", self.deployer.target, *self.deployer._where()]

    @property
    def status(self) -> str | None:
        """`Pending`, `Running`, `Succeeded` or `Failed`, as Metaflow says it; None where it is unknown. Raises DeployerError."""
        return _STATUSES.get(self.phase)

    @property
    def is_running(self) -> bool:
        """Whether it is not over: `Pending` or `Running`. Raises DeployerError."""
        return self.status in ("Pending", "Running")

    def wait_for_run(self, timeout: float | None = None) -> Run:
        """Until its first task has begun; then its `Run`. Raises DeployerTimeout, DeployerError where it is over before that."""
        began, pause, asked = time.monotonic(), _SHORTEST, 0.0
        while True:
            found = self.run
            if found is not None:
                return found
            spent = time.monotonic() - began
            if spent >= asked:
                asked = spent + _LONGEST
                facts = self.facts
                if facts["status"] in ("succeeded", "failed", "terminated") and self.run is None:
                    why = ": ".join(filter(None, (facts["reason"], facts["message"])))
                    raise DeployerError(
                        f"{self.pathspec} is over, and no task of it has begun{': ' + why if why else ''}"
                    )
            if timeout is not None and spent >= timeout:
                raise DeployerTimeout(f"{self.pathspec} has not begun within {timeout:g} s; it may go on", 124)
            time.sleep(pause if timeout is None else min(pause, max(timeout - spent, 0.01)))
            pause = min(pause * 1.5, _LONGEST)

    def wait_for_completion(self, check_interval: float = 5, timeout: float | None = None) -> None:
        """Until it is over, however it ends: `status` tells. Raises DeployerTimeout, DeployerError.

        `flowc wait` looks twice a second at first and then less often, whatever `check_interval` is. An interruption leaves the run.
        """
        limit = [] if timeout is None else ["--timeout", f"{float(timeout):f}"]
        self._json("wait", *limit, ends=(0, 1))

    def terminate(self, authorize: str | None = None) -> bool:
        """End it and its tasks; nothing where it is over. Raises DeployerError."""
        self.deployer._do("terminate", *self._which(), self.pathspec)
        return True

    def suspend(self, authorize: str | None = None) -> bool:
        """Raises DeployerError: no run is held here."""
        raise DeployerError(
            f"a run is not held and let go on: end it with terminate(), and go on with `flowc retry {self.pathspec}`; "
            "DeployedFlow.suspend() keeps schedule and events from starting others",
            2,
        )

    unsuspend = suspend

    def __repr__(self) -> str:
        return f"TriggeredRun({self.pathspec!r})"
