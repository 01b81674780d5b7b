"""What networks, proxies and overloaded servers do: each is one line that says what to do, and holds no password."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compiler.backends.argo import BACKEND
from compiler.backends.operating import Connection, Engine, EngineError, NotThereError, RefusedError, Start
from compiler.mistakes import CallError
from compiler.slotted_class import replaced
from tests.engines.argo_api.world import TOKEN, kubeconfig
from tests.engines.argo_place import Place
from tests.engines.faults import HTML, Answer, Cut, Drop, Fault, Faulty, Slow, faulty
from tests.stages.operated import written

FLOW = """
from flowc import FlowSpec, step

class PlainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def behind(stand_in: Place, tmp_path: Path) -> Iterator[tuple[Place, Faulty]]:
    """A place whose server is reached through a proxy that can be told what to do."""
    old = stand_in.connection
    if stand_in.way == "kubernetes":
        config = Path(old.variables["KUBECONFIG"])
        url = config.read_text().partition('name: here, cluster: {server: "')[2].partition('"')[0]
    else:
        url = f"http://{old.variables['ARGO_SERVER']}"
    with faulty(url) as proxy:
        if stand_in.way == "kubernetes":
            config.write_text(kubeconfig(proxy.url, "flows"))
            stand_in.connection = replaced(old, timeout=2.0)
        else:
            variables = {**old.variables, "ARGO_SERVER": proxy.url.removeprefix("http://")}
            stand_in.connection = replaced(old, variables=variables, timeout=2.0)
        yield stand_in, proxy


FAULTS: dict[str, tuple[Fault, type[CallError], str]] = {
    "401": (Answer(401, b'{"message": "Unauthorized"}'), EngineError, "set ARGO_TOKEN"),
    "403": (
        Answer(403, b'{"message": "robot cannot"}'),
        EngineError,
        "robot cannot; is `namespace` of .* the right one",
    ),
    "404": (Answer(404, b'{"message": "no such"}'), NotThereError, "flowc argo list"),
    "422": (Answer(422, b'{"message": "wrong"}'), RefusedError, "wrong; correct it"),
    "429 for long": (Answer(429, b"{}", {"Retry-After": "600"}), EngineError, "a pause of 600 s"),
    "503 always": (Answer(503, b"<html>busy</html>"), EngineError, "too busy or broken (503); try again later"),
    "a page": (HTML, EngineError, "is not JSON"),
    "a redirect": (Answer(302, b"", {"Location": "https://login.example.com"}), EngineError, "proxies"),
    "cut": (Cut(), EngineError, "broke off|is not JSON"),
    "dropped": (Drop(), EngineError, "broke off"),
    "slow": (Slow(5.0), EngineError, "does not answer in time"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_line_that_says_what_to_do(behind: tuple[Place, Faulty], name: str) -> None:
    place, proxy = behind
    fault, kind, said = FAULTS[name]
    proxy.when("GET", fault)
    with pytest.raises(kind, match=said.replace("(", r"\(").replace(")", r"\)")) as found:
        place.engine.deployment("plain-flow")
    assert "\n" not in str(found.value)
    assert TOKEN not in repr(found.value) + str(found.value) + place.engine.where


@pytest.mark.parametrize("fault", [Answer(503), Answer(429, b"{}", {"Retry-After": "0"}), Cut(), Drop()])
def test_a_read_is_tried_again(behind: tuple[Place, Faulty], fault: Fault) -> None:
    place, proxy = behind
    proxy.when("GET", fault, times=2)
    assert list(place.engine.deployments()) == []


def test_a_run_is_started_once_though_the_answer_is_lost(behind: tuple[Place, Faulty], tmp_path: Path) -> None:
    place, proxy = behind
    name = place.deploy(written(tmp_path, FLOW, "PlainFlow"))
    proxy.when("POST", Drop(is_asked=True), times=1)
    assert place.engine.trigger(name, Start("one")).own == "plain-flow-one"
    assert list(place.stand_in().runs) == ["plain-flow-one"]
    theirs = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "plain-flow-two"},
        "spec": {},
    }
    place.stand_in().store.create("workflows", theirs, "kubectl")
    with pytest.raises(RefusedError, match="none of ours"):
        place.engine.trigger(name, Start("two"))


def test_nobody_listens_there(tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(kubeconfig("http://127.0.0.1:9", "flows"))
    for variables in ({"KUBECONFIG": str(config)}, {"ARGO_SERVER": "127.0.0.1:9", "ARGO_TOKEN": TOKEN}):
        engine = BACKEND.connect(Connection({}, {**variables, "HOME": str(tmp_path)}, timeout=2.0))
        with pytest.raises(EngineError, match="cannot be reached") as found:
            engine.deployment("x")
        assert TOKEN not in str(found.value)
        assert [(each.subject, each.is_well) for each in engine.diagnose()] == [("reachable", False)]


def test_a_server_without_tls_is_told_as_that(server_alone: Place, tmp_path: Path) -> None:
    variables = {key: value for key, value in server_alone.connection.variables.items() if key != "ARGO_SECURE"}
    engine = BACKEND.connect(Connection({}, {**variables, "HOME": str(tmp_path)}, namespace="flows", timeout=5.0))
    with pytest.raises(EngineError, match="speaks no TLS: set ARGO_SECURE=false"):
        engine.deployment("x")


def test_a_right_that_is_missing_is_told_by_the_doctor(stand_in: Place) -> None:
    stand_in.stand_in().denied = {("list", "cronworkflows"), ("create", "workflows"), ("list", "events")}
    told = {each.subject: each for each in stand_in.engine.diagnose()}
    assert told["reachable"].is_well
    assert told["clock"].is_well
    assert told["right to list"].is_well is False
    assert "list cronworkflows" in told["right to list"].told
    assert told["right to trigger, retry"].is_well is (False if stand_in.way == "kubernetes" else None)


def _engine(folder: Path, variables: dict[str, str], **options: str | bool) -> Callable[[], Engine]:
    return lambda: BACKEND.connect(Connection(options, {"HOME": str(folder), **variables}))


def test_where_it_is_comes_from_where_kubectl_and_argo_have_it(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("apiVersion: v1\nkind: Config\ncurrent-context: here\n")
    second.write_text(kubeconfig("http://127.0.0.1:9", "flows"))
    both = {"KUBECONFIG": f"{first}:{tmp_path / 'absent'}:{second}"}
    assert _engine(tmp_path, both)().where == "Argo in the namespace flows of the context here"
    assert _engine(tmp_path, {}, kubeconfig=str(second), context="elsewhere")().where.endswith(
        "default of the context elsewhere"
    )
    server = _engine(tmp_path, {**both, "ARGO_SERVER": "argo:2746", "ARGO_BASE_HREF": "/argo/"}, insecure=True)
    assert (
        server().where
        == "Argo Server https://argo:2746/argo/ in the namespace default, whose certificate is not checked"
    )
    for wrong, said in (
        (_engine(tmp_path, {}), "set KUBECONFIG, or ARGO_SERVER"),
        (_engine(tmp_path, {}, kubeconfig="/nowhere"), "there is no kubeconfig"),
        (_engine(tmp_path, both, context="nowhere"), "no context nowhere: it has elsewhere, here"),
        (_engine(tmp_path, {"ARGO_SERVER": "https://user:pw@argo"}), "without a password"),
    ):
        with pytest.raises(CallError, match=said):
            wrong()
