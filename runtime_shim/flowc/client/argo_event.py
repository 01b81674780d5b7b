"""`ArgoEvent`: an event that a step publishes, and that may start other flows."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from flowc.exceptions import MetaflowException

_URL = "METAFLOW_ARGO_EVENTS_WEBHOOK_URL"
_ATTEMPTS = 5
_SECONDS = 60


class ArgoEventException(MetaflowException):
    """An event could not be published."""

    headline = "Argo Event Exception"


class ArgoEvent:
    """An event with a name and fields; a webhook of Argo Events takes it and passes it on.

    `url` is the webhook's, by default what METAFLOW_ARGO_EVENTS_WEBHOOK_URL says. Without any, a local run prints the event
    instead of sending it. A callable `name` is called: `namespaced_event_name("data")`.
    """

    def __init__(
        self,
        name: str | Callable[[], str],
        url: str | None = None,
        payload: Mapping[str, Any] | None = None,
        access_token: str | None = None,
    ) -> None:
        said = name() if callable(name) else name
        if not isinstance(said, str):
            raise ArgoEventException(f"the name of an event is text, not {type(said).__name__}")
        self._name = said
        self._url = url
        self._payload = dict(payload or {})
        self._access_token = access_token

    def add_to_payload(self, key: str, value: Any) -> ArgoEvent:
        """Add a field, as text; one of that name is replaced."""
        self._payload[key] = str(value)
        return self

    def safe_publish(self, payload: Mapping[str, Any] | None = None, ignore_errors: bool = True) -> str | None:
        """Publish where a target runs the step; a local run prints the event, whatever the URL. The event's id, or None."""
        return self._publish(payload, ignore_errors, is_only_told=_is_local())

    def publish(
        self, payload: Mapping[str, Any] | None = None, force: bool = True, ignore_errors: bool = True
    ) -> str | None:
        """Publish, with more fields; its id, or None where that failed and `ignore_errors` holds. Raises ArgoEventException."""
        is_only_told = _is_local() and not (force and self._webhook())
        return self._publish(payload, ignore_errors, is_only_told)

    def _publish(self, payload: Mapping[str, Any] | None, ignore_errors: bool, is_only_told: bool) -> str | None:
        try:
            event = self._event(payload or {})
            body = json.dumps(event).encode()
            if is_only_told:
                told = json.dumps(event["payload"])
                sys.stdout.write(f"event {self._name}, not published by a local run: {told}\n")
                return None
            self._send(body)
        except (OSError, ValueError, TypeError) as error:
            message = f"the event {self._name} could not be published: {error}"
            if not ignore_errors:
                raise ArgoEventException(message) from error
            sys.stderr.write(f"{message}\n")
            return None
        sys.stderr.write(f"event {self._name} published\n")
        return str(event["payload"]["id"])

    def _event(self, more: Mapping[str, Any]) -> dict[str, Any]:
        """What the webhook gets: the trigger of a flow finds the name and its parameters in `payload`."""
        now = time.time()
        facts = {
            "name": self._name,
            "id": str(uuid.uuid4()),
            "timestamp": int(now),
            "utc_date": time.strftime("%Y%m%d", time.gmtime(now)),
            "generated-by-metaflow": True,
        }
        return {"name": self._name, "payload": {**facts, **self._payload, **more}}

    def _webhook(self) -> str | None:
        return self._url or os.environ.get(_URL)

    def _send(self, body: bytes) -> None:
        """POST it; where nobody answers, again after a pause. Raises OSError and ValueError."""
        url = self._webhook()
        if not url:
            raise ValueError(f"no webhook is known: give `url`, or set {_URL}")
        headers = {"Content-Type": "application/json"}
        if self._access_token:
            headers["Authorization"] = f"Bearer {self._access_token}"
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is no URL of a webhook")
        for attempt in range(_ATTEMPTS):
            try:
                with urlopen(Request(url, body, headers, method="POST"), timeout=_SECONDS):
                    return
            except HTTPError:
                raise
            except URLError:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(2**attempt)


def _is_local() -> bool:
    """Whether a local run or nothing of flowc runs this; an exit hook of a local run knows its folder, one of a target only its flow."""
    from flowc.language.current import current

    if current.is_running_flow:
        return str(current.run_id).startswith("local-")
    return "FLOWC_FLOW" not in os.environ or "FLOWC_ROOT" in os.environ
