"""A definition through Maestro's own SDK: its YAML is the definition, and its client sends the parameters of a run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from flowc_maestro import BACKEND
from flowc_maestro.sel import text_param
from maestro import Job, MaestroClient, Workflow  # type: ignore[import-untyped]  # it has no types

from compiler.backends import Options
from tests.engines.compiling import compiled
from tests.engines.maestro_reader import check_param
from tests.maestro.stage import TEXTS, case, flow_text


class _Server(HTTPServer):
    bodies: list[tuple[str, str, bytes]]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append((self.path, self.headers["Content-Type"], body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    do_PUT = do_POST

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def server() -> Iterator[_Server]:
    """What a client of Maestro's sends, kept."""
    found = _Server(("127.0.0.1", 0), _Handler)
    found.bodies = []
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def _definition(folder: Path) -> str:
    parameters = "\n    ".join(f"p{at} = Parameter('p{at}', default={text!r})" for at, text in enumerate(TEXTS))
    _, files = compiled(case(folder, flow_text("@retry", parameters=parameters)), BACKEND, Options(default_image="f:0"))
    return files[0].text


def test_the_client_takes_the_definition_for_yaml_and_sends_its_bytes(server: _Server, tmp_path: Path) -> None:
    path = tmp_path / "F.maestro.json"
    path.write_text(_definition(tmp_path), encoding="utf-8")
    client = MaestroClient(f"http://127.0.0.1:{server.server_port}", "me")
    assert client.push(path) == {}
    ((_, kind, body),) = server.bodies
    assert (kind, body) == ("application/yaml", path.read_bytes())
    assert yaml.safe_load(body) == json.loads(body)


def test_its_builder_writes_yaml_that_holds_each_step_as_it_was(tmp_path: Path) -> None:
    workflow = json.loads(_definition(tmp_path))["workflow"]
    built = Workflow(id=workflow["id"]).description(workflow["description"])
    for name, param in workflow["params"].items():
        built.param(f"x_{name}", param)
    for wrapped in workflow["steps"]:
        job = Job(id=wrapped["step"]["id"], type="Kubernetes")
        for name, param in wrapped["step"]["params"].items():
            job.param(name, param)
        built.job(job)
    read = yaml.safe_load(built.to_yaml())["Workflow"]
    assert {name: read[f"x_{name}"] for name in workflow["params"]} == workflow["params"]
    for job, wrapped in zip(read["jobs"], workflow["steps"], strict=True):
        step = wrapped["step"]
        assert {name: job["job"][name] for name in step["params"]} == step["params"]


def test_its_client_starts_a_run_with_anytext(server: _Server) -> None:
    client = MaestroClient(f"http://127.0.0.1:{server.server_port}", "me")
    value = {f"p{at}": text_param(text) for at, text in enumerate(TEXTS)}
    client.start("F", "active", run_params={"parameters": {"type": "MAP", "value": value}})
    ((path, _, body),) = server.bodies
    assert path.endswith("/F/versions/active/actions/start")
    sent = json.loads(body)["run_params"]
    assert sent["parameters"]["value"] == value
    for name, param in sent.items():
        check_param(name, param)
