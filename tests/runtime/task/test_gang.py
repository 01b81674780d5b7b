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
import os, sys, time
from flowc import FlowSpec, current, parallel, step, timeout
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


def _prepare(folder: Path, body: str = "pass", width: str = "3", decorators: str = "") -> None:
    write(folder, FLOW.format(body=body, width=width, decorators=decorators))
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
    assert [one["told"] for one in left] == [(("host-0", 3, node, "0"), node, node, True) for node in range(3)]
    assert max(one["begun"] for one in left) < min(one["ended"] for one in left)
    contain(tmp_path, "join", "gather:start/node")
    assert [told[1] for told in read(_store(tmp_path), TaskAddress("F", "r", "join"))["told"]] == [0, 1, 2]


def test_a_gang_of_one_meets_itself(tmp_path: Path) -> None:
    _prepare(tmp_path, width="1")
    assert _ends(_nodes(tmp_path, (0,))) == {0: (0, "")}


@pytest.mark.parametrize("width", ["0", "-1", "True", "'2'", "2.0", "None or []"])
def test_a_width_is_a_whole_number_from_one_on(tmp_path: Path, width: str) -> None:
    reported = Stage(tmp_path, FLOW.format(body="pass", width=width, decorators="")).do("start")
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
    _wait(tmp_path, "met")
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
    new = _nodes(tmp_path, (0, 1, 2))
    assert {code for code, _ in _ends(new).values()} == {0}
    code, told = _ends(old)[1]
    assert (code, told.endswith("a newer attempt of node 1 of 'node' has begun")) == (FAILED, True)


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
