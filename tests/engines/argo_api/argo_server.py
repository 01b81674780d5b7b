"""Argo Server's API of one namespace: what its OpenAPI describes, and an error for all else."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.engines.argo import Refused
from tests.engines.argo_api.handler import Handler
from tests.engines.argo_api.store import KINDS, ApiFault, Tree, now
from tests.engines.argo_api.swagger import NotInTheApi, operation
from tests.engines.argo_checks import check_document
from tests.engines.argo_nodes import Unsupported

PLURALS = {
    "workflows": ("workflows", "workflow"),
    "workflow-templates": ("workflowtemplates", "template"),
    "cron-workflows": ("cronworkflows", "cronWorkflow"),
    "sensors": ("sensors", "sensor"),
    "event-sources": ("eventsources", "eventSource"),
}
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 422: 3, 429: 8, 500: 13, 503: 14}
"""gRPC's codes; what Kubernetes calls invalid is 400 here."""


class ArgoServer(Handler):
    """Argo Server."""

    def answer(self, verb: str, path: str, query: dict[str, str], body: Any) -> Any:
        """One request."""
        try:
            pattern, names = operation(verb, path, query, body)
        except NotInTheApi as error:
            raise ApiFault(501, "NotImplemented", f"not in Argo's OpenAPI: {error}") from None
        if names.get("namespace", self.world.namespace) != self.world.namespace:
            raise ApiFault(403, "Forbidden", "permission denied")
        if pattern == "/api/v1/version":
            return {"version": "v4.1.2", "buildDate": now()}
        if pattern.startswith("/artifacts"):
            return self.artifact(names)
        match = re.fullmatch(r"/api/v1/([-a-z]+)/\{namespace\}(/\{name\})?(/[a-z]+)?", pattern)
        assert match, pattern
        plural, key = PLURALS[match[1]]
        return self.object(verb, plural, key, names.get("name", ""), (match[3] or "").strip("/"), query, body)

    def fault(self, error: ApiFault) -> Any:
        """gRPC's status."""
        return {"code": _CODES.get(error.status, 2), "message": error.message, "details": []}

    def object(self, verb: str, plural: str, key: str, name: str, action: str, query: dict[str, str], body: Any) -> Any:
        """What is done with objects."""
        if action:
            return self.action(plural, name, action, query, body)
        store = self.world.store
        what = {"GET": "get" if name else "list", "POST": "create", "PUT": "update", "DELETE": "delete"}[verb]
        self.world.allowed(what, plural)
        if what == "list":
            found = store.find(
                plural, query.get("listOptions.labelSelector", ""), query.get("listOptions.fieldSelector", "")
            )
            items = [{k: v for k, v in tree.items() if k not in ("apiVersion", "kind")} for tree in found]
            return {"metadata": {"resourceVersion": "1"}, "items": items or None}
        if what == "get":
            return self.read(plural, name)
        if what == "delete":
            self.world.delete(plural, name, query.get("deleteOptions.propagationPolicy", "Background"))
            return {}
        document = {"apiVersion": "argoproj.io/v1alpha1", "kind": KINDS[plural], **body[key]}
        self.judge(document)
        try:
            made = (
                store.create(plural, document, "argo")
                if what == "create"
                else store.replace(plural, name, document, "argo")
            )
        except ApiFault as error:
            raise ApiFault(400 if error.status == 422 else error.status, error.reason, error.message) from None
        self.world.created(plural, made)
        return made

    def read(self, plural: str, name: str) -> Tree:
        """An object; a workflow with all of its nodes, an archived one where there is no other."""
        if plural != "workflows":
            return self.world.store.get(plural, name)
        self.world.refresh(name)
        if ("workflows", name) not in self.world.store.objects and name in self.world.archive:
            return self.world.archive[name]
        tree = self.world.store.get(plural, name)
        if name in self.world.runs:
            whole = self.world.runs[name].status()
            tree["status"] = whole or tree.get("status") or {}
        return tree

    def action(self, plural: str, name: str, action: str, query: dict[str, str], body: Any) -> Any:
        """Verbs of Argo's own."""
        if action == "lint":
            self.judge(body["template"])
            return body["template"]
        if action == "log":
            return self.log(name, query)
        self.world.allowed("patch" if action == "stop" else "update", plural)
        tree = self.read("workflows", name)
        phase = (tree.get("status") or {}).get("phase", "")
        if action in ("stop", "terminate"):
            if phase in ("Succeeded", "Failed", "Error"):
                raise ApiFault(
                    500,
                    "Internal",
                    f'cannot shutdown a completed workflow: workflow: "{name}", namespace: "{self.world.namespace}"',
                )
            strategy = action.capitalize()
            self.world.store.merge("workflows", name, {"spec": {"shutdown": strategy}}, "argo")
            self.world.shut(name, strategy)
            return self.read("workflows", name)
        if phase not in ("Failed", "Error"):
            raise ApiFault(400, "BadRequest", f"Cannot retry a workflow in phase {phase}")
        return self.retry(name, tree)

    def retry(self, name: str, tree: Tree) -> Tree:
        """Begin again with the nodes that have succeeded; what has failed, and what waited for it, is not there any more."""
        nodes = {
            key: node
            for key, node in tree["status"]["nodes"].items()
            if node["phase"] == "Succeeded" and ".onExit" not in node["name"]
        }
        with self.world.store.lock:
            live = self.world.store.objects["workflows", name]
            live["spec"].pop("shutdown", None)
            self.world.store.touch("workflows", name, status={"nodes": nodes})
        self.world.start(name)
        return self.read("workflows", name)

    def judge(self, document: Tree) -> None:
        """What the server says of a template; what starts one is not judged here."""
        if document.get("kind") != "WorkflowTemplate":
            return
        kept = {
            key: value
            for key, value in document["metadata"].items()
            if key in ("name", "namespace", "labels", "annotations")
        }
        try:
            check_document({**document, "metadata": kept}, len(json.dumps(document)))
        except (Refused, Unsupported) as error:
            raise ApiFault(400, "BadRequest", str(error)) from None

    def log(self, name: str, query: dict[str, str]) -> bytes:
        """Lines of JSON; none for a pod that is gone."""
        self.read("workflows", name)
        since = int(query.get("logOptions.sinceTime.seconds", "0"))
        pod = query.get("podName", "")
        try:
            found = self.world.log(pod)
        except ApiFault:
            return b""
        lines = [(at, line) for at, line in found if seconds(at) >= since]
        entries = [
            {"result": {"content": f"{at} {line.decode('utf-8', 'replace')}", "podName": pod}} for at, line in lines
        ]
        return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)

    def artifact(self, names: dict[str, str]) -> bytes:
        """An archived log."""
        uid, name = names.get("uid"), names.get("name")
        for each, run in self.world.runs.items():
            tree = run.workflow
            if each != name and tree["metadata"]["uid"] != uid:
                continue
            nodes = run.controller.nodes if run.controller else {}
            node = next((node for node in nodes.values() if run.node_id(node.name) == names["nodeId"]), None)
            if node is not None and run.spec.get("archiveLogs") and names["artifactName"] == "main-logs":
                return node.log.encode()
        raise ApiFault(500, "Internal", "artifact not found")


def seconds(at: str) -> int:
    """A time of a log in whole seconds."""
    import datetime

    return int(datetime.datetime.fromisoformat(f"{at[:19]}+00:00").timestamp())
