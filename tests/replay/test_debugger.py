"""From the line of a log to the debugger, at a terminal."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.replay.calls import FLOWC, Ran, contents, environment, flowc, run
from tests.replay.terminal import Terminal, orphans

FAILING = """
import json
from flowc import FlowSpec, catch, retry, step, timeout


def ratio(total, count):
    rate = total / count
    return rate


class RatioFlow(FlowSpec):
    @step
    def start(self):
        self.counts = [2, 0]
        self.next(self.fit, foreach="counts")

    @timeout(seconds=2)
    @retry(times=1, minutes_between_retries=0)
    @step
    def fit(self):
        total = 6
        print("fitting", self.input)
        self.rate = ratio(total, self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.parsed)

    @catch(var="failure")
    @step
    def parsed(self):
        self.value = json.loads("{")
        self.next(self.turn)

    @step
    def turn(self):
        self.turns = getattr(self, "turns", 0) + 1
        self.again = self.turns < 3
        self.next({True: self.turn, False: self.end}, condition="again")

    @step
    def end(self):
        self.turns / 0
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The run that failed."""
    return run(tmp_path_factory.mktemp("failing"), FAILING)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run of the same steps that came to its last one."""
    return run(tmp_path_factory.mktemp("done"), FAILING.replace("[2, 0]", "[2, 1]"))


def _opened(ran: Ran, task: str, *words: str) -> Terminal:
    call = [*FLOWC, "replay", f"{ran.flow}/{ran.run}/{task}", "--store", ran.store, *words]
    return Terminal(call, ran.folder, environment(ran.folder))


def test_the_task_that_inspect_names_is_debugged_in_the_authors_frame(ran: Ran) -> None:
    log = flowc(ran.folder, "inspect", f"{ran.flow}/{ran.run}", "--store", ran.store)
    assert [line.split()[0] for line in log.out.splitlines() if "failed" in line.split()[1:2]] == [
        "RatioFlow/r",
        "fit/1",
    ]
    before = contents(ran.store)
    terminal = _opened(ran, "fit/1", "--pdb")
    assert "fitting 0" in terminal.read("(Pdb) ")
    terminal.type("p total, count\n")
    assert "(6, 0)" in terminal.read("(Pdb) ")
    time.sleep(0.3)  # Python hears a signal that comes between its prompt and its wait for a key only at the next key
    terminal.type("\x03")  # Ctrl-C at the prompt ends nothing
    terminal.read("(Pdb) ")
    terminal.type("up\n")
    assert "self.rate = ratio(total, self.input)" in terminal.read("(Pdb) ")
    terminal.type("p self.input, self.counts\n")
    assert "(0, [2, 0])" in terminal.read("(Pdb) ")
    terminal.type("import time; time.sleep(3)\n")  # a person takes longer than @timeout gives
    terminal.read("(Pdb) ")
    terminal.type("q\n")
    code, rest = terminal.end()
    assert code == 1
    assert "failed as attempt 2 did: ZeroDivisionError: division by zero, at flow.py:7 in ratio" in rest
    assert contents(ran.store) == before
    assert orphans(terminal.pid) == []


def test_the_debugger_begins_in_the_authors_code_where_a_library_raises(done: Ran) -> None:
    terminal = _opened(done, "parsed", "--pdb")
    assert 'self.value = json.loads("{")' in terminal.read("(Pdb) ")
    terminal.type("q\n")
    code, rest = terminal.end()
    assert code == 0
    assert "equal to attempt 1" in rest


def test_the_debugger_begins_at_the_first_line(done: Ran) -> None:
    terminal = _opened(done, "fit/1", "--pdb-start")
    assert "total = 6" in terminal.read("(Pdb) ")
    terminal.type("n\n")
    terminal.read("(Pdb) ")
    terminal.type("total = 12\n")
    terminal.read("(Pdb) ")
    terminal.type("c\n")
    code, rest = terminal.end()
    assert code == 3
    assert "artifact rate: float" in rest


def test_an_iteration_is_debugged_and_all_of_them_are_not(done: Ran) -> None:
    terminal = _opened(done, "turn/-~1", "--pdb-start")
    terminal.read("(Pdb) ")
    terminal.type("p self.turns\n")
    assert "1\n" in terminal.read("(Pdb) ")
    terminal.type("c\n")
    assert terminal.end()[0] == 0
    whole = _opened(done, "turn", "--pdb")
    code, said = whole.end()
    assert code == 2
    assert "debug one, as RatioFlow/r/turn/-~0" in said


def test_ctrl_c_while_the_step_runs_ends_it(tmp_path: Path) -> None:
    text = FAILING.replace("total = 6", "total = __import__('time').sleep(60)")
    ran = run(tmp_path, FAILING)
    (tmp_path / "flow.py").write_text(
        text.replace('print("fitting", self.input)', "pass").replace("total =", "print('waits'); total =")
    )
    terminal = _opened(ran, "fit/0", "--pdb")
    terminal.read("waits")
    terminal.type("\x03")
    code, rest = terminal.end()
    assert code == 130, rest
    assert "interrupted: nothing of the run has changed" in rest
    assert not list((tmp_path / "tmp").glob("flowc-replay-*"))
    assert orphans(terminal.pid) == []
