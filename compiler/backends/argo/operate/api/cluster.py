"""The objects of a namespace by Kubernetes' own API: lightkube brings the connection, the login and the trust, the paths are here."""

from __future__ import annotations

import datetime
import ssl
import time
import weakref
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from compiler.backends.argo.operate.api.kubeconfig import single_config
from compiler.backends.argo.operate.api.protocol import (
    POD,
    WORKFLOW,
    AbsentError,
    Kind,
    LostError,
    Object,
    json_object,
    persisted,
    refusal,
    sentence_of,
    shortened,
)
from compiler.backends.operating import Connection, EngineError, RefusedError
from compiler.mistakes import CallError

if TYPE_CHECKING:
    import httpx2
    from lightkube.core.generic_client import GenericSyncClient

MANAGER = "flowc"
"""The field manager: what it has applied and applies no more is removed."""

_PAGE = 250
"""Objects of one answer of a list."""

_APPLY, _MERGE, _JSON = "application/apply-patch+yaml", "application/merge-patch+json", "application/json"

INSTALL = "the Kubernetes client is not installed: pip install 'flowc[argo]'"


class Cluster:
    """Kubernetes itself. Fulfils `Api`."""

    has_rights = True
    applies = True

    def __init__(self, client: GenericSyncClient, namespace: str, where: str) -> None:
        self._client = client
        weakref.finalize(self, client.close)
        self.namespace = namespace
        self.where = where

    def get(self, kind: Kind, name: str) -> Object:
        """The object. Raises AbsentError."""
        return self._object("GET", kind, name)

    def find(self, kind: Kind, labels: str, fields: str = "") -> list[Object]:
        """All that the selectors name, page by page."""
        params = {"labelSelector": labels, "fieldSelector": fields, "limit": str(_PAGE)}
        found: list[Object] = []
        while True:
            page = self._object("GET", kind, params={key: value for key, value in params.items() if value})
            found += [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in page.get("items") or ()]
            params["continue"] = (page.get("metadata") or {}).get("continue") or ""
            if not params["continue"]:
                return found

    def create(self, kind: Kind, document: Object) -> Object:
        """A new object."""
        return self._object("POST", kind, document=document, params={"fieldManager": MANAGER}, is_safe=True)

    def apply(self, kind: Kind, document: Object, live: Object | None) -> Object:
        """Server-side apply; what others have set besides, by hand most often, is taken out of the fields that are ours."""
        metadata = {**document["metadata"]}
        if live is not None:
            metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
        name = str(metadata["name"])
        body = {**document, "metadata": metadata}
        params = {"fieldManager": MANAGER, "force": "true"}
        return self._object("PATCH", kind, name, body, params, _APPLY, is_safe=live is None)

    def merge(self, kind: Kind, name: str, patch: Object, live: Object) -> Object:
        """A JSON merge patch, of the version that was read."""
        version = {"resourceVersion": live["metadata"]["resourceVersion"]}
        body = {**patch, "metadata": {**patch.get("metadata", {}), **version}}
        return self._object("PATCH", kind, name, body, {"fieldManager": MANAGER}, _MERGE)

    def delete(self, kind: Kind, name: str, *, orphans: bool = False) -> None:
        """Remove an object; nothing where it is gone."""
        params = {"propagationPolicy": "Orphan" if orphans else "Background"}
        try:
            self._object("DELETE", kind, name, params=params, is_safe=True)
        except AbsentError:
            return

    def stop(self, name: str) -> None:
        """`argo stop`: the controller ends the pods and runs the exit hooks."""
        self._object(
            "PATCH", WORKFLOW, name, {"spec": {"shutdown": "Stop"}}, {"fieldManager": MANAGER}, _MERGE, is_safe=True
        )

    def retry(self, name: str) -> Object | None:
        """Kubernetes does not know it."""
        return None

    def lint(self, document: Object) -> None:
        """Kubernetes has judged the schema; the rest is the controller's."""

    def log(self, workflow: str, pod: str, since: float | None, most: int) -> bytes:
        """The log of the main container; nothing while it has not started."""
        params = {"container": "main", "timestamps": "true", "limitBytes": str(most)}
        if since is not None:
            at = datetime.datetime.fromtimestamp(int(since), datetime.UTC)
            params["sinceTime"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            return self._asked("GET", f"{self._path(POD, pod)}/log", f"the log of the pod {pod}", params=params)
        except RefusedError:
            return b""  # 400: the container waits to start

    def kept_log(self, workflow: Object, node: str) -> bytes:
        """Only Argo Server reads archived logs."""
        raise AbsentError(
            "the pod is gone, and with it its log; Argo Server gives archived logs: set ARGO_SERVER, and `archive_logs = true`"
        )

    def page(self, kind: Kind, name: str) -> str:
        """Kubernetes has no pages."""
        return ""

    def version(self) -> tuple[str, float | None]:
        """Kubernetes' release, and its clock."""
        response = persisted(lambda: self._sent("GET", "version", "Kubernetes", None, {}, {}), is_safe=True)
        told = json_object(response.content, "Kubernetes")
        try:
            ahead = parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
        except (KeyError, ValueError):
            ahead = None
        return f"Kubernetes {told.get('gitVersion', '')}".rstrip(), ahead

    def may(self, verb: str, kind: Kind) -> bool | None:
        """What Kubernetes says of a right."""
        resource, _, sub = kind.plural.partition("/")
        wanted = {
            "namespace": self.namespace,
            "verb": verb,
            "group": kind.group,
            "resource": resource,
            "subresource": sub,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": wanted},
        }
        path = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        try:
            told = json_object(self._asked("POST", path, "the rights", body, is_safe=True), "the rights")
        except (EngineError, RefusedError, AbsentError):
            return None
        return (told.get("status") or {}).get("allowed") is True

    def _path(self, kind: Kind, name: str | None = None) -> str:
        head = f"apis/{kind.api_version}" if kind.group else f"api/{kind.version}"
        path = f"{head}/namespaces/{self.namespace}/{kind.plural}"
        return path if name is None else f"{path}/{name}"

    def _object(
        self, method: str, kind: Kind, name: str | None = None, document: Object | None = None,
        params: dict[str, str] | None = None, content: str = _JSON, *, is_safe: bool | None = None,
    ) -> Object:  # fmt: skip
        subject = f"{kind.name} {name}" if name else kind.name if document is None else f"{kind.name} {_name(document)}"
        safe = method == "GET" if is_safe is None else is_safe
        answer = self._asked(method, self._path(kind, name), subject, document, params, content, is_safe=safe)
        return json_object(answer, subject)

    def _asked(
        self, method: str, path: str, subject: str, document: Object | None = None,
        params: dict[str, str] | None = None, content: str = _JSON, *, is_safe: bool = True,
    ) -> bytes:  # fmt: skip
        headers = {} if document is None else {"Content-Type": content}
        sent = persisted(lambda: self._sent(method, path, subject, document, params or {}, headers), is_safe=is_safe)
        return bytes(sent.content)

    def _sent(
        self,
        method: str,
        path: str,
        subject: str,
        document: Object | None,
        params: dict[str, str],
        headers: dict[str, str],
    ) -> httpx2.Response:
        import httpx2  # noqa: PLC0415 - it comes with lightkube
        from lightkube.core.exceptions import ConfigError  # noqa: PLC0415
        from lightkube.core.generic_client import BasicRequest  # noqa: PLC0415

        asked = BasicRequest(method, path, params=dict(params), data=document, headers=dict(headers) or None)
        try:
            response: httpx2.Response = self._client.send(self._client.build_adapter_request(asked))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            raise _unreached(error, self.where) from None
        except httpx2.TimeoutException:
            raise LostError(
                f"{subject}: {self.where} does not answer in time; try again, or give it more time"
            ) from None
        except httpx2.HTTPError:
            raise LostError(f"{subject}: the answer broke off; try again") from None
        except (ConfigError, OSError, KeyError, ValueError):
            raise EngineError("the kubeconfig's user cannot log in: `kubectl auth whoami` says why") from None
        if response.is_error or response.is_redirect:
            raise refusal(
                response.status_code, sentence_of(response.content), subject, response.headers.get("Retry-After")
            )
        return response


def connect(connection: Connection) -> Cluster:
    """The cluster that the kubeconfig names; asks nothing of it. Raises CallError, EngineError."""
    try:
        import httpx2  # noqa: PLC0415 - the library is an extra
        from lightkube.config.client_adapter import ConnectionParams  # noqa: PLC0415
        from lightkube.core.generic_client import GenericSyncClient  # noqa: PLC0415
    except ImportError:
        raise EngineError(INSTALL) from None
    options = connection.options
    config, proxy = single_config(connection.variables, _text(options.get("kubeconfig")), _text(options.get("context")))
    params = ConnectionParams(timeout=httpx2.Timeout(connection.timeout), proxy=proxy)
    try:
        client = GenericSyncClient(params, config)
    except (OSError, ssl.SSLError, ValueError, httpx2.InvalidURL):
        raise CallError(
            f"the certificates or the address of the kubeconfig's context {config.context_name} cannot be read"
        ) from None
    namespace = connection.namespace or config.namespace
    unchecked = ", whose certificate is not checked" if config.cluster.insecure else ""
    return Cluster(
        client, namespace, f"Argo in the namespace {namespace} of the context {config.context_name}{unchecked}"
    )


def _text(value: object) -> str | None:
    return str(value) if value else None


def _name(document: Object) -> str:
    return str((document.get("metadata") or {}).get("name", ""))


def _unreached(error: Exception, where: str) -> LostError:
    return LostError(
        f"{where} cannot be reached: {shortened(str(error)) or 'no connection'}; look at the address, the network and the proxies",
        is_untouched=True,
    )
