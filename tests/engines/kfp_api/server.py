"""The server: requests of HTTP over a world, in the words of the published API."""

from __future__ import annotations

import email
import email.policy
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from tests.engines.kfp_api.table import OPERATIONS, PREFIX, NotInTheApi, check, operation
from tests.engines.kfp_api.world import TOKEN, ApiFault, Tree, World, absent, newest_first
from tests.stages import http_handler

Asked = Callable[[World, Mapping[str, str], Mapping[str, str], Any], Any]
"""What is answered: a world, what stands in the path, the query and the body."""


class Handler(http_handler.Handler):
    """One request."""

    world: ClassVar[World]

    def _do(self) -> None:
        parts = urlsplit(self.path)
        self.world.asked.append(f"{self.command} {unquote(parts.path)}")
        query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if self.headers.get("authorization") != f"Bearer {TOKEN}":
                raise ApiFault(401, 16, "Unauthenticated: Request header error: there is no user identity header")
            body, given = self._body(data)
            pattern, names = operation(self.command, unquote(parts.path), query, body)
            with self.world.lock:
                found = _ANSWERS[pattern](self.world, names, query, given if given is not None else body)
            if not isinstance(found, bytes):
                if OPERATIONS[pattern].answer:
                    check(OPERATIONS[pattern].answer, found)
                found = json.dumps(found).encode()
            self._send(200, found)
        except ApiFault as error:
            told = {"error": str(error), "code": error.code, "message": str(error), "details": []}
            self._send(error.status, json.dumps(told).encode())
        except NotInTheApi as error:
            self.world.asked.append(f"refused: {error}")
            told = {"code": 12, "message": f"not in the API: {error}", "details": []}
            self._send(501, json.dumps(told).encode())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do

    def _body(self, data: bytes) -> tuple[Any, Any]:
        """The JSON of a request, or the text of the file in its form."""
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/form-data"):
            return (json.loads(data) if data else None), None
        whole = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + data, policy=email.policy.HTTP)
        (part,) = whole.iter_parts()
        if part.get_param("name", header="content-disposition") != "uploadfile":
            raise ApiFault(400, 3, "Failed to read pipeline from file")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        return None, content.decode()

    def _send(self, status: int, data: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _page(key: str, found: list[Tree], query: Mapping[str, str]) -> Tree:
    """A part of a list, and where the next begins."""
    size, begin = int(query.get("page_size") or 20), int(query.get("page_token") or 0)
    rest = {"next_page_token": str(begin + size)} if begin + size < len(found) else {}
    return {key: found[begin : begin + size], "total_size": len(found), **rest}


def _filtered(found: list[Tree], query: Mapping[str, str], *keys: str) -> list[Tree]:
    """What a filter leaves, of those that are known here: one text that equals."""
    if query.get("sort_by") not in (None, "created_at desc"):
        raise NotInTheApi(f"sort_by {query['sort_by']!r}")
    for predicate in json.loads(query["filter"])["predicates"] if query.get("filter") else ():
        if set(predicate) != {"operation", "key", "string_value"} or predicate["operation"] != "EQUALS":
            raise NotInTheApi(f"the predicate {predicate}")
        if predicate["key"] not in keys:
            raise ApiFault(400, 3, f"Invalid input error: no such field: {predicate['key']}")
        found = [each for each in found if each.get(predicate["key"]) == predicate["string_value"]]
    return found


def _in(namespace: str, found: Iterator[Tree]) -> list[Tree]:
    return newest_first(each for each in found if each.get("namespace", "") == namespace)


def _named(world: World, names: Mapping[str, str], query: Mapping[str, str], _: Any) -> Tree:
    found = _in(query.get("namespace", ""), iter(world.pipelines.values()))
    there = next((each for each in found if each["name"] == names["name"]), None)
    if there is None:
        raise absent(f"Pipeline {names['name']}")
    return there


def _of(world: World, kind: str, key: str) -> Any:
    there = getattr(world, kind).get(key)
    if there is None:
        raise absent(f"{kind} {key}")
    return there


def _version(world: World, names: Mapping[str, str]) -> Tree:
    found: Tree = _of(world, "versions", names["pipeline_version_id"])
    if found["pipeline_id"] != names["pipeline_id"]:
        raise absent(f"PipelineVersion {names['pipeline_version_id']}")
    return found


def _versions(world: World, names: Mapping[str, str], query: Mapping[str, str], _: Any) -> Tree:
    pipeline = _of(world, "pipelines", names["pipeline_id"])["pipeline_id"]
    found = [each for each in world.versions.values() if each["pipeline_id"] == pipeline]
    return _page("pipeline_versions", _filtered(newest_first(iter(found)), query, "name"), query)


def _pipelines(world: World, _: Any, query: Mapping[str, str], __: Any) -> Tree:
    found = _filtered(_in(query.get("namespace", ""), iter(world.pipelines.values())), query, "name", "display_name")
    return _page("pipelines", found, query)


def _experiments(world: World, _: Any, query: Mapping[str, str], __: Any) -> Tree:
    found = _filtered(_in(query.get("namespace", ""), iter(world.experiments.values())), query, "display_name")
    return _page("experiments", found, query)


def _runs(world: World, _: Any, query: Mapping[str, str], __: Any) -> Tree:
    mine = [each for each in world.experiments.values() if each["namespace"] == query.get("namespace", "")]
    ids = {each["experiment_id"] for each in mine}
    found = [run.tree for run in world.runs.values() if run.tree["experiment_id"] in ids]
    return _page("runs", _filtered(newest_first(iter(found)), query, "display_name", "state"), query)


def _done(_: object) -> Tree:
    return {}


_ANSWERS: Mapping[str, Asked] = {
    f"GET {PREFIX}/healthz": lambda world, *_: {"multi_user": world.multi_user},
    f"GET {PREFIX}/pipelines": _pipelines,
    f"GET {PREFIX}/pipelines/names/{{name}}": _named,
    f"GET {PREFIX}/pipelines/{{pipeline_id}}": lambda world, names, *_: _of(world, "pipelines", names["pipeline_id"]),
    f"DELETE {PREFIX}/pipelines/{{pipeline_id}}": lambda world, names, *_: _done(
        world.delete_pipeline(names["pipeline_id"])
    ),
    f"POST {PREFIX}/pipelines/upload": lambda world, _, query, text: world.upload(
        query["name"], query.get("namespace", ""), query.get("description", ""), text
    ),
    f"POST {PREFIX}/pipelines/upload_version": lambda world, _, query, text: world.upload_version(
        query["pipelineid"], query["name"], query.get("description", ""), text
    ),
    f"GET {PREFIX}/pipelines/{{pipeline_id}}/versions": _versions,
    f"GET {PREFIX}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}": lambda world, names, *_: _version(
        world, names
    ),
    f"DELETE {PREFIX}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}": lambda world, names, *_: _done(
        world.versions.pop(_version(world, names)["pipeline_version_id"])
    ),
    f"GET {PREFIX}/experiments": _experiments,
    f"POST {PREFIX}/experiments": lambda world, _, __, body: world.experiment(
        body["display_name"], body.get("namespace", "")
    ),
    f"GET {PREFIX}/runs": _runs,
    f"POST {PREFIX}/runs": lambda world, _, __, body: world.create_run(body),
    f"GET {PREFIX}/runs/{{run_id}}": lambda world, names, *_: _of(world, "runs", names["run_id"]).tree,
    "GET /apis/v1beta1/runs/{run_id}": lambda world, names, *_: world.workflow(_of(world, "runs", names["run_id"])),
    f"POST {PREFIX}/runs/{{run_id}}:terminate": lambda world, names, *_: _done(
        world.terminate(_of(world, "runs", names["run_id"]))
    ),
    f"POST {PREFIX}/runs/{{run_id}}:retry": lambda world, names, *_: _done(
        world.retry(_of(world, "runs", names["run_id"]))
    ),
    "GET /apis/v1alpha1/runs/{run_id}/nodes/{node_id}/log": lambda world, names, *_: world.log(
        _of(world, "runs", names["run_id"]), names["node_id"]
    ),
}
assert set(_ANSWERS) == set(OPERATIONS)


@contextmanager
def served(world: World) -> Iterator[str]:
    """The server at a free port of 127.0.0.1: its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"world": world}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        world.close()
