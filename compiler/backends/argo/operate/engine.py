"""The target `argo` as an engine: the protocol's verbs over one of the two ways to a namespace."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence

from compiler.backends.argo.names import MOST_OBJECT
from compiler.backends.argo.operate import deploying, doctor, logs, resuming, runs, triggering
from compiler.backends.argo.operate.api import cluster, server
from compiler.backends.argo.operate.api.protocol import (
    CRON,
    SENSOR,
    SOURCE,
    TEMPLATE,
    WORKFLOW,
    AbsentError,
    Api,
    ConflictError,
    Kind,
    Object,
)
from compiler.backends.argo.operate.nodes import nodes_of, templates_of
from compiler.backends.argo.operate.parts import (
    DEPLOYMENT,
    MARK,
    MORE,
    OURS,
    annotations_of,
    is_marked,
    labels_of,
    record_in,
    started_by,
)
from compiler.backends.names import within
from compiler.backends.operating import (
    OVER,
    Change,
    Connection,
    Deployment,
    Diagnosis,
    EngineRun,
    EngineTask,
    LogPart,
    NotThereError,
    RefusedError,
    Release,
    Start,
)
from compiler.slotted_class import replaced

_UNIQUE = 5
"""Bytes that tell apart the runs which go on from one."""


def connect(connection: Connection) -> ArgoEngine:
    """The engine of a connection. Raises CallError for wrong options, EngineError where a client library or address lacks."""
    address = connection.options.get("server") or connection.variables.get("ARGO_SERVER")
    api: Api = server.connect(connection, str(address)) if address else cluster.connect(connection)
    return ArgoEngine(api)


class ArgoEngine:
    """Argo Workflows in one namespace. Fulfils `Engine`."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.where = api.where

    def deployments(self) -> Iterator[Deployment]:
        """All that carry our mark, by name."""
        found = {str(tree["metadata"]["name"]): tree for tree in self._marked(TEMPLATE)}
        crons = self._marked(CRON) if found else []
        for name in sorted(found):
            yield self._told(found[name], [cron for cron in crons if started_by(cron) == name], ())

    def deployment(self, name: str) -> Deployment:
        """That of a name. Raises NotThereError where there is none of ours."""
        template = self._template(name)
        events = [(kind, tree) for kind in (SOURCE, SENSOR) for tree in deploying.owned(self._api, kind, name)]
        problems = tuple(filter(None, (deploying.problem(kind, tree) for kind, tree in events)))
        return self._told(template, deploying.owned(self._api, CRON, name), problems)

    def changes(self, release: Release) -> tuple[Change, ...]:
        """What `deploy` would do, object by object."""
        return deploying.changes(self._api, release)

    def deploy(self, release: Release, tell: Callable[[str], None]) -> Deployment:
        """Make the namespace hold the release, and wait until the controllers have judged it."""
        deploying.deploy(self._api, release, tell)
        deploying.wait(self._api, release.name, tell)
        return self.deployment(release.name)

    def delete(self, name: str) -> None:
        """Remove a deployment; its runs stay. Raises NotThereError."""
        if not deploying.delete(self._api, name):
            raise self._absent(name)

    def suspend(self, name: str) -> None:
        """Let the schedule not start it. Raises NotThereError; RefusedError where events do, which Argo cannot suspend."""
        self._sleep(name, is_asleep=True)

    def resume(self, name: str) -> None:
        """Let the schedule start it again. Raises NotThereError."""
        self._sleep(name, is_asleep=False)

    def trigger(self, name: str, start: Start) -> EngineRun:
        """Start a run. Raises NotThereError, RefusedError."""
        template = self._template(name)
        document = triggering.workflow(template, start, self._api.namespace)
        return self._started(document)

    def runs(self, name: str, limit: int) -> Sequence[EngineRun]:
        """The runs of a deployment, the newest first, without tasks."""
        now = time.time()
        found = [
            tree
            for tree in self._api.find(WORKFLOW, f"{runs.TEMPLATE_LABEL}={name}")
            if runs.deployment_of(tree) == name
        ]
        found.sort(key=lambda tree: str(tree["metadata"].get("creationTimestamp")), reverse=True)
        return [runs.listed(self._api, tree, now) for tree in found[:limit]]

    def run(self, run: str) -> EngineRun:
        """A run with its tasks. Raises NotThereError."""
        workflow = runs.workflow_of(self._api, run)
        found = runs.listed(self._api, workflow, time.time())
        tasks, said = runs.told(self._api, workflow)
        if found.phase == "queued" and not found.cure:
            for why in runs.workflow_events(self._api, workflow):
                found = replaced(found, reason=why.reason, message=why.message, cure=why.cure)
        if said:
            found = replaced(found, message=found.message or said, cure=found.cure or said)
        later = self._next_runs(found) if found.phase in ("failed", "terminated") else ()
        return replaced(found, tasks=tasks, next_runs=later)

    def log(self, run: str, task: EngineTask, position: str = "") -> LogPart:
        """What a task has printed behind a position. Raises NotThereError."""
        return logs.part(self._api, runs.workflow_of(self._api, run), task, position)

    def terminate(self, run: str) -> None:
        """End a run, whose exit hooks still run; nothing where it is over. Raises NotThereError."""
        workflow = runs.workflow_of(self._api, run)
        if runs.phase_of(workflow) not in OVER:
            self._api.stop(str(workflow["metadata"]["name"]))

    def retry(self, run: str, step: str | None) -> EngineRun:
        """Do again what has failed, or all from a step on: in place by Argo Server, else in a new run that goes on."""
        workflow = runs.workflow_of(self._api, run)
        phase = runs.phase_of(workflow)
        if phase not in OVER:
            raise RefusedError(
                f"{run} is not over: wait for its end with `flowc wait`, or end it with `flowc terminate`"
            )
        if phase == "succeeded" and step is None:
            raise RefusedError(f"{run} has succeeded: name the step from which on it is to be done again, with --from")
        if step is None:
            again = self._api.retry(str(workflow["metadata"]["name"]))
            if again is not None:
                return runs.listed(self._api, again, time.time())
        nodes = nodes_of(workflow)
        if nodes is None:
            raise RefusedError(
                "Argo keeps the run's tasks in its database, which Kubernetes does not show: set ARGO_SERVER"
            )
        name = within(runs.deployment_of(workflow), MOST_OBJECT - 1 - 2 * _UNIQUE)
        document = resuming.following(
            workflow, nodes, templates_of(workflow), step, f"{name}-{secrets.token_hex(_UNIQUE)}"
        )
        return self._started(document)

    def page(self, run: str) -> str:
        """The address of a run's page; empty where Kubernetes is asked itself."""
        return self._api.page(WORKFLOW, runs.own_name(self._api, run))

    def diagnose(self) -> Iterator[Diagnosis]:
        """What `doctor` tells; raises nothing."""
        return doctor.diagnose(self._api)

    def _started(self, document: Object) -> EngineRun:
        """A workflow that is there afterwards once, also where the first answer was lost."""
        name = str(document["metadata"]["name"])
        try:
            made = self._api.create(WORKFLOW, document)
        except ConflictError:
            made = self._api.get(WORKFLOW, name)
            if labels_of(made).get(DEPLOYMENT) != labels_of(document)[DEPLOYMENT]:
                raise RefusedError(f"there is a workflow {name} already, and it is none of ours: try again") from None
        return runs.listed(self._api, made, time.time())

    def _next_runs(self, found: EngineRun) -> tuple[str, ...]:
        later = self._api.find(WORKFLOW, f"{runs.ORIGIN_LABEL}={found.own}")
        later.sort(key=lambda tree: str(tree["metadata"].get("creationTimestamp")))
        return tuple(runs.run_id(self._api, str(tree["metadata"]["name"])) for tree in later)

    def _sleep(self, name: str, *, is_asleep: bool) -> None:
        self._template(name)
        crons = deploying.owned(self._api, CRON, name)
        sensors = [str(tree["metadata"]["name"]) for tree in deploying.owned(self._api, SENSOR, name)]
        if sensors and is_asleep:
            raise RefusedError(
                f"{name} is started by events, and Argo Events cannot suspend a Sensor: `kubectl delete sensor {sensors[0]}` stops it, "
                f"`flowc argo deploy` brings it back"
            )
        if not crons and is_asleep:
            raise RefusedError(f"nothing starts {name} by itself: it has neither a schedule nor events to suspend")
        for cron in crons:
            if bool((cron.get("spec") or {}).get("suspend")) != is_asleep:
                self._api.merge(CRON, str(cron["metadata"]["name"]), {"spec": {"suspend": is_asleep}}, cron)

    def _marked(self, kind: Kind) -> list[Object]:
        found = [*self._api.find(kind, f"{MARK}={OURS}"), *self._api.find(kind, f"{DEPLOYMENT},{MARK}!={OURS}")]
        return list({str(tree["metadata"]["name"]): tree for tree in found}.values())

    def _template(self, name: str) -> Object:
        try:
            found = self._api.get(TEMPLATE, name)
        except AbsentError:
            raise self._absent(name) from None
        if not is_marked(found):
            raise NotThereError(f"the WorkflowTemplate {name} is not one of flowc's: give another name")
        return found

    def _absent(self, name: str) -> NotThereError:
        return NotThereError(
            f"there is no deployment {name} in {self.where}: `flowc argo list` has those that are there"
        )

    def _told(self, template: Object, crons: Sequence[Object], problems: tuple[str, ...]) -> Deployment:
        name = str(template["metadata"]["name"])
        listed = ((template.get("spec") or {}).get("arguments") or {}).get("parameters") or ()
        named = [str(each["name"]) for each in listed if not triggering.is_reserved(str(each["name"]))]
        more = [each for each in annotations_of(template).get(MORE, "").split(",") if each]
        schedules = [text for cron in crons for text in (cron.get("spec") or {}).get("schedules") or ()]
        zones = [str(zone) for cron in crons if (zone := (cron.get("spec") or {}).get("timezone"))]
        said = [*problems, *filter(None, (deploying.problem(CRON, cron) for cron in crons))]
        return Deployment(
            name,
            record_in(template),
            bool(crons) and all((cron.get("spec") or {}).get("suspend") is True for cron in crons),
            " ".join([*schedules, *zones]),
            (*named, *more),
            "; ".join(said),
            self._api.page(TEMPLATE, name),
        )
