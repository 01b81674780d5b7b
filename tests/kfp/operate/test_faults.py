"""What networks, proxies and overloaded servers do: each is one line that says what to do, and holds no token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flowc_kfp import BACKEND

from compiler.backends.operating import Connection, Engine, EngineError, NotThereError, RefusedError, Start
from compiler.mistakes import CallError
from compiler.slotted_class import replaced
from tests.engines.faults import HTML, Answer, Cut, Drop, Fault, Faulty, Slow, faulty
from tests.engines.kfp_api.world import TOKEN
from tests.kfp.operate.stage import PLAIN, Server
from tests.stages.operated import written


@pytest.fixture
def behind(server: Server) -> Iterator[tuple[Server, Faulty]]:
    """A server that is reached through a proxy which can be told what to do."""
    old = server.connection
    with faulty(old.variables["KF_PIPELINES_ENDPOINT"]) as proxy:
        server.connection = replaced(old, variables={**old.variables, "KF_PIPELINES_ENDPOINT": proxy.url}, timeout=1.0)
        yield server, proxy


FAULTS: dict[str, tuple[Fault, type[CallError], str]] = {
    "401": (
        Answer(401, b'{"message": "no identity"}'),
        EngineError,
        "does not know who asks.*no identity.*KF_PIPELINES_TOKEN",
    ),
    "403": (Answer(403, b'{"message": "robot cannot"}'), EngineError, "does not permit.*robot cannot.*namespace"),
    "404": (Answer(404, b'{"message": "no such"}'), NotThereError, "flowc kfp list"),
    "400": (Answer(400, b'{"message": "wrong\\n\\u001b[2Jword"}'), RefusedError, "wrong"),
    "429 for long": (Answer(429, b"{}", {"Retry-After": "600"}), EngineError, "too busy or broken .429."),
    "500": (Answer(500, b'{"message": "InternalServerError"}'), EngineError, "InternalServerError"),
    "503 always": (Answer(503, b"<html>busy</html>"), EngineError, "too busy or broken .503."),
    "a page": (HTML, EngineError, "is not JSON"),
    "a redirect": (Answer(302, b"", {"Location": "https://login.example.com"}), EngineError, "another address .302."),
    "cut": (Cut(), EngineError, "broke its answer off|is not JSON"),
    "dropped": (Drop(), EngineError, "broke its answer off"),
    "slow": (Slow(3.0), EngineError, "does not answer within 1 s"),
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr("flowc_kfp.operate.api.PAUSES", (0.0,))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_line_that_says_what_to_do(behind: tuple[Server, Faulty], name: str) -> None:
    server, proxy = behind
    fault, kind, said = FAULTS[name]
    proxy.when("GET", fault)
    with pytest.raises(kind, match=said) as found:
        server.engine.deployment("plain-flow")
    told = str(found.value)
    assert told.isprintable(), told
    assert TOKEN not in repr(found.value) + told + server.engine.where


@pytest.mark.parametrize("fault", [Answer(503), Answer(429, b"{}", {"Retry-After": "0"}), Cut(), Drop()])
def test_a_read_is_tried_again(behind: tuple[Server, Faulty], fault: Fault) -> None:
    server, proxy = behind
    proxy.when("GET", fault, times=1)
    assert list(server.engine.deployments()) == []


def test_what_is_asked_for_is_done_once_though_the_answer_is_lost(
    behind: tuple[Server, Faulty], tmp_path: Path
) -> None:
    server, proxy = behind
    proxy.when("POST", Drop(is_asked=True), times=1)
    name = server.deploy(written(tmp_path, PLAIN, "PlainFlow"))
    later = server.release(written(tmp_path, PLAIN.replace('"a"', '"b"'), "PlainFlow"))
    proxy.when("POST", Drop(is_asked=True), times=1)
    server.engine.deploy(later, server.said.append)
    assert len(server.world.versions) == 2
    server.engine.trigger(name, Start("none"))
    proxy.when("POST /apis/v2beta1/runs", Drop(is_asked=True), times=1)
    run = server.engine.trigger(name, Start("one"))
    assert (run.own, len(server.world.runs)) == ("plain-flow-one", 2)
    assert server.over(run.run).phase == "succeeded"
    proxy.when("POST", Drop(), times=1)
    with pytest.raises(EngineError, match="broke its answer off"):
        server.engine.trigger(name, Start("two"))
    assert len(server.world.runs) == 2


def test_a_list_that_does_not_end_is_told(behind: tuple[Server, Faulty]) -> None:
    server, proxy = behind
    proxy.when("GET", Answer(200, b'{"next_page_token": "100"}'))
    with pytest.raises(EngineError, match="the same page again and again"):
        list(server.engine.deployments())


def test_nobody_listens_there() -> None:
    engine = BACKEND.connect(Connection({"host": "http://127.0.0.1:9"}, {"KF_PIPELINES_TOKEN": TOKEN}, timeout=1.0))
    with pytest.raises(EngineError, match="cannot be reached") as found:
        engine.deployment("x")
    assert TOKEN not in str(found.value)
    assert [(each.subject, each.is_well) for each in engine.diagnose()] == [("reachable", False)]


def test_the_doctor_tells_what_it_finds(behind: tuple[Server, Faulty]) -> None:
    server, proxy = behind
    proxy.when("/pipelines", Answer(403, b'{"message": "robot cannot"}'))
    told = {each.subject: each for each in server.engine.diagnose()}
    assert (told["reachable"].is_well, told["clock"].is_well, told["namespace"].is_well) == (True, True, True)
    assert told["right to list"].is_well is False
    assert "robot cannot" in told["right to list"].told


def test_a_proxy_leads_to_the_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the variables that everybody reads; nobody else here knows the server's name."""
    there = {**server.connection.variables, "KF_PIPELINES_ENDPOINT": "http://kfp.example.com/pipeline"}
    far = replaced(server.connection, variables=there, timeout=1.0)
    asked = server.connection.variables["KF_PIPELINES_ENDPOINT"]
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with faulty(asked, "Proxy-Authorization") as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", "://ann:s%2Fecret@"))
        assert list(BACKEND.connect(server.connection).deployments()) == [], "a server on this machine needs none"
        assert proxy.seen == []
        proxy.when("GET http://kfp.example.com/pipeline/", Answer(200, b"{}"))
        engine = BACKEND.connect(far)
        assert list(engine.deployments()) == []
        assert proxy.seen
        assert all(each.endswith(" Basic YW5uOnMvZWNyZXQ=") for each in proxy.seen)
        assert "ecret" not in engine.where
        proxy.clear()
        monkeypatch.setenv("NO_PROXY", "other.org,.example.com")
        with pytest.raises(EngineError, match="cannot be reached"):
            list(BACKEND.connect(far).deployments())
        assert proxy.seen == []
        monkeypatch.delenv("NO_PROXY")
    with pytest.raises(
        EngineError, match=f"cannot be reached.*through the proxy {proxy.url}; look at HTTPS_PROXY"
    ) as found:
        list(BACKEND.connect(far).deployments())
    assert "ecret" not in str(found.value)
    monkeypatch.setenv("HTTP_PROXY", "ftp://x")
    with pytest.raises(CallError, match="HTTP_PROXY must be http://host:port"):
        BACKEND.connect(far)


def _engine(variables: dict[str, str], **options: str) -> Callable[[], Engine]:
    return lambda: BACKEND.connect(Connection(options, variables))


def test_where_it_is_comes_from_where_kubeflow_has_it(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    known = {"KF_PIPELINES_ENDPOINT": "kfp.example.com/pipeline/"}
    assert _engine(known)().where == "Kubeflow Pipelines at https://kfp.example.com/pipeline"
    assert _engine(known, host="http://localhost:8888")().where.endswith("http://localhost:8888")
    paged = _engine({**known, "KF_PIPELINES_UI_ENDPOINT": "https://kfp.example.com/_/pipeline"})()
    assert paged.page("kfp-1") == "https://kfp.example.com/_/pipeline/#/runs/details/1"
    assert TOKEN not in repr(_engine({**known, "KF_PIPELINES_SA_TOKEN_PATH": str(token)})())
    for wrong, said in (
        (_engine({}), "set KF_PIPELINES_ENDPOINT"),
        (_engine({}, host="https://user:pw@kfp"), "without"),
        (_engine({}, host="ftp://kfp"), "must be http"),
        (_engine({**known, "KF_PIPELINES_SA_TOKEN_PATH": "/nowhere"}), "cannot be read: /nowhere"),
        (_engine({**known, "KF_PIPELINES_TOKEN": "a\nb"}), "KF_PIPELINES_TOKEN holds characters"),
        (_engine(known, ca="/nowhere"), "there is no file /nowhere"),
    ):
        with pytest.raises(CallError, match=said) as found:
            wrong()
        assert "pw" not in str(found.value)


def test_a_client_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "kfp_server_api", None)
    with pytest.raises(EngineError, match=r"pip install 'flowc-kfp\[operate\]'"):
        _engine({"KF_PIPELINES_ENDPOINT": "kfp"})()
