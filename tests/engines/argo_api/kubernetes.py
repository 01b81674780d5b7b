"""Kubernetes' API of one namespace: the paths, verbs, queries and types of content that it has, and an error for all else."""

from __future__ import annotations

import re
from typing import Any

from tests.engines.argo_api.handler import Handler
from tests.engines.argo_api.store import KINDS, ApiFault, selects

_ARGO, _RBAC, _CORE = "apis/argoproj.io/v1alpha1", "apis/rbac.authorization.k8s.io/v1", "api/v1"
GROUPS = {
    _ARGO: ("workflows", "workflowtemplates", "cronworkflows", "sensors", "eventsources"),
    _RBAC: ("roles", "rolebindings"),
    _CORE: ("serviceaccounts", "pods", "events"),
}
QUERIES = {
    "list": {"labelSelector", "fieldSelector", "limit", "continue"},
    "get": set[str](),
    "create": {"fieldManager", "dryRun"},
    "update": {"fieldManager"},
    "patch": {"fieldManager", "force"},
    "delete": {"propagationPolicy"},
    "log": {"container", "timestamps", "sinceTime", "limitBytes"},
}
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)"
_PAGE = 2
"""Objects of a page, whatever was asked for: the others must be asked for, too."""


class Kubernetes(Handler):
    """The API server."""

    def answer(self, verb: str, path: str, query: dict[str, str], body: Any) -> Any:
        """One request."""
        if (verb, path) == ("GET", "/version"):
            return {"major": "1", "minor": "34", "gitVersion": "v1.34.4"}
        if (verb, path) == ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"):
            return self.review(body)
        group, plural, name, sub = self.place(path)
        if sub:
            if (verb, plural, sub) != ("GET", "pods", "log"):
                raise ApiFault(405, "MethodNotAllowed", f"{verb} {path}")
            return self.log(name, query)
        what = {
            "GET": "get" if name else "list",
            "POST": "create",
            "PUT": "update",
            "PATCH": "patch",
            "DELETE": "delete",
        }[verb]
        unknown = set(query) - QUERIES[what]
        if unknown or ((what == "create") == bool(name) and what not in ("list",)):
            raise ApiFault(400, "BadRequest", f"{verb} {path} has no query {sorted(unknown)}")
        self.world.allowed(what, plural)
        if (
            body is not None
            and what != "patch"
            and body.get("apiVersion") != group.removeprefix("apis/").removeprefix("api/")
        ):
            raise ApiFault(
                400, "BadRequest", f"the API version in the data ({body.get('apiVersion')}) does not match {group}"
            )
        return getattr(self, f"do_{what}_")(plural, name, query, body)

    def place(self, path: str) -> tuple[str, str, str, str]:
        """Group, kind, name and subresource of a path."""
        match = re.fullmatch(
            r"/((?:apis/[^/]+|api)/[^/]+)/namespaces/([^/]+)/([a-z]+)(?:/([^/]+))?(?:/([a-z]+))?", path
        )
        if not match or match[3] not in GROUPS.get(match[1], ()):
            raise ApiFault(404, "NotFound", "the server could not find the requested resource")
        if match[2] != self.world.namespace:
            raise ApiFault(
                403, "Forbidden", f'{match[3]} is forbidden: User "robot" cannot do that in the namespace "{match[2]}"'
            )
        return match[1], match[3], match[4] or "", match[5] or ""

    def fault(self, error: ApiFault) -> Any:
        """A Status."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": error.message,
            "reason": error.reason,
            "code": error.status,
        }

    def do_get_(self, plural: str, name: str, query: dict[str, str], body: Any) -> Any:
        """One object."""
        if plural == "workflows":
            self.world.refresh(name)
        return self.world.store.get(plural, name)

    def do_list_(self, plural: str, name: str, query: dict[str, str], body: Any) -> Any:
        """A page of objects, which do not say of what kind they are."""
        if plural == "workflows":
            for each in list(self.world.runs):
                self.world.refresh(each)
        if plural == "pods":
            found = [pod for pod in self.world.pods() if selects(query.get("labelSelector", ""), pod)]
        else:
            found = self.world.store.find(plural, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        at = int(query.get("continue") or 0)
        more = {"continue": str(at + _PAGE)} if len(found) > at + _PAGE else {}
        items = [
            {key: value for key, value in tree.items() if key not in ("apiVersion", "kind")}
            for tree in found[at : at + _PAGE]
        ]
        return {
            "kind": f"{KINDS[plural]}List",
            "apiVersion": "v1",
            "metadata": {"resourceVersion": "1", **more},
            "items": items,
        }

    def do_create_(self, plural: str, name: str, query: dict[str, str], body: Any) -> Any:
        """A new object."""
        self._type("application/json")
        made = self.world.store.create(plural, body, query.get("fieldManager", "unknown"))
        self.world.created(plural, made)
        return made

    def do_update_(self, plural: str, name: str, query: dict[str, str], body: Any) -> Any:
        """Another object in its place."""
        self._type("application/json")
        made = self.world.store.replace(plural, name, body, query.get("fieldManager", "unknown"))
        self._after(plural, name, body)
        return made

    def do_patch_(self, plural: str, name: str, query: dict[str, str], body: Any) -> Any:
        """A server-side apply or a merge patch."""
        manager = query.get("fieldManager", "")
        if self.headers.get("Content-Type") == "application/apply-patch+yaml":
            if not manager:
                raise ApiFault(400, "BadRequest", "PatchOptions.meta.k8s.io is invalid: fieldManager: Required value")
            is_new = (plural, name) not in self.world.store.objects
            if is_new:
                self.world.allowed("create", plural)
            made = self.world.store.apply(plural, name, body, manager, query.get("force") == "true")
        else:
            self._type("application/merge-patch+json")
            if "force" in query:
                raise ApiFault(
                    422,
                    "Invalid",
                    "PatchOptions.meta.k8s.io is invalid: force: Forbidden: may not be specified for non-apply patch",
                )
            made = self.world.store.merge(plural, name, body, manager)
        self._after(plural, name, body)
        return made

    def do_delete_(self, plural: str, name: str, query: dict[str, str], body: Any) -> Any:
        """Remove an object."""
        self.world.delete(plural, name, query.get("propagationPolicy", "Background"))
        return {"kind": "Status", "apiVersion": "v1", "status": "Success"}

    def log(self, pod: str, query: dict[str, str]) -> bytes:
        """The log of a container, from a time on, no more bytes than wanted."""
        self.world.allowed("get", "pods/log")
        if set(query) - QUERIES["log"] or query.get("container") != "main":
            raise ApiFault(400, "BadRequest", f"container {query.get('container')} is not valid for pod {pod}")
        since = query.get("sinceTime", "")
        if since and not re.fullmatch(_TIME, since):
            raise ApiFault(400, "BadRequest", f'unable to decode: parsing time "{since}"')
        waiting = next(
            (
                each
                for each in self.world.pods()
                if each["metadata"]["name"] == pod and each["status"]["phase"] == "Pending"
            ),
            None,
        )
        if waiting is not None:
            raise ApiFault(400, "BadRequest", f'container "main" in pod "{pod}" is waiting to start: ImagePullBackOff')
        second = since[:19]
        lines = [(at, line) for at, line in self.world.log(pod) if at[:19] >= second]
        stamps = query.get("timestamps") == "true"
        text = b"".join((f"{at} ".encode() if stamps else b"") + line + b"\n" for at, line in lines)
        return text[: int(query["limitBytes"])] if "limitBytes" in query else text

    def review(self, body: Any) -> Any:
        """Whether the user may."""
        wanted = body["spec"]["resourceAttributes"]
        plural = "/".join(filter(None, (wanted["resource"], wanted.get("subresource"))))
        denied = (wanted["verb"], plural) in self.world.denied or (wanted["verb"], "*") in self.world.denied
        return {**body, "status": {"allowed": not denied}}

    def _type(self, wanted: str) -> None:
        if self.headers.get("Content-Type") != wanted:
            raise ApiFault(
                415,
                "UnsupportedMediaType",
                f"the body of the request was in an unknown format: {self.headers.get('Content-Type')}",
            )

    def _after(self, plural: str, name: str, body: Any) -> None:
        if plural == "workflows":
            strategy = (body.get("spec") or {}).get("shutdown")
            if strategy:
                self.world.shut(name, strategy)
        else:
            self.world.created(plural, self.world.store.get(plural, name))
