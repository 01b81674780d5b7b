"""What is asked of a cluster, whichever way leads to it: objects by kind and name, and the few verbs that Argo adds.

Objects are what JSON gives. A refusal is one of the errors of `compiler.backends.operating`, with one line that says what to do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from compiler.backends.operating import EngineError, NotThereError, RefusedError
from compiler.mistakes import CallError
from compiler.slotted_class import record

T = TypeVar("T")

Object = dict[str, Any]
"""An object of Kubernetes as JSON has it."""

MOST_WORDS = 300
"""Characters of what a server says that go into an error."""

_PAUSES = (0.2, 0.5, 1.0)
"""Seconds before another attempt of what may be asked again."""

_LONGEST_PAUSE = 10.0
"""A server that wants a longer pause is not waited for."""


@record
class Kind:
    """A kind of object, and where the APIs have it: `server` is its part of Argo Server's paths, empty where it has none."""

    name: str
    group: str
    version: str
    plural: str
    server: str = ""

    @property
    def api_version(self) -> str:
        """As documents name it."""
        return f"{self.group}/{self.version}" if self.group else self.version


_ARGO, _RBAC = ("argoproj.io", "v1alpha1"), ("rbac.authorization.k8s.io", "v1")

WORKFLOW = Kind("Workflow", *_ARGO, "workflows", "workflows")
TEMPLATE = Kind("WorkflowTemplate", *_ARGO, "workflowtemplates", "workflow-templates")
CRON = Kind("CronWorkflow", *_ARGO, "cronworkflows", "cron-workflows")
SOURCE = Kind("EventSource", *_ARGO, "eventsources", "event-sources")
SENSOR = Kind("Sensor", *_ARGO, "sensors", "sensors")
ACCOUNT = Kind("ServiceAccount", "", "v1", "serviceaccounts")
ROLE = Kind("Role", *_RBAC, "roles")
BINDING = Kind("RoleBinding", *_RBAC, "rolebindings")
POD = Kind("Pod", "", "v1", "pods")
EVENT = Kind("Event", "", "v1", "events")

DEPLOYED = (ACCOUNT, ROLE, BINDING, TEMPLATE, SOURCE, CRON, SENSOR)
"""The kinds that a deployment is made of, in the order in which they need each other."""

RIGHTS = (ACCOUNT, ROLE, BINDING)
"""Those of them that Argo Server does not have."""


class AbsentError(NotThereError):
    """There is no object of that name, or no such kind of object."""


class ConflictError(RefusedError):
    """An object of that name is there already, or it has been changed since it was read."""


class ForbiddenError(EngineError):
    """Whoever asks is not known, or has no right to it."""


class LostError(EngineError):
    """No answer, or one that means "later". `is_untouched`: nothing can have happened; `after`: the pause that the server wants."""

    def __init__(self, message: str, *, is_untouched: bool = False, after: float | None = None) -> None:
        super().__init__(message)
        self.is_untouched = is_untouched
        self.after = after


class Api(Protocol):
    """One way to the objects of one namespace. `has_rights`: accounts and roles are among them; `applies`: it knows field managers."""

    where: str
    namespace: str
    has_rights: bool
    applies: bool

    def get(self, kind: Kind, name: str) -> Object:
        """The object. Raises AbsentError."""
        ...

    def find(self, kind: Kind, labels: str, fields: str = "") -> list[Object]:
        """All objects of a kind that a label selector (and a field selector) names."""
        ...

    def create(self, kind: Kind, document: Object) -> Object:
        """A new object, asked for again where an answer was lost. Raises ConflictError where the name is taken."""
        ...

    def apply(self, kind: Kind, document: Object, live: Object | None) -> Object:
        """Let an object be as the document says, which was `live` when it was read. Raises ConflictError."""
        ...

    def merge(self, kind: Kind, name: str, patch: Object, live: Object) -> Object:
        """Merge a patch into an object, as it was read. Raises ConflictError, AbsentError."""
        ...

    def delete(self, kind: Kind, name: str, *, orphans: bool = False) -> None:
        """Remove an object; what it owns goes too unless it is to be orphaned. Nothing where it is gone."""
        ...

    def stop(self, name: str) -> None:
        """Let a workflow end with its exit hooks. Raises AbsentError."""
        ...

    def retry(self, name: str) -> Object | None:
        """Let a failed workflow go on in place; None where this way cannot."""
        ...

    def lint(self, document: Object) -> None:
        """Let the server judge a template, where it does. Raises RefusedError."""
        ...

    def log(self, workflow: str, pod: str, since: float | None, most: int) -> bytes:
        """The log of a pod's main container, each line behind its time, from a second on. Raises AbsentError where the pod is gone."""
        ...

    def kept_log(self, workflow: Object, node: str) -> bytes:
        """The log that Argo has archived of a node. Raises AbsentError."""
        ...

    def page(self, kind: Kind, name: str) -> str:
        """The address of an object's page; empty where there is none."""
        ...

    def version(self) -> tuple[str, float | None]:
        """What answers, and by how many seconds its clock is ahead of ours, where it says so."""
        ...

    def may(self, verb: str, kind: Kind) -> bool | None:
        """Whether whoever asks has a right in the namespace; None where that cannot be told."""
        ...


def persisted(ask: Callable[[], T], *, is_safe: bool, sleep: Callable[[float], None] = time.sleep) -> T:
    """What `ask` gives, asked again after LostError: always where nothing can have happened, else where a second one is safe."""
    for pause in _PAUSES:
        try:
            return ask()
        except LostError as error:
            wanted = pause if error.after is None else error.after
            if not (is_safe or error.is_untouched) or wanted > _LONGEST_PAUSE:
                raise
            sleep(wanted)
    return ask()


_OK, _MOVED, _WRONG, _BROKEN = 200, 300, 400, 500
_UNKNOWN, _FORBIDDEN, _ABSENT, _CONFLICT, _BUSY = 401, 403, 404, 409, 429
_LATER = (_BUSY, 500, 502, 503, 504)

_NAMED: dict[int, tuple[type[CallError], str, str]] = {
    _UNKNOWN: (
        ForbiddenError,
        "the server does not know who asks",
        "sign in again as your cluster wants it; of Argo Server: set ARGO_TOKEN",
    ),
    _FORBIDDEN: (
        ForbiddenError,
        "not permitted",
        "is `namespace` of [tool.flowc.argo] the right one? Else ask for that right, see docs/operate-argo.md",
    ),
    _ABSENT: (AbsentError, "there is none", "look at the name and the namespace"),
    _CONFLICT: (ConflictError, "somebody else was faster", "try again"),
}
"""The error of a status, what it means, and what to do."""


def is_good(status: int) -> bool:
    """Whether an answer's status says that all went well."""
    return _OK <= status < _MOVED


def refusal(status: int, said: str, subject: str, after: str | None = None) -> CallError:
    """The error that an answer's status stands for; `said` is the server's own sentence, `subject` what it was asked for."""
    words = shortened(said)
    told = f": {words}" if words else ""
    if status in _NAMED:
        kind, meaning, cure = _NAMED[status]
        return kind(f"{subject}: {meaning} ({status}){told}; {cure}")
    if status in _LATER:
        wait = _seconds(after)
        hint = f"it asks for a pause of {wait:g} s; " if wait is not None else ""
        message = f"{subject}: the server is too busy or broken ({status}){told}; {hint}try again later"
        return LostError(message, is_untouched=status == _BUSY, after=wait)
    if _WRONG <= status < _BROKEN:
        return RefusedError(f"{subject}: refused ({status}){told}; correct it and try again")
    return EngineError(
        f"{subject}: an answer that is not one of Kubernetes or Argo ({status}){told}; look at the address and the proxies"
    )


def strange(subject: str) -> EngineError:
    """The error for an answer that cannot be read: a page of a proxy, most often."""
    return EngineError(
        f"{subject}: the answer is not JSON, as a proxy's or a login page is not; look at the address and the proxies"
    )


def shortened(said: str) -> str:
    """What a server says, on one line and bounded."""
    line = " ".join(said.split())
    return line if len(line) <= MOST_WORDS else f"{line[:MOST_WORDS]}…"


def _seconds(after: str | None) -> float | None:
    try:
        return max(0.0, float(after)) if after else None
    except ValueError:
        return None  # a date: the pauses of our own are as good


def json_object(content: bytes, subject: str) -> Object:
    """The object that an answer is. Raises what `strange` says of any other."""
    try:
        found: Any = json.loads(content)
    except ValueError:
        raise strange(subject) from None
    if not isinstance(found, dict):
        raise strange(subject)
    return found


def sentence_of(content: bytes) -> str:
    """The message of a refusal; nothing of what is none, for it may hold anything."""
    try:
        found = json.loads(content)
    except ValueError:
        return ""
    return str(found.get("message", "")) if isinstance(found, dict) else ""
