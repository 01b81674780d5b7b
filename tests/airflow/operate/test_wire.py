"""Every way in which Airflow, a proxy or the network can fail is one line that says what to do, and tells no secret."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from compiler.backends.airflow import BACKEND
from compiler.backends.airflow.operate.api import wire
from compiler.backends.operating import Connection, Engine, EngineError, EngineTask, NotThereError, RefusedError, Start
from compiler.mistakes import CallError
from tests.engines.faults import HTML, Answer, Drop, Fault, Faulty, Slow, faulty

CANARY = "canary-51c0"
DAG = {
    "dag_id": "Flow",
    "is_paused": False,
    "is_stale": False,
    "tags": [{"name": "flowc"}],
    "params": {},
    "is_active": True,
}
RUN = {"dag_id": "Flow", "dag_run_id": "flowc__one", "state": "running"}
TASK = {"task_id": "start", "map_index": -1, "state": "success", "try_number": 1}


def answer(value: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


@pytest.fixture(params=[2, 3])
def airflow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    """A stand-in of either version with one DAG, one run and one task: what it is not told to answer, it drops."""
    monkeypatch.setattr(wire, "PAUSES", (0.01, 0.02, 0.03))
    with faulty("http://127.0.0.1:9") as server:
        api = "/api/v2" if request.param == 3 else "/api/v1"
        server.when("GET /api/v2/version", answer({"detail": "Not Found"}, 404))
        server.when(f"GET {api}/version", answer({"version": {2: "2.11.2", 3: "3.3.2"}[request.param]}))
        server.when(f"GET {api}/dags/Flow", answer(DAG))
        server.when(f"GET {api}/dags/Flow/dagRuns/flowc__one", answer(RUN))
        server.when("/taskInstances/start", answer(TASK))
        yield server


def engine(url: str, *, timeout: float = 5, **options: str) -> Engine:
    return BACKEND.connect(Connection({"url": url, **options}, {"AIRFLOW_API_TOKEN": CANARY}, timeout=timeout))


Verb = Callable[[Engine], object]
READ: Verb = lambda asked: asked.run("airflow-Flow-flowc__one")  # noqa: E731 - a row of tables
LIST: Verb = lambda asked: list(asked.deployments())  # noqa: E731
LOG: Verb = lambda asked: asked.log("airflow-Flow-flowc__one", EngineTask("start", "-", "succeeded", "start", 0))  # noqa: E731
PAUSE: Verb = lambda asked: asked.suspend("Flow")  # noqa: E731
START: Verb = lambda asked: asked.trigger("Flow", Start("one"))  # noqa: E731
END: Verb = lambda asked: asked.terminate("airflow-Flow-flowc__one")  # noqa: E731
VERBS: dict[str, tuple[Verb, str]] = {
    "run": (READ, "/taskInstances?"),
    "list": (LIST, "/dags?"),
    "log": (LOG, "/logs/"),
    "suspend": (PAUSE, "PATCH "),
    "trigger": (START, "POST "),
    "terminate": (END, "PATCH "),
}
ECHO = json.dumps({"detail": f"no, not with\n{CANARY}"}).encode()
FAULTS: list[tuple[str, Fault, type[CallError], str]] = [
    ("401", Answer(401, ECHO), EngineError, "does not know who asks: set AIRFLOW_API_TOKEN"),
    ("403", Answer(403, ECHO), EngineError, "does not permit this user to"),
    ("407", Answer(407, b"<html>"), EngineError, "a proxy before .* wants to know who asks"),
    ("429", Answer(429, ECHO), EngineError, r"is asked too often \(status 429\): try again later"),
    ("500", Answer(500, ECHO), EngineError, r"failed to .* \(status 500\): look into its log"),
    ("502", Answer(502, b"<html>bad gateway"), EngineError, r"\(status 502\)"),
    ("503", Answer(503, b""), EngineError, r"\(status 503\)"),
    ("302", Answer(302, b"", {"Location": "https://login.example.com"}), EngineError, "leads to another address"),
    ("html", HTML, EngineError, "is `url` its address, and not that of a proxy, a login page"),
    ("html404", Answer(404, b"<html>"), EngineError, "is `url` its address"),
    ("drop", Drop(), EngineError, "broke its answer off in the middle"),
]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("fault", "kind", "says"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_failure_is_one_line_that_says_what_to_do(
    airflow: Faulty, verb: str, fault: Fault, kind: type[CallError], says: str
) -> None:
    call, request = VERBS[verb]
    airflow.when(request, fault)
    asked = engine(airflow.url)
    with pytest.raises(kind, match=says) as refused:
        call(asked)
    assert type(refused.value).code == 5
    assert CANARY not in repr(refused.value) + repr(asked)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("verb", ["suspend", "trigger", "terminate"])
@pytest.mark.parametrize("status", [400, 409, 422])
def test_what_airflow_takes_for_wrong_is_a_mistake_of_the_call(airflow: Faulty, verb: str, status: int) -> None:
    call, request = VERBS[verb]
    airflow.when(
        request, Answer(status, json.dumps({"detail": [{"loc": ["body", "conf"], "msg": f"no {CANARY}"}]}).encode())
    )
    if verb == "trigger":
        airflow.when("GET /api/v2/dags/Flow/dagRuns/flowc__one", answer({"detail": "no such run"}, 404))
        airflow.when("GET /api/v1/dags/Flow/dagRuns/flowc__one", answer({"detail": "no such run"}, 404))
    with pytest.raises(RefusedError, match=r"body\.conf: no …") as refused:
        call(engine(airflow.url))
    assert CANARY not in str(refused.value)


def test_what_is_not_there_says_so(airflow: Faulty) -> None:
    for path in ("dags/Flow/dagRuns/flowc__one", "dags/Flow"):
        airflow.when(path, answer({"detail": "not found"}, 404))
        with pytest.raises(NotThereError, match="has no run airflow-Flow-flowc__one"):
            READ(engine(airflow.url))


@pytest.mark.parametrize(
    ("fault", "verb"), [(fault, verb) for fault in (Drop(), Answer(503), Answer(429)) for verb in VERBS]
)
def test_reads_and_changes_that_do_no_harm_are_tried_again(airflow: Faulty, fault: Fault, verb: str) -> None:
    call, request = VERBS[verb]
    good = {"list": {"dags": [], "total_entries": 0}, "run": {"task_instances": [], "total_entries": 0}}
    airflow.when("health", answer({}))
    airflow.when(request, answer(good.get(verb, RUN)))
    airflow.when(request, fault, times=2)
    call(engine(airflow.url))
    assert sum(request in seen for seen in airflow.seen) in (3, 4)  # ending a run is two requests on Airflow 2


def test_what_clears_tasks_is_asked_once(airflow: Faulty) -> None:
    """A second one would start anew what the first has started."""
    airflow.when("dagRuns/flowc__one", answer({**RUN, "state": "failed"}))
    airflow.when("/taskInstances", answer({"task_instances": [{**TASK, "state": "failed"}], "total_entries": 1}))
    airflow.when("dagSources", answer({"content": ""}))
    airflow.when("clearTaskInstances", Drop())
    with pytest.raises(EngineError, match="broke its answer off"):
        engine(airflow.url).retry("airflow-Flow-flowc__one", None)
    assert sum("clearTaskInstances" in seen for seen in airflow.seen) == 1


def test_a_lost_answer_to_a_clear_that_was_done_is_a_success(airflow: Faulty) -> None:
    airflow.when("dagRuns/flowc__one", answer(RUN))
    airflow.when("dagRuns/flowc__one", answer({**RUN, "state": "failed"}), times=1)
    airflow.when("/taskInstances", answer({"task_instances": [{**TASK, "state": "failed"}], "total_entries": 1}))
    airflow.when("dagSources", answer({"content": ""}))
    airflow.when("clearTaskInstances", Drop())
    assert engine(airflow.url).retry("airflow-Flow-flowc__one", None).phase == "running"


def test_a_server_that_says_how_long_is_waited_for(airflow: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(wire.time, "sleep", waited.append)
    airflow.when("/dags?", answer({"dags": [], "total_entries": 0}))
    airflow.when("/dags?", Answer(429, b"{}", {"Retry-After": "7"}), times=1)
    airflow.when("/dags?", Answer(503, b"{}", {"Retry-After": "86400"}), times=1)
    LIST(engine(airflow.url))
    assert waited == [wire.MOST_PAUSE, 7.0]


def test_a_slow_server_is_waited_for_no_longer_than_is_said(airflow: Faulty) -> None:
    airflow.when("/dags?", Slow(3))
    with pytest.raises(EngineError, match=r"did not answer within 0\.3 s"):
        LIST(engine(airflow.url, timeout=0.3))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:{port}", "takes no connection: is it up"),
        ("http://no-such-host.invalid", "cannot be found: no host has that name"),
    ],
)
def test_a_server_that_is_not_there(url: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PAUSES", (0.01,))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(EngineError, match=says):
        LIST(engine(url.format(port=port)))


def test_a_server_that_is_another() -> None:
    with faulty("http://127.0.0.1:9") as server:
        server.when("GET", HTML)
        with pytest.raises(EngineError, match="there is no API of Airflow below"):
            LIST(engine(server.url))
        server.when("GET", answer({"version": "2.7.3"}))
        server.when("/api/v2/", answer({}, 404))
        with pytest.raises(EngineError, match=r"is 2\.7\.3, and flowc works with 2\.11 and newer"):
            LIST(engine(server.url))


def test_a_certificate_that_nobody_knows_is_refused_and_taken_with_ca(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "PAUSES", (0.01,))
    with _https(tmp_path) as url:
        with pytest.raises(
            EngineError, match="its certificate is none that is known here; name the authority's file by `ca`"
        ):
            LIST(engine(url))
        assert LIST(engine(url, ca=str(tmp_path / "cert.pem"))) == []


class _Https:
    """A server of https with a certificate of its own that has an Airflow without DAGs."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.datetime.now(datetime.UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(7).not_valid_before(now - datetime.timedelta(days=1))
        made = made.not_valid_after(now + datetime.timedelta(days=1))
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "cert.pem").write_bytes(pem)
        (folder / "key.pem").write_bytes(private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Empty)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return f"https://localhost:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


_https = _Https


class _Empty(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing is told."""

    def do_GET(self) -> None:
        body = b'{"version": "3.3.2"}' if "version" in self.path else b'{"dags": [], "total_entries": 0}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
