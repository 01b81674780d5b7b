"""What AWS, a network or a proxy may answer instead of what was asked for: one line, an exit code, and no secret."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler.backends.operating import Connection, EngineError, NotThereError, RefusedError, Start
from compiler.backends.stepfunctions import BACKEND
from compiler.mistakes import CallError
from tests.engines.faults import HTML, Answer, Cut, Drop, Fault, Faulty, Slow, faulty
from tests.engines.stepfunctions_operated import Place, place
from tests.stepfunctions.operate.flows import PLAIN

CANARY, TOKEN = "canary-secret-0123456789", "canary-token-9876543210"
TARGET = "X-Amz-Target"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A queue and a bucket for this file, and a deployment."""
    with place(tmp_path_factory.mktemp("calls")) as found:
        path = found.folder / "plain_flow.py"
        path.write_text(PLAIN)
        found.connect().deploy(found.release(path, "called"), lambda _: None)
        yield found
        found.connect().delete("called")


@pytest.fixture(scope="module")
def proxy(there: Place) -> Iterator[Faulty]:
    """A proxy before the server."""
    with faulty(there.engine.endpoint, TARGET) as found:
        yield found


def variables(**more: str) -> dict[str, str]:
    """The caller's, with canaries in them."""
    return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": CANARY, "AWS_SESSION_TOKEN": TOKEN, **more}


def told_by(ask: Callable[[], object]) -> CallError:
    """The mistake of a call: one line that holds no secret."""
    with pytest.raises(CallError) as told:
        ask()
    text = f"{told.value} {told.value!r}"
    assert "\n" not in str(told.value)
    assert CANARY not in text
    assert TOKEN not in text
    return told.value


def json_error(status: int, word: str, message: str = "told by AWS") -> Answer:
    """What AWS answers as JSON."""
    body = f'{{"__type": "{word}", "message": "{message} {CANARY} {TOKEN}"}}'.encode()
    return Answer(status, body, {"Content-Type": "application/x-amz-json-1.0"})


PROXY_PAGE = Answer(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"})
FAULTS: list[tuple[Fault, type[CallError], int, str]] = [
    (json_error(400, "AccessDeniedException"), EngineError, 5, "does not permit describe_state_machine"),
    (json_error(401, "NobodyKnowsThisWord"), EngineError, 5, "does not permit"),
    (json_error(403, "ForbiddenByAProxy"), EngineError, 5, "does not permit"),
    (json_error(400, "ExpiredTokenException"), EngineError, 5, "does not take the credentials"),
    (json_error(403, "InvalidSignatureException"), EngineError, 5, "does not take the credentials"),
    (json_error(400, "UnrecognizedClientException"), EngineError, 5, "sign in again"),
    (json_error(404, "StateMachineDoesNotExist"), NotThereError, 4, "no deployment `called`"),
    (json_error(409, "ConflictException"), EngineError, 5, "AWS is still changing this"),
    (json_error(422, "ValidationException"), RefusedError, 2, "AWS refuses describe_state_machine"),
    (json_error(400, "ThrottlingException"), EngineError, 5, "3 times over: wait a while"),
    (Answer(429, b"{}", {"Retry-After": "1"}), EngineError, 5, "3 times over: wait a while"),
    (json_error(500, "InternalFailure"), EngineError, 5, "answers describe_state_machine with 500"),
    (Answer(503, b"", {}), EngineError, 5, "503"),
    (PROXY_PAGE, EngineError, 5, "502"),
    (HTML, EngineError, 5, "is not AWS: is a proxy or a sign-in page between"),
    (Answer(200, b"{}", {"Content-Type": "application/x-amz-json-1.0"}), EngineError, 5, "is not AWS"),
    (Answer(200, b'"text"', {}), EngineError, 5, "is not AWS"),
    (Drop(), EngineError, 5, "the connection was cut: call again"),
    (Cut(20), EngineError, 5, "the connection was cut: call again"),
    (Slow(2.5), EngineError, 5, "it takes too long"),
]


@pytest.mark.parametrize(("fault", "kind", "code", "said"), FAULTS, ids=lambda value: str(value)[:40])
def test_each_fault_is_a_line(
    there: Place, proxy: Faulty, fault: Fault, kind: type[CallError], code: int, said: str
) -> None:
    """The fault stays for as long as is asked."""
    proxy.clear()
    proxy.when("DescribeStateMachine", fault)
    engine = there.connect(options={"endpoint": proxy.url}, variables=variables(), timeout=1.0)
    told = told_by(lambda: engine.suspend("called"))
    assert isinstance(told, kind)
    assert told.code == code
    assert said in str(told)
    assert [each for each in proxy.seen if "TagResource" in each] == []


@pytest.mark.parametrize("fault", [Drop(), json_error(500, "Oops"), json_error(400, "ThrottlingException"), Cut(20)])
def test_what_passes_is_asked_again(there: Place, proxy: Faulty, fault: Fault) -> None:
    """Once or twice, as AWS's own clients do."""
    proxy.clear()
    proxy.when("DescribeStateMachine", fault, times=1)
    engine = there.connect(options={"endpoint": proxy.url})
    assert engine.deployment("called").name == "called"


def test_a_start_whose_answer_was_lost_is_one_run(there: Place, proxy: Faulty) -> None:
    """The second request has the same name, and so starts nothing."""
    proxy.clear()
    proxy.when("StartExecution", Drop(is_asked=True), times=1)
    engine = there.connect(options={"endpoint": proxy.url})
    run = engine.trigger("called", Start("lostanswer"))
    assert run.own == "lostanswer"
    assert len([each for each in proxy.seen if "StartExecution" in each]) == 2
    assert [each.own for each in engine.runs("called", 9)].count("lostanswer") == 1
    engine.terminate(run.run)


@pytest.mark.parametrize(
    ("options", "more", "said"),
    [
        ({"endpoint": "http://127.0.0.1:1"}, {}, "is the network there, and are `region` and `endpoint` right?"),
        ({"endpoint": "http://nobody.invalid"}, {}, "is the network there"),
        ({"endpoint": "http://user:canary-secret-0123456789@127.0.0.1:1"}, {}, "is the network there"),
        ({"endpoint": "ftp:/x y"}, {}, "is no address"),
        ({"region": ""}, {"AWS_CONFIG_FILE": "/nothing"}, "no region of AWS is named: write `region`"),
        ({"profile": "nobody"}, {"AWS_CONFIG_FILE": "/nothing"}, "have no profile 'nobody'"),
        ({"profile": 3}, {}, "`profile` .* must be a text"),
    ],
)
def test_what_is_not_reached_is_a_line(options: dict[str, Any], more: dict[str, str], said: str) -> None:
    """A server that is down, a name that nobody has, an address that is none, settings that are none."""
    connection = Connection({"region": "us-east-1", **options}, variables(**more), timeout=2.0)
    told = told_by(lambda: BACKEND.connect(connection).deployment("x"))
    assert told.code in (2, 5)
    assert re.search(said, str(told))


def test_a_certificate_that_nobody_knows_is_a_line(there: Place, tmp_path: Path) -> None:
    """A server that speaks no TLS at all is one, too."""
    connection = Connection(
        {"region": "us-east-1", "endpoint": there.engine.endpoint.replace("http:", "https:")}, variables(), timeout=2.0
    )
    assert "its certificate is not trusted" in str(told_by(lambda: BACKEND.connect(connection).deployment("x")))


def test_the_caller_s_variables_are_what_aws_is_asked_with(there: Place) -> None:
    """Not those of this process: nothing of it is set here."""
    connection = Connection({}, variables(AWS_REGION="us-east-1", AWS_ENDPOINT_URL=there.engine.endpoint))
    assert BACKEND.connect(connection).deployment("called").name == "called"
    assert BACKEND.connect(connection).where == "Step Functions in us-east-1"


def test_without_boto3_a_line_says_what_to_install() -> None:
    """And nothing of AWS is imported before a target is operated."""
    program = (
        "import sys; from compiler.backends.stepfunctions import BACKEND; from compiler.backends.operating import Connection\n"
        "assert 'boto3' not in sys.modules and 'botocore' not in sys.modules\n"
        "sys.modules['boto3'] = None\n"
        "try: BACKEND.connect(Connection({}, {}))\n"
        "except Exception as error: print(error.code, error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "5 Step Functions is asked by boto3, which is not installed: pip install 'flowc[aws]'\n"
