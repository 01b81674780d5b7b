"""What a server may answer, and what a task then does: it goes on, says so once, and tells no secret."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from flowc.tracking.server import Server, TrackingError

from tests.runtime.tracking.flows import SMALL, written
from tests.runtime.tracking.runs import Ran, ran, settings
from tests.stages.s3_server import Reply, Seen, serve

SECRET = "s3cr3t-t0ken"
RIGHTS = {"MLFLOW_TRACKING_TOKEN": SECRET}


def _json(status: int, told: object) -> Reply:
    return Reply(status, json.dumps(told).encode(), {"content-type": "application/json"})


def _echoing(request: Seen) -> Reply:
    """A server that repeats what it was told, credentials included, with what a terminal would obey."""
    return _json(500, {"error_code": "INTERNAL_ERROR", "message": f"\x1b[31m{request.headers}\r\n" * 9})


PAGE = Reply(200, b"<html>Sign in</html>", {"content-type": "text/html"})
WRONG: Mapping[str, tuple[Callable[[Seen], Reply], str, int]] = {
    "401": (lambda _: Reply(401), "it refused access (status 401): give this container MLFLOW_TRACKING_TOKEN, or", 2),
    "403": (lambda _: _json(403, {"message": "no"}), "it refused access (status 403)", 2),
    "500": (lambda _: _json(500, {"error_code": "X", "message": "oh"}), "it answered with status 500 X: oh", 75),
    "500 that repeats all": (_echoing, "it answered with status 500 INTERNAL_ERROR: ", 75),
    "a page": (lambda _: PAGE, "it answered with status 200 and no JSON: is this the address of an MLflow server?", 75),
    "another page": (lambda _: Reply(502, b"<html>"), "it answered with status 502 and no JSON", 75),
    "elsewhere": (
        lambda _: Reply(302, b"", {"location": "http://127.0.0.1:9/"}),
        "it answered with status 302 and no JSON",
        75,
    ),
    "a list": (lambda _: _json(200, []), "it answered with status 200 and no JSON", 75),
    "something else": (
        lambda _: _json(200, {"what": 1}),
        "its answer was not of the form that was expected (KeyError)",
        75,
    ),
    "a number": (lambda _: _json(200, {"experiment": 1}), "its answer was not of the form that was expected", 75),
    "nothing": (
        lambda _: Reply(drop=True),
        "it gave no answer (Remote end closed the connection without an answer)",
        75,
    ),
    "half": (lambda _: Reply(200, b'{"a": 1}', short=4), "it gave no answer (4 of 8 bytes came)", 75),
    "no end": (lambda _: Reply(200, b"x" * (2 << 20)), "it gave no answer (an answer without end)", 75),
}
"""What is answered to everything, what is said of it, and the exit code of a task that requires the server."""


@pytest.fixture(params=WRONG)
def wrong(request: pytest.FixtureRequest) -> tuple[Callable[[Seen], Reply], str, int]:
    """A wrong answer."""
    return WRONG[request.param]


def test_a_wrong_answer_is_told_without_secrets(wrong: tuple[Callable[[Seen], Reply], str, int]) -> None:
    script, said, code = wrong
    with serve(script) as there:
        with pytest.raises((TrackingError, KeyError, TypeError)) as caught, Server(there.url, RIGHTS) as server:
            _ = server.get("experiments/get-by-name", "experiment_name", "x")["experiment"]["id"]
        assert there.seen[0].headers["authorization"] == f"Bearer {SECRET}"
    if isinstance(caught.value, TrackingError):
        assert said.partition(" (KeyError")[0] in str(caught.value)
        assert caught.value.is_setup == (code == 2)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 300
    assert SECRET not in str(caught.value)


def _is_once_a_task(run: Ran, said: str) -> None:
    lines = [line for line in run.log.splitlines() if "MLflow" in line]
    assert len(lines) == 2, run.log
    assert all(re.search(r"flowc: MLflow at http://127\.0\.0\.1:[0-9]+: ", line) and said in line for line in lines)
    assert SECRET not in run.log


@pytest.mark.parametrize("name", ["401", "500 that repeats all", "a page", "something else"])
def test_a_task_goes_on_and_says_so_once(name: str, project: Path) -> None:
    script, said, _ = WRONG[name]
    with serve(script) as there:
        run = ran(written(project, "small", SMALL), "SmallFlow", uri=there.url, env=RIGHTS)
    assert run.code == 0, run.log
    _is_once_a_task(run, said)
    assert len(there.seen) == 2, "after what is wrong nothing more is asked"
    assert run.left("end").attempt == 1


def test_nobody_there_costs_no_run(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        run = ran(
            written(project, "small", SMALL), "SmallFlow", uri=f"http://127.0.0.1:{taken.getsockname()[1]}", env=RIGHTS
        )
    assert run.code == 0, run.log
    _is_once_a_task(run, "it gave no answer ([Errno 111] Connection refused)")


@pytest.mark.parametrize("name", ["401", "500", "nothing"])
def test_a_task_that_requires_it_fails_with_the_reason(name: str, project: Path) -> None:
    script, said, code = WRONG[name]
    path = written(project, "small", SMALL)
    with serve(script) as there:
        settings(path, {"uri": there.url, "required": True})
        run = ran(path, "SmallFlow", env=RIGHTS)
    assert run.code == 2, "the step was not at fault"
    assert f"MLflow at {there.url} is required here, and {said}" in run.log
    assert SECRET not in run.log
    (attempt,) = (key for key in run.kept() if "/attempt-" in key)
    assert "/start/" in attempt
    assert code in (2, 75)


@contextmanager
def _slow(answer: bytes, gap: float) -> Iterator[str]:
    """A server that takes a request and then sends one byte of its answer after the other, or nothing."""
    over = threading.Event()

    def serve_one(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1 << 16)
            for byte in answer:
                if over.wait(gap):
                    return
                connection.sendall(bytes([byte]))
            over.wait()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve_one, args=(listening,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000], ids=["silent", "drop by drop"])
def test_a_slow_server_is_given_so_much_time_and_no_more(answer: bytes) -> None:
    """Each byte of the second begins the time of its socket anew: only a limit from outside ends it, long before its end."""
    with _slow(answer, 0.05) as url, Server(url, {}, seconds=0.4) as server:
        with pytest.raises(TrackingError, match="it gave no answer"):
            server.post("runs/create", {})
        with pytest.raises(TrackingError, match="are over"):
            server.post("runs/create", {})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"MLFLOW_TRACKING_TOKEN": "t"}, "Bearer t"),
        ({"MLFLOW_TRACKING_USERNAME": "u"}, None),
        (
            {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "é:p", "MLFLOW_TRACKING_TOKEN": "t"},
            f"Basic {base64.b64encode('u:é:p'.encode()).decode()}",
        ),
    ],
)
def test_credentials_are_those_of_mlflows_own_client(environment: Mapping[str, str], expected: str | None) -> None:
    with (
        serve(lambda _: _json(200, {})) as there,
        Server(f"{there.url}/behind/a/path", environment) as server,
    ):
        assert server.post("runs/update", {"a": "é"}) == {}
        assert server.get("experiments/get-by-name", "experiment_name", "a b&c=é/'") == {}
    first, second = there.seen
    assert first.headers.get("authorization") == expected
    assert (first.method, first.path, json.loads(first.body)) == (
        "POST",
        "/behind/a/path/api/2.0/mlflow/runs/update",
        {"a": "é"},
    )
    assert second.path.endswith("get-by-name?experiment_name=a%20b%26c%3D%C3%A9%2F%27")


def test_a_token_that_is_no_header_is_no_fault_of_ours() -> None:
    with serve(lambda _: _json(200, {})) as there:
        broken = {"MLFLOW_TRACKING_TOKEN": f"{SECRET}\r\nx: y"}
        with (
            pytest.raises(TrackingError, match="a request cannot be sent") as caught,
            Server(there.url, broken) as server,
        ):
            server.post("runs/create", {})
        assert not there.seen
    assert SECRET not in str(caught.value)
