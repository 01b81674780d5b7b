"""A half typed call in a real bash, by the function that bash itself calls, and at a prompt; other shells where they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.replay.calls import environment, flowc, run
from tests.replay.terminal import Terminal

FLOW = """
from flowc import FlowSpec, Parameter, step

open("ran", "w").close()


class SumFlow(FlowSpec):
    top = Parameter("how-far", default=2)
    many = Parameter("many", default=2)

    @step
    def start(self):
        self.numbers = [1, 2]
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        self.next(self.end)

    @step
    def end(self, inputs):
        pass
"""

_CALL = """
source script
compopt() { :; }
COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=($1) COMP_CWORD=0
_flowc_completion "$2"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a flow, a run of it, and names that somebody made to be run by a shell."""
    folder = tmp_path_factory.mktemp("typing")
    run(folder, FLOW)
    (folder / "ran").unlink()
    (folder / "store").rename(folder / ".flowc")
    for name in ("$(touch owned)", "`touch owned`", "; touch owned", "*", "~", "-x", "a b"):
        (folder / ".flowc" / "SumFlow" / "r" / name).mkdir()
    (folder / "script").write_text(flowc(folder, "completion", "bash").out)
    (folder / "flowc").write_text(f'#!/bin/sh\nexec {sys.executable} -P -m compiler "$@"\n')
    (folder / "flowc").chmod(0o700)
    return folder


def _offered(place: Path, line: str) -> list[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", _CALL, "bash", line, f"{place}/flowc"],
        cwd=place, env=environment(place), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert not (place / "ran").exists()
    assert not (place / "owned").exists()
    return [each for each in done.stdout.splitlines() if each]


OFFERED = {
    "flowc insp": ["inspect"],
    "flowc inspect ": ["SumFlow/"],
    "flowc inspect SumFlow/": ["SumFlow/r"],
    "flowc replay SumFlow/": ["SumFlow/r/"],
    "flowc replay SumFlow/r/": ["SumFlow/r/end", "SumFlow/r/square", "SumFlow/r/start"],
    "flowc inspect SumFlow/r/square/": ["SumFlow/r/square/0", "SumFlow/r/square/1"],
    "flowc run flow.py --": ["--how-far", "--many", "--help", "--resume", "--from"],
    "flowc run flow.py --m": ["--many"],
    "flowc run flow.py --many ": [],
    "flowc run --start-method=f": ["fork"],
    "flowc run --resume ": ["r", "latest"],
    "flowc completion ": ["bash", "zsh", "fish"],
    "flowc nothing-of-this-name --": [],
    "flowc inspect $(touch owned)": [],
    "flowc inspect 'half": [],
    "flowc inspect Gone/r/": [],
}


@pytest.mark.parametrize("line", OFFERED)
def test_bash_is_offered_what_may_stand_there(line: str, place: Path) -> None:
    assert _offered(place, line) == OFFERED[line]


def test_bash_is_offered_flow_files(place: Path) -> None:
    assert "flow.py" in _offered(place, "flowc run fl")


def test_at_a_prompt_the_word_is_completed(place: Path) -> None:
    variables = {**environment(place), "PATH": f"{place}:{os.environ['PATH']}", "PS1": "prompt> "}
    terminal = Terminal([shutil.which("bash") or "bash", "--norc", "--noprofile", "-i"], place, variables)
    terminal.read("prompt> ")
    terminal.type("source script\n")
    terminal.read("prompt> ")
    terminal.type("flowc replay SumF\t")
    terminal.read("SumFlow/")
    terminal.type("\tst\t")
    terminal.read("r/start")
    terminal.type("\x15exit\n")
    assert terminal.end()[0] == 0
    assert not (place / "owned").exists()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_take_their_script(shell: str, place: Path) -> None:
    script = flowc(place, "completion", shell)
    assert (script.code, script.err) == (0, "")
    assert f"_FLOWC_COMPLETE={shell}_complete" in script.out
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script.out, text=True, check=True)
    line = {"COMP_WORDS": "flowc inspect SumFlow/", "_FLOWC_COMPLETE": f"{shell}_complete"}
    assert flowc(place, variables=line).out == "plain\tSumFlow/r\t\n"


def test_the_names_of_commands_cost_none_of_their_imports(place: Path) -> None:
    code = "import sys; from compiler.cli import run; run([]); print(*[m for m in sys.modules if m.startswith('compiler.')])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=place, capture_output=True, text=True, check=True,
        env={**environment(place), "COMP_WORDS": "flowc re", "_FLOWC_COMPLETE": "bash_complete"},
    )  # fmt: skip
    assert "compiler.completion.shells" in done.stdout
    assert "compiler.frontend" not in done.stdout
    assert "compiler.pipeline" not in done.stdout
