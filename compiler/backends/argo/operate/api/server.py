"""The objects of a namespace by Argo Server: hera's `WorkflowsService` brings address, login and trust, and says how requests are written.

What it answers is read as JSON: hera's models pass over what they do not know, and lose what a Sensor holds.
"""

from __future__ import annotations

import json
import time
import warnings
import weakref
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

from compiler.backends.argo.operate.api.protocol import (
    CRON,
    SENSOR,
    SOURCE,
    TEMPLATE,
    WORKFLOW,
    AbsentError,
    Kind,
    LostError,
    Object,
    is_good,
    json_object,
    persisted,
    refusal,
    sentence_of,
    shortened,
    strange,
)
from compiler.backends.operating import Connection, EngineError, RefusedError
from compiler.mistakes import CallError

if TYPE_CHECKING:
    import requests
    from hera.workflows.service import WorkflowsService

INSTALL = "the client of Argo Server is not installed: pip install 'flowc[argo]'"

_KEYS = {WORKFLOW: "workflow", TEMPLATE: "template", CRON: "cronWorkflow", SENSOR: "sensor", SOURCE: "eventSource"}
"""Under which key a request holds the object."""

_ENTRIES = "main-logs"
"""The artifact that `archiveLogs` keeps."""


class ArgoServer:
    """Argo Server. Fulfils `Api`."""

    has_rights = False
    applies = False

    def __init__(self, service: WorkflowsService, namespace: str, where: str) -> None:
        self._service = service
        weakref.finalize(self, service.close)
        self.namespace = namespace
        self.where = where

    def get(self, kind: Kind, name: str) -> Object:
        """The object, an archived workflow too. Raises AbsentError."""
        return self._object("GET", kind, f"{kind.name} {name}", name)

    def find(self, kind: Kind, labels: str, fields: str = "") -> list[Object]:
        """All that the selectors name, page by page."""
        params = {"listOptions.labelSelector": labels, "listOptions.fieldSelector": fields}
        found: list[Object] = []
        if not kind.server:
            return found
        while True:
            page = self._object("GET", kind, kind.name, params={key: value for key, value in params.items() if value})
            found += [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in page.get("items") or ()]
            params["listOptions.continue"] = (page.get("metadata") or {}).get("continue") or ""
            if not params["listOptions.continue"]:
                return found

    def create(self, kind: Kind, document: Object) -> Object:
        """A new object; the server judges it before."""
        name = str(document["metadata"]["name"])
        self._written(kind, "create", document)
        return self.get(kind, name)

    def apply(self, kind: Kind, document: Object, live: Object | None) -> Object:
        """A new object, or the one that was read with another body: labels and annotations of others stay."""
        if live is None:
            return self.create(kind, document)
        kept = {
            key: value
            for key, value in live["metadata"].items()
            if key not in ("managedFields", "labels", "annotations")
        }
        both = {
            key: {**(live["metadata"].get(key) or {}), **(document["metadata"].get(key) or {})}
            for key in ("labels", "annotations")
        }
        body = {**document, "metadata": {**kept, **both}}
        self._written(kind, "update", body)
        return self.get(kind, str(document["metadata"]["name"]))

    def merge(self, kind: Kind, name: str, patch: Object, live: Object) -> Object:
        """The object as it was read, with the patch in it."""
        self._written(kind, "update", _merged(live, patch))
        return self.get(kind, name)

    def delete(self, kind: Kind, name: str, *, orphans: bool = False) -> None:
        """Remove an object; nothing where it is gone."""
        params = {"deleteOptions.propagationPolicy": "Orphan" if orphans else "Background"}
        try:
            self._object("DELETE", kind, f"{kind.name} {name}", name, params=params, is_safe=True)
        except AbsentError:
            return

    def stop(self, name: str) -> None:
        """`argo stop`."""
        from hera.workflows.models import WorkflowStopRequest  # noqa: PLC0415 - the library is an extra

        request = WorkflowStopRequest(name=name, namespace=self.namespace)
        try:
            self._by_hera(lambda: self._service.stop_workflow(name, request), f"Workflow {name}", is_safe=True)
        except RefusedError as error:
            if "completed workflow" not in str(error):
                raise

    def retry(self, name: str) -> Object | None:
        """`argo retry`."""
        from hera.workflows.models import WorkflowRetryRequest  # noqa: PLC0415 - the library is an extra

        request = WorkflowRetryRequest(name=name, namespace=self.namespace)
        self._by_hera(lambda: self._service.retry_workflow(name, request), f"Workflow {name}", is_safe=False)
        return self.get(WORKFLOW, name)

    def lint(self, document: Object) -> None:
        """What the server says of a template before it is stored."""
        from hera.workflows.models import WorkflowTemplateLintRequest  # noqa: PLC0415 - the library is an extra

        request = _checked(WorkflowTemplateLintRequest, {"namespace": self.namespace, "template": document}, "template")
        subject = f"WorkflowTemplate {document['metadata']['name']}"
        self._by_hera(lambda: self._service.lint_workflow_template(request), subject, is_safe=True)

    def log(self, workflow: str, pod: str, since: float | None, most: int) -> bytes:
        """The log of a pod's main container, whose lines come as JSON. Raises AbsentError for a pod that is gone."""
        params = {
            "podName": pod,
            "logOptions.container": "main",
            "logOptions.timestamps": "true",
            "logOptions.limitBytes": str(most),
        }
        if since is not None:
            params["logOptions.sinceTime.seconds"] = str(int(since))
        path = f"api/v1/workflows/{self.namespace}/{quote(workflow, safe='')}/log"
        subject = f"the log of the pod {pod}"
        answer = self._asked("GET", path, subject, params=params)
        return b"".join(f"{_entry(line, subject)}\n".encode() for line in answer.split(b"\n") if line.strip())

    def kept_log(self, workflow: Object, node: str) -> bytes:
        """The artifact in which Argo keeps a log."""
        uid, subject = workflow["metadata"].get("uid", ""), f"the archived log of {node}"
        name = quote(str(workflow["metadata"]["name"]), safe="")
        id_ = quote(node, safe="")
        places = (
            f"artifacts/{self.namespace}/{name}/{id_}/{_ENTRIES}",
            f"artifacts-by-uid/{uid}/{id_}/{_ENTRIES}",
        )
        for place in places:
            try:
                return self._asked("GET", place, subject)
            except (AbsentError, LostError, RefusedError):
                continue  # the server answers 500 where there is no such artifact
        raise AbsentError(
            "the pod is gone, and its log is not archived: `archive_logs = true` in [tool.flowc.argo] keeps those to come"
        )

    def page(self, kind: Kind, name: str) -> str:
        """The address in Argo's interface."""
        return urljoin(self._service.host, f"{kind.server}/{self.namespace}/{name}")

    def version(self) -> tuple[str, float | None]:
        """Argo's release, and its clock."""
        response = persisted(lambda: self._sent("GET", "api/v1/version", "Argo Server", None, {}), is_safe=True)
        told = json_object(response.content, "Argo Server")
        try:
            ahead = parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
        except (KeyError, ValueError):
            ahead = None
        return f"Argo Server {told.get('version', '')}".rstrip(), ahead

    def may(self, verb: str, kind: Kind) -> bool | None:
        """The server tells of no rights; listing is tried."""
        if verb != "list" or not kind.server:
            return None
        try:
            self._object("GET", kind, kind.name, params={"listOptions.limit": "1"})
        except (EngineError, RefusedError, AbsentError):
            return False
        return True

    def _written(self, kind: Kind, verb: str, document: Object) -> None:
        """Create or update an object: workflows and their templates by hera's requests, what starts them as it stands."""
        name, key = str(document["metadata"]["name"]), _KEYS[kind]
        subject, is_new = f"{kind.name} {name}", verb == "create"
        body = {"namespace": self.namespace, key: document, **({} if is_new else {"name": name})}
        if kind in (SENSOR, SOURCE):
            # Argo's API has no type in these objects
            body[key] = {each: value for each, value in document.items() if each not in ("apiVersion", "kind")}
            path = _place(kind, self.namespace, None if is_new else name)
            self._asked("POST" if is_new else "PUT", path, subject, body, is_safe=is_new)
            return
        request, ask = _hera(self._service, kind, verb)
        whole = _checked(request, body, key)
        self._by_hera(lambda: ask(whole) if is_new else ask(name, whole), subject, is_safe=is_new)

    def _object(
        self, method: str, kind: Kind, subject: str, name: str | None = None, *,
        params: Mapping[str, str] | None = None, is_safe: bool = True,
    ) -> Object:  # fmt: skip
        if not kind.server:
            raise AbsentError(f"{subject}: Argo Server has no objects of that kind; use a kubeconfig")
        found = json_object(
            self._asked(method, _place(kind, self.namespace, name), subject, params=params, is_safe=is_safe), subject
        )
        return {"apiVersion": kind.api_version, "kind": kind.name, **found} if "metadata" in found else found

    def _asked(
        self, method: str, path: str, subject: str, document: Object | None = None, *,
        params: Mapping[str, str] | None = None, is_safe: bool = True,
    ) -> bytes:  # fmt: skip
        return bytes(
            persisted(lambda: self._sent(method, path, subject, document, params or {}), is_safe=is_safe).content
        )

    def _sent(
        self, method: str, path: str, subject: str, document: Object | None, params: Mapping[str, str]
    ) -> requests.Response:
        service = self._service

        def ask() -> requests.Response:
            return service.session.request(
                method, urljoin(service.host, path), params=dict(params), json=document,
                headers={"Authorization": service.token} if service.token else {}, verify=service.verify_ssl, allow_redirects=False,
            )  # fmt: skip

        response: requests.Response = self._told(ask, subject)
        if not is_good(response.status_code):
            raise refusal(
                response.status_code, sentence_of(response.content), subject, response.headers.get("Retry-After")
            )
        return response

    def _by_hera(self, ask: Callable[[], object], subject: str, *, is_safe: bool) -> None:
        """A call of hera's: its errors hold a status each, and an answer that its models cannot read is one."""
        from hera.exceptions import HeraException  # noqa: PLC0415 - the library is an extra
        from pydantic import ValidationError  # noqa: PLC0415 - it comes with hera

        def once() -> None:
            try:
                self._told(ask, subject)
            except HeraException as error:
                status, said = _of_hera(error)
                raise refusal(status, said, subject) from None
            except ValidationError:
                return  # the server has done it: what it answers is read once more
            except (ValueError, KeyError, TypeError):
                raise strange(subject) from None

        persisted(once, is_safe=is_safe)

    def _told(self, ask: Callable[[], Any], subject: str) -> Any:
        """What a call gives, its failures as errors of ours."""
        import requests  # noqa: PLC0415 - it comes with hera

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # urllib3 tells of each unchecked certificate; `where` says it once
                return ask()
        except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise _unreached(error, self.where) from None
        except requests.exceptions.Timeout:
            raise LostError(
                f"{subject}: {self.where} does not answer in time; try again, or give it more time"
            ) from None
        except requests.exceptions.ChunkedEncodingError:
            raise LostError(f"{subject}: the answer broke off; try again") from None
        except requests.exceptions.ConnectionError as error:
            if "aborted" in str(error).lower():
                raise LostError(f"{subject}: the answer broke off; try again") from None
            raise _unreached(error, self.where) from None
        except requests.exceptions.JSONDecodeError:
            raise strange(subject) from None
        except requests.exceptions.RequestException:
            raise EngineError(f"{self.where} cannot be asked: look at ARGO_SERVER and the proxies") from None


def connect(connection: Connection, address: str) -> ArgoServer:
    """The server at an address; asks nothing of it. Raises CallError, EngineError."""
    try:
        import requests  # noqa: PLC0415 - the libraries are an extra
        from hera.workflows.service import WorkflowsService  # noqa: PLC0415
    except ImportError:
        raise EngineError(INSTALL) from None

    class Session(requests.Session):
        """One that waits for no answer longer than the connection says."""

        def request(self, *args: Any, **kwargs: Any) -> requests.Response:
            kwargs.setdefault("timeout", connection.timeout)
            return super().request(*args, **kwargs)

    variables, options = connection.variables, connection.options
    secure = _is_true(variables.get("ARGO_SECURE", "true"))
    skips = options.get("insecure") is True or _is_true(variables.get("ARGO_INSECURE_SKIP_VERIFY", ""))
    host = _address(address, secure, variables.get("ARGO_BASE_HREF", ""))
    namespace = connection.namespace or variables.get("ARGO_NAMESPACE") or "default"
    trust: Any = False if skips else str(options["ca"]) if options.get("ca") else True
    service = WorkflowsService(host, trust, variables.get("ARGO_TOKEN") or None, namespace=namespace, session=Session())
    unchecked = ", whose certificate is not checked" if skips and host.startswith("https:") else ""
    return ArgoServer(service, namespace, f"Argo Server {host} in the namespace {namespace}{unchecked}")


def _address(address: str, secure: bool, base: str) -> str:
    """The server's URL with a slash at its end: `host:port` as Argo's own variable has it, or a whole one."""
    url = address if "://" in address else f"{'https' if secure else 'http'}://{address}"
    if not url.startswith(("http://", "https://")) or "@" in url:
        raise CallError("the address of Argo Server is `host:port` or a URL of http or https, without a password in it")
    return f"{url.rstrip('/')}/{base.strip('/')}/" if base.strip("/") else f"{url.rstrip('/')}/"


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("1", "t", "true", "yes")


def _place(kind: Kind, namespace: str, name: str | None) -> str:
    path = f"api/v1/{kind.server}/{namespace}"
    return path if name is None else f"{path}/{quote(name, safe='')}"


def _hera(service: WorkflowsService, kind: Kind, verb: str) -> tuple[Any, Callable[..., object]]:
    """The request and the method of hera's for a kind and a verb."""
    from hera.workflows import models  # noqa: PLC0415 - the library is an extra

    table: dict[tuple[Kind, str], tuple[Any, Callable[..., object]]] = {
        (WORKFLOW, "create"): (models.WorkflowCreateRequest, service.create_workflow),
        (TEMPLATE, "create"): (models.WorkflowTemplateCreateRequest, service.create_workflow_template),
        (TEMPLATE, "update"): (models.WorkflowTemplateUpdateRequest, service.update_workflow_template),
        (CRON, "create"): (models.CreateCronWorkflowRequest, service.create_cron_workflow),
        (CRON, "update"): (models.UpdateCronWorkflowRequest, service.update_cron_workflow),
    }
    return table[kind, verb]


def _checked(request: Any, body: Object, key: str) -> Any:
    """A request of hera's that holds the whole object: its models pass over fields that they do not know."""
    from pydantic import ValidationError  # noqa: PLC0415 - it comes with hera

    outdated = f"this release of hera cannot write the {body[key].get('kind', key)}: update it, or use a kubeconfig"
    try:
        made = request.model_validate(body)
    except ValidationError:
        raise EngineError(outdated) from None
    written = json.loads(
        made.model_dump_json(exclude_none=True, by_alias=True, exclude_unset=True, exclude_defaults=True)
    )
    if _plain(written) != _plain(body):
        raise EngineError(outdated)
    return made


def _plain(value: Any) -> Any:
    """A value without what is null or empty, and its times as text of seconds, for both are written in more than one way."""
    if isinstance(value, dict):
        return {key: made for key, item in value.items() if (made := _plain(item)) not in (None, {}, [])}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _merged(tree: Object, patch: Object) -> Object:
    """A JSON merge patch in its tree."""
    found = dict(tree)
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _merged(found.get(key) or {}, value) if isinstance(value, dict) else value
    return found


def _of_hera(error: Exception) -> tuple[int, str]:
    """The status and the server's sentence of an error of hera's, whose text holds both."""
    text = str(error)
    head, _, rest = text.partition(" with message: ")
    digits = head.rpartition(" ")[2]
    said = rest.strip("`")
    return int(digits) if digits.isdecimal() else int(getattr(error, "status_code", 500)), "" if said.startswith(
        "<"
    ) else said


def _entry(line: bytes, subject: str) -> str:
    """The text of one entry of a log; what is told in its place is an error."""
    found = json_object(line, subject)
    if "error" in found:
        error = found["error"] or {}
        raise refusal(int(error.get("http_code") or 500), str(error.get("message", "")), subject)
    return str((found.get("result") or {}).get("content", ""))


def _unreached(error: Exception, where: str) -> EngineError:
    reason = getattr(error.args[0], "reason", error.args[0]) if error.args else ""
    if "WRONG_VERSION_NUMBER" in str(reason):
        return EngineError(f"{where} speaks no TLS: set ARGO_SECURE=false, or give the address of one that does")
    words = shortened(str(reason).rpartition(": ")[2])
    return LostError(
        f"{where} cannot be reached: {words or 'no connection'}; look at ARGO_SERVER, the network and the proxies",
        is_untouched=True,
    )
