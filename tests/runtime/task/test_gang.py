"""A gang: nodes meet, know each other, fail together, and are not misled by what an earlier life left."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import attempts, read
from flowc.store.files import FileStore
from flowc.task.call import FAILED
from flowc.task.gang import own_address

from tests.stages.container import command, contain, variables, write
from tests.stages.task import Stage

FLOW = """
import os, signal, sys, threading, time
from flowc import FlowSpec, catch, current, parallel, retry, step, timeout
{module}
class F(FlowSpec):
    @step
    def start(self):
        self.width = {width}
        self.next(self.node, num_parallel=self.width)
    @parallel
    {decorators}
    @step
    def node(self):
        self.told = tuple(current.parallel), self.index, self.input, current.is_parallel
        self.begun = time.time()
        {body}
        self.ended = time.time()
        self.next(self.join)
    @step
    def join(self, inputs):
        self.told = [one.told for one in inputs]
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def _store(folder: Path) -> FileStore:
    return FileStore(f"file:{folder / 'store'}")


def _prepare(folder: Path, body: str = "pass", width: str = "3", decorators: str = "", module: str = "") -> None:
    write(folder, FLOW.format(body=body, width=width, decorators=decorators, module=module))
    ended = contain(folder, "start")
    assert ended.returncode == 0, ended.stderr


def _nodes(
    folder: Path, which: Iterable[int] = range(3), retry: int = 0, **more: str
) -> dict[int, subprocess.Popen[str]]:
    return {
        node: subprocess.Popen(
            command("node", "gang:start", str(node), retry),
            cwd=folder,
            env=variables(folder, FLOWC_ADDRESS=f"host-{node}", **more),
            stderr=subprocess.PIPE,
            text=True,
        )
        for node in which
    }


def _ends(nodes: dict[int, subprocess.Popen[str]]) -> dict[int, tuple[int, str]]:
    found = {}
    for node, process in nodes.items():
        _, told = process.communicate(timeout=60)
        found[node] = process.returncode, told.strip().rpartition("\n")[2]
    return found


def test_all_nodes_run_at_once_and_know_each_other(tmp_path: Path) -> None:
    _prepare(tmp_path, "time.sleep(0.5)")
    assert {code for code, _ in _ends(_nodes(tmp_path, (2, 0, 1))).values()} == {0}
    left = [read(_store(tmp_path), TaskAddress("F", "r", "node", str(node))) for node in range(3)]
    assert [one["told"] for one in left] == [(("host-0", 3, node, "node-0"), node, node, True) for node in range(3)]
    assert max(one["begun"] for one in left) < min(one["ended"] for one in left)
    contain(tmp_path, "join", "gather:start/node")
    assert [told[1] for told in read(_store(tmp_path), TaskAddress("F", "r", "join"))["told"]] == [0, 1, 2]


def test_a_gang_of_one_meets_itself(tmp_path: Path) -> None:
    _prepare(tmp_path, width="1")
    assert _ends(_nodes(tmp_path, (0,))) == {0: (0, "")}


@pytest.mark.parametrize("width", ["0", "-1", "True", "'2'", "2.0", "None or []"])
def test_a_width_is_a_whole_number_from_one_on(tmp_path: Path, width: str) -> None:
    reported = Stage(tmp_path, FLOW.format(body="pass", width=width, decorators="", module="")).do("start")
    assert reported.exit_code == FAILED
    assert reported.failure is not None
    assert "num_parallel of step 'start' must be a whole number from 1 on" in reported.failure.exception


@pytest.mark.parametrize("which", [(0, 1), (1, 2)])
def test_nodes_that_wait_in_vain_say_who_came(tmp_path: Path, which: tuple[int, ...]) -> None:
    _prepare(tmp_path)
    for code, told in _ends(_nodes(tmp_path, which, FLOWC_GANG_TIMEOUT="2")).values():
        assert code == FAILED
        # the first to give up tells the others
        assert "2 of the 3 nodes of 'node' came within 2 s" in told or "has failed" in told
    assert {
        one.failure is None
        for node in which
        for one in attempts(_store(tmp_path), TaskAddress("F", "r", "node", str(node)))
    } == {False}


def test_a_node_that_waits_stops_when_another_fails(tmp_path: Path) -> None:
    _prepare(tmp_path)
    waiting = _nodes(tmp_path, (0,))
    time.sleep(1)
    failing = _nodes(tmp_path, (1,), FLOWC_GANG_TIMEOUT="1")
    assert _ends(failing)[1][0] == FAILED
    code, told = _ends(waiting)[0]
    assert (code, "node 1 of 'node' has failed" in told) == (FAILED, True)


@pytest.mark.parametrize("body", ["raise ValueError", "sys.exit(1)", "time.sleep(60)"])
def test_nodes_that_run_end_when_one_fails(tmp_path: Path, body: str) -> None:
    limit = "@timeout(seconds=1 if os.environ.get('FLOWC_ADDRESS') == 'host-1' else 1000)"
    _prepare(tmp_path, f"if self.index == 1: {body}\n        time.sleep(60)", decorators=limit)
    begun = time.monotonic()
    ends = _ends(_nodes(tmp_path))
    assert {code for code, _ in ends.values()} == {FAILED}
    assert "node 1 of 'node' has failed" in ends[0][1]
    assert "node 1 of 'node' has failed" in ends[2][1]
    assert time.monotonic() - begun < 30


def test_a_node_in_code_that_does_not_return_is_ended(tmp_path: Path) -> None:
    stuck = "\n            ".join(
        (
            "if self.index == 2: raise ValueError",
            "while True:",
            "    try: time.sleep(60)",
            "    except BaseException: pass",
        )
    )
    _prepare(tmp_path, stuck.replace("\n            ", "\n        "))
    assert {code for code, _ in _ends(_nodes(tmp_path)).values()} == {FAILED}


def test_all_nodes_started_anew_meet_anew(tmp_path: Path) -> None:
    """What the first life left, also of nodes that were killed before they could say so, is not taken for the living."""
    _prepare(tmp_path, "time.sleep(0 if os.environ.get('AGAIN') else 60)")
    first = _nodes(tmp_path)
    _wait(tmp_path, "met-0001")
    for process in first.values():
        process.send_signal(signal.SIGKILL)
        process.communicate()
    again = _nodes(tmp_path, (1, 2), retry=0, AGAIN="1")
    time.sleep(2)
    assert [process.poll() for process in again.values()] == [None, None]
    again |= _nodes(tmp_path, (0,), AGAIN="1")
    assert {code for code, _ in _ends(again).values()} == {0}
    assert read(_store(tmp_path), TaskAddress("F", "r", "node", "1")).attempt == 2


def test_one_node_started_anew_alone_finds_nobody(tmp_path: Path) -> None:
    _prepare(tmp_path)
    assert {code for code, _ in _ends(_nodes(tmp_path)).values()} == {0}
    for node in (0, 2):
        code, told = _ends(_nodes(tmp_path, (node,), FLOWC_GANG_TIMEOUT="2"))[node]
        assert code == FAILED
        assert "nodes that are started again must all be started again" in told


def test_a_split_done_again_opens_another_gang(tmp_path: Path) -> None:
    _prepare(tmp_path)
    assert {code for code, _ in _ends(_nodes(tmp_path)).values()} == {0}
    assert contain(tmp_path, "start").returncode == 0
    assert {code for code, _ in _ends(_nodes(tmp_path)).values()} == {0}
    folders = {key.split("/")[4] for key in _store(tmp_path).list("F/r/start/-/gang-")}
    assert folders == {"gang-0001", "gang-0002"}


def test_an_older_process_of_a_node_gives_way(tmp_path: Path) -> None:
    _prepare(tmp_path)
    old = _nodes(tmp_path, (1,))
    _wait(tmp_path, "here-1-0001")
    new = _nodes(tmp_path, (1,))
    _wait(tmp_path, "here-1-0002")  # nodes that had met the older one would have gone on with it
    new |= _nodes(tmp_path, (0, 2))
    assert {code for code, _ in _ends(new).values()} == {0}
    code, told = _ends(old)[1]
    assert (code, told.endswith("a newer attempt of node 1 of 'node' has begun")) == (FAILED, True)


def _engine(folder: Path, retries: int, **more: str) -> dict[int, list[int]]:
    """Start each node again by itself when it has failed, as engines do; the exit codes of its attempts."""
    nodes = _nodes(folder, **more)
    codes: dict[int, list[int]] = {node: [] for node in nodes}
    until = time.monotonic() + 90
    while nodes:
        assert time.monotonic() < until, codes
        time.sleep(0.02)
        for node, process in tuple(nodes.items()):
            if process.poll() is not None:
                process.communicate()
                codes[node].append(process.returncode)
                del nodes[node]
                if process.returncode and len(codes[node]) <= retries:
                    nodes |= _nodes(folder, (node,), retry=len(codes[node]), **more)
    return codes


KILL = "os.kill(os.getpid(), signal.SIGKILL)"
FIRST = "self.index == {node} and current.retry_count == 0"
MOMENTS = {
    "while it is imported": (
        "pass",
        f"if '--index {{node}} --' in ' '.join(sys.argv) and '--retry 0' in ' '.join(sys.argv): {KILL}",
    ),
    "while all work": (f"if {FIRST}: {KILL}\n        elif current.retry_count == 0: time.sleep(60)", ""),
    "when the others are done": (f"if {FIRST}: time.sleep(1.5); {KILL}", ""),
    "when it is done itself": (
        f"if {FIRST}: threading.Timer(1.5, lambda: {KILL}).start()\n        elif current.retry_count == 0: time.sleep(4)",
        "",
    ),
    "when all are done": (
        f"if {FIRST}: threading.Thread(target=end_with_all).start()",
        f"""
def end_with_all():
    end = os.environ["FLOWC_STORE"][5:] + "/F/r/start/-/gang-0001/end-0001"
    while not os.path.exists(end): pass
    {KILL}
""",
    ),
    "by itself": (f"if {FIRST}: raise ValueError\n        elif current.retry_count == 0: time.sleep(60)", ""),
}


@pytest.mark.parametrize("node", [0, 2])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_node_that_ends_at_any_moment_costs_every_node_one_attempt_at_most(
    tmp_path: Path, moment: str, node: int
) -> None:
    body, module = (text.replace("{node}", str(node)) for text in MOMENTS[moment])
    body = f"self.tried = current.retry_count\n        {body}"
    _prepare(tmp_path, body, decorators="@retry(times=1, minutes_between_retries=0)", module=module)
    codes = _engine(tmp_path, 1)
    assert {each[-1] for each in codes.values()} == {0}, codes
    left = [read(_store(tmp_path), TaskAddress("F", "r", "node", str(node))) for node in range(3)]
    assert {one["tried"] for one in left} == {0 if moment == "when all are done" else 1}


@pytest.mark.parametrize("body", ["raise ValueError", KILL])
def test_the_failure_of_a_gangs_last_attempt_is_caught_in_all_nodes(tmp_path: Path, body: str) -> None:
    decorators = "@catch(var='failure')\n    @retry(times=1, minutes_between_retries=0)"
    _prepare(tmp_path, f"if self.index == 1: {body}\n        time.sleep(60)", decorators=decorators)
    codes = _engine(tmp_path, 2)
    assert {each[-1] for each in codes.values()} == {0}, codes
    caught = [read(_store(tmp_path), TaskAddress("F", "r", "node", str(node)))["failure"] for node in range(3)]
    own = "ValueError" if body.startswith("raise") else "FailureHandledByCatch"
    assert [one.type.rpartition(".")[2] for one in caught] == ["GangError", own, "GangError"]
    assert "node 1 of 'node'" in caught[0].exception


def test_a_gang_that_never_meets_is_caught(tmp_path: Path) -> None:
    _prepare(tmp_path, decorators="@catch(var='failure')")
    assert _ends(_nodes(tmp_path, (0, 2), FLOWC_GANG_TIMEOUT="2")).keys() == {0, 2}
    caught = [read(_store(tmp_path), TaskAddress("F", "r", "node", str(node)))["failure"] for node in (0, 2)]
    assert any("2 of the 3 nodes of 'node' came within 2 s" in one.exception for one in caught)


def test_a_node_that_is_never_started_again_is_missed(tmp_path: Path) -> None:
    """The engine has given it up, and says so to nobody."""
    _prepare(tmp_path, f"if self.index == 1: {KILL}", decorators="@retry(times=1, minutes_between_retries=0)")
    nodes = _nodes(tmp_path, FLOWC_GANG_TIMEOUT="4")
    told = [nodes[node].communicate(timeout=60)[1] for node in range(3)]
    assert [nodes[node].returncode for node in range(3)] == [FAILED, -signal.SIGKILL, FAILED]
    assert "flowc: node 1 of 'node' has been silent for 4 s\n" in told[0]
    assert "GangError: node 1 of 'node' has failed, and the nodes of a gang fail together" in told[2]


def _wait(folder: Path, name: str) -> None:
    until = time.monotonic() + 30
    while _store(folder).size(f"F/r/start/-/gang-0001/{name}") is None:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_address_is_one_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWC_ADDRESS", raising=False)
    assert own_address().count(".") == 3
    monkeypatch.setenv("FLOWC_ADDRESS", "node.example")
    assert own_address() == "node.example"
