"""`ArgoEvent` posts what a webhook of Argo Events takes, and a local run prints it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from flowc import ArgoEvent, namespaced_event_name
from flowc.client.argo_event import ArgoEventException
from flowc.language import current


class Webhook(HTTPServer):
    """A server that keeps what it gets, and answers with `status`."""

    status = 200
    got: list[tuple[dict[str, str], Any]]


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A server on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.got.append((dict(self.headers), json.loads(body)))
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = Webhook(("127.0.0.1", 0), Handler)
    server.got = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _url(webhook: Webhook) -> str:
    return f"http://127.0.0.1:{webhook.server_port}/event"


def _in_run(run: str) -> None:
    current.enter({"run_id": run, "flow_name": "F"}, "", "F", {})


@pytest.fixture(autouse=True)
def _outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("METAFLOW_ARGO_EVENTS_WEBHOOK_URL", "FLOWC_FLOW", "FLOWC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    yield
    current.leave()


@pytest.mark.language("event.publish")
def test_the_webhook_gets_the_name_and_the_fields(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the Sensor of a deployed flow asks for them: `body.payload.name` and fields beside it."""
    monkeypatch.setenv("METAFLOW_ARGO_EVENTS_WEBHOOK_URL", _url(webhook))
    _in_run("argo-ns-f-1")
    event = ArgoEvent(namespaced_event_name("data"), payload={"rows": 3}, access_token="t").add_to_payload("day", 7)
    found = event.safe_publish({"more": [1]})
    ((headers, body),) = webhook.got
    assert headers["Authorization"] == "Bearer t"
    assert headers["Content-Type"] == "application/json"
    assert body["name"] == body["payload"]["name"] == "mfns.data"
    assert body["payload"]["id"] == found
    assert {name: body["payload"][name] for name in ("rows", "day", "more")} == {"rows": 3, "day": "7", "more": [1]}
    assert isinstance(body["payload"]["timestamp"], int)


@pytest.mark.parametrize("run", ["local-1", ""])
def test_a_local_run_prints_the_event(run: str, webhook: Webhook, capsys: pytest.CaptureFixture[str]) -> None:
    if run:
        _in_run(run)
    assert ArgoEvent("data", payload={"rows": 3}).publish() is None
    assert ArgoEvent("data", url=_url(webhook)).safe_publish() is None
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["event data, not published by a local run"] * 2
    assert json.loads(lines[0].partition(": ")[2])["rows"] == 3
    assert webhook.got == []


@pytest.mark.parametrize("root", ["", "/code"])
def test_an_exit_hook_publishes_behind_a_run_of_a_target(
    root: str, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWC_FLOW", "f.py:F")
    if root:
        monkeypatch.setenv("FLOWC_ROOT", root)
    assert (ArgoEvent("data", url=_url(webhook)).safe_publish() is None) == bool(root)


def test_a_local_run_publishes_where_that_is_said(webhook: Webhook) -> None:
    _in_run("local-1")
    assert ArgoEvent("data", url=_url(webhook)).publish()
    assert len(webhook.got) == 1


@pytest.mark.parametrize("kind", ["refused", "no URL", "a file", "no JSON"])
def test_what_fails_is_told_or_raised(kind: str, webhook: Webhook, capsys: pytest.CaptureFixture[str]) -> None:
    webhook.status = 500
    _in_run("argo-ns-f-1")
    url = {"refused": _url(webhook), "no JSON": _url(webhook), "a file": "file:///etc/hostname"}.get(kind)
    event = ArgoEvent("data", url=url, payload={"x": object()} if kind == "no JSON" else None)
    assert event.publish() is None
    assert capsys.readouterr().err.startswith("the event data could not be published: ")
    with pytest.raises(ArgoEventException, match="could not be published"):
        event.publish(ignore_errors=False)


def test_the_name_is_text() -> None:
    with pytest.raises(ArgoEventException, match="not int"):
        ArgoEvent(lambda: 3)  # type: ignore[arg-type,return-value]  # what it is for
