"""A namespace with what stands in it and what acts on it: objects, whoever asks and may not, the controllers, runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from tests.engines.argo_api.runs import Fate, Run
from tests.engines.argo_api.store import ApiFault, Store, Tree
from tests.engines.argo_pods import Host

TOKEN = "canary-0f1e2d3c-token"
"""The password of the one user: it must be seen in nothing that we print."""

TEMPLATE_LABEL = "workflows.argoproj.io/workflow-template"


@dataclass(slots=True)
class World:
    """One namespace. `denied`: verbs and kinds that the user may not; `fates`: how pods of an image fare; `absent`: kinds not installed."""

    host: Host
    namespace: str = "flows"
    store: Store = field(default_factory=lambda: Store("flows"))
    denied: set[tuple[str, str]] = field(default_factory=set)
    fates: dict[str, Fate] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    runs: dict[str, Run] = field(default_factory=dict)
    archive: dict[str, Tree] = field(default_factory=dict)
    """Archived workflows by their name."""
    swept: set[str] = field(default_factory=set)
    """Workflows whose pods are gone."""
    packs: bool = False
    """Whether the controller packs nodes, as it does with many."""
    offloads: bool = False
    asleep: bool = False
    """Whether no controller runs."""
    asked: list[str] = field(default_factory=list)
    """Each request, its verb and path."""

    def allowed(self, verb: str, plural: str) -> None:
        """403 where the user may not."""
        if (verb, plural) in self.denied or (verb, "*") in self.denied:
            raise ApiFault(
                403,
                "Forbidden",
                f'{plural} is forbidden: User "robot" cannot {verb} resource "{plural}" in the namespace "{self.namespace}"',
            )
        if plural in self.absent:
            raise ApiFault(404, "NotFound", "the server could not find the requested resource")

    def created(self, plural: str, tree: Tree) -> None:
        """What the controllers do with something new or changed."""
        name = str(tree["metadata"]["name"])
        if plural == "workflows" and not self.asleep:
            self.start(name)
        if plural == "cronworkflows":
            self.judge(name)
        if plural in ("sensors", "eventsources"):
            self.store.touch(plural, name, status={"conditions": [{"type": "Deployed", "status": "True"}]})

    def judge(self, name: str) -> None:
        """The cron controller looks at a CronWorkflow."""
        spec = self.store.objects["cronworkflows", name]["spec"]
        wrong = [text for text in spec["schedules"] if len(text.split()) != 5]
        said = f"cron schedule {wrong[0]} is malformed: expected exactly 5 fields" if wrong else ""
        conditions = [{"type": "SpecError", "status": "True", "message": said}] if said else []
        self.store.touch("cronworkflows", name, status={"conditions": conditions} if said else {})

    def start(self, name: str) -> None:
        """The workflow controller takes a workflow."""
        workflow = self.store.objects["workflows", name]
        template = str(workflow["spec"]["workflowTemplateRef"]["name"])
        workflow["metadata"].setdefault("labels", {})[TEMPLATE_LABEL] = template
        if ("workflowtemplates", template) not in self.store.objects:
            said = f'workflowtemplates.argoproj.io "{template}" not found'
            self.store.touch("workflows", name, status={"phase": "Error", "message": said})
            return
        spec = self.store.get("workflowtemplates", template)
        host = Host(
            self.host.folder / name,
            self.host.workdir,
            self.host.environment,
            self.host.commands,
            self.host.secrets,
            user=self.host.user,
        )
        run = Run(self.store.get("workflows", name), spec, host, self.fates, lambda: self.ended(name))
        self.runs[name] = run
        run.begin()

    def ended(self, name: str) -> None:
        """A workflow is over: its status stays as it is."""
        with self.store.lock:
            if ("workflows", name) in self.store.objects:
                self.store.touch("workflows", name, status=self.shown(self.runs[name].status()))

    def shown(self, status: Tree) -> Tree:
        """A status as it is stored: packed, or without its nodes."""
        import base64
        import gzip
        import json

        if not status.get("nodes"):
            return status
        if self.offloads:
            return {
                **{key: value for key, value in status.items() if key != "nodes"},
                "offloadNodeStatusVersion": "fnv:1",
            }
        if self.packs:
            packed = base64.b64encode(gzip.compress(json.dumps(status["nodes"]).encode())).decode()
            return {**{key: value for key, value in status.items() if key != "nodes"}, "compressedNodes": packed}
        return status

    def refresh(self, name: str) -> None:
        """Write a running workflow's status before it is read."""
        run = self.runs.get(name)
        with self.store.lock:
            if run is not None and ("workflows", name) in self.store.objects and not run.finished:
                status = run.status()
                tree = self.store.objects["workflows", name]
                tree["status"] = self.shown(status) if status else {}

    def shut(self, name: str, strategy: str) -> None:
        """Somebody has set `spec.shutdown`."""
        if name in self.runs:
            self.runs[name].stop(strategy)

    def pods(self) -> list[Tree]:
        """All pods."""
        return [pod for name, run in self.runs.items() if name not in self.swept for pod in run.pods()]

    def log(self, pod: str) -> list[tuple[str, bytes]]:
        """The lines of a pod's log. 404 for one that is gone."""
        for name, run in self.runs.items():
            found = run.log(pod) if name not in self.swept else None
            if found is not None:
                return found
        raise ApiFault(404, "NotFound", f'pods "{pod}" not found')

    def delete(self, plural: str, name: str, propagation: str) -> Tree:
        """Remove an object; a workflow that runs ends."""
        gone = self.store.delete(plural, name, propagation)
        for each in list(self.runs):
            if ("workflows", each) not in self.store.objects:
                self.runs[each].stop("Terminate")
        return gone

    def fire(self, cron: str) -> str:
        """A CronWorkflow's time has come: the name of the workflow that it owns."""
        tree = self.store.get("cronworkflows", cron)
        owner = {"apiVersion": tree["apiVersion"], "kind": tree["kind"], "name": cron, "uid": tree["metadata"]["uid"]}
        name = f"{cron}-{len(self.store.writes)}"
        metadata = {"name": name, "ownerReferences": [owner], "labels": {"workflows.argoproj.io/cron-workflow": cron}}
        spec = {"workflowTemplateRef": tree["spec"]["workflowSpec"]["workflowTemplateRef"]}
        made = self.store.create(
            "workflows",
            {"apiVersion": tree["apiVersion"], "kind": "Workflow", "metadata": metadata, "spec": spec},
            "workflow-controller",
        )
        self.created("workflows", made)
        return name

    def close(self) -> None:
        """End what runs."""
        for run in self.runs.values():
            run.stop("Terminate")
            if run.thread.is_alive():
                run.thread.join(30)


@contextmanager
def served(handler: Any, world: World) -> Iterator[str]:
    """A server of HTTP over a world at a free port of 127.0.0.1: its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), {"world": world}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def kubeconfig(url: str, namespace: str, token: str = TOKEN) -> str:
    """A kubeconfig with two contexts, the first of which leads nowhere."""
    return f"""\
apiVersion: v1
kind: Config
current-context: elsewhere
clusters:
- {{name: nowhere, cluster: {{server: "http://127.0.0.1:9"}}}}
- {{name: here, cluster: {{server: "{url}"}}}}
users:
- {{name: robot, user: {{token: "{token}"}}}}
contexts:
- {{name: elsewhere, context: {{cluster: nowhere, user: robot}}}}
- {{name: here, context: {{cluster: here, user: robot, namespace: {namespace}}}}}
"""
