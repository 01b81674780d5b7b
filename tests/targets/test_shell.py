"""What the script of the target `shell` does beside what the conformance suite compares, and the page that makes another target of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flowc_shell import BACKEND

from compiler.backends import Options
from tests.engines import FlowCase
from tests.engines.compiling import compiled
from tests.engines.shell import SHIM, run_shell
from tests.targets.surface import ROOT, TARGETS

FLOW = """\
from flowc import FlowSpec, kubernetes, resources, step

class AskingFlow(FlowSpec):
    @kubernetes(image="it's:1", disk=100)
    @step
    def start(self):
        self.next(self.end)

    @resources(cpu=2, memory=512, gpu=1)
    @step
    def end(self):
        pass
"""
START = '#!/bin/sh\nprintf "<%s>" "$1" "$2" "$3" "$4" "$5"\nshift 5\nexec "$@"\n'


def _script(folder: Path, text: str) -> Path:
    path = folder / "flow.py"
    path.write_text(text)
    _, files = compiled(
        FlowCase(path, "AskingFlow"), BACKEND, Options(default_image="case:0", store=f"file:{folder / 'store'}")
    )
    script = folder / files[0].name
    script.write_text(files[0].text)
    return script


def _sh(script: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(SHIM), **variables}
    command = ["/bin/sh", str(script), *words]
    return subprocess.run(command, cwd=script.parent, env=environment, capture_output=True, text=True, check=False)


def test_what_a_container_asks_for_is_told_to_what_starts_it(tmp_path: Path) -> None:
    script = _script(tmp_path, FLOW)
    start = tmp_path / "start"
    start.write_text(START)
    start.chmod(0o755)
    ended = _sh(script, "one", FLOWC_START=str(start))
    assert ended.returncode == 0, ended.stderr
    assert re.findall(r"<[^>]*>", ended.stdout) == [
        "<it's:1>",
        *["<>"] * 3,
        "<100>",
        "<case:0>",
        "<2>",
        "<512>",
        "<1>",
        "<>",
    ]


def test_a_run_is_named(tmp_path: Path) -> None:
    ended = _sh(_script(tmp_path, FLOW))
    assert ended.returncode != 0
    assert "the name of a new run" in ended.stderr
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(("raised", "attempts"), [("ValueError()", 3), ("SystemExit(2)", 3)])
def test_a_step_is_tried_again_and_its_end_is_that_of_the_run(raised: str, attempts: int, tmp_path: Path) -> None:
    again = "@retry(times=2, minutes_between_retries=0)"
    text = FLOW.replace("@resources(cpu=2, memory=512, gpu=1)", again).replace("resources", "retry")
    ended = _sh(_script(tmp_path, text.replace("pass", f"raise {raised}")), "one")
    assert ended.returncode == 1
    assert len(list((tmp_path / "store" / "AskingFlow" / "shell-one" / "end" / "-").glob("attempt-*"))) == attempts


def test_a_mistake_in_the_call_is_not_tried_again(tmp_path: Path) -> None:
    script = _script(
        tmp_path, FLOW.replace('@kubernetes(image="it\'s:1", disk=100)', "@retry").replace("kubernetes", "retry")
    )
    ended = _sh(script, "one", "no JSON")
    assert ended.returncode == 2, ended.stderr
    assert not (tmp_path / "store").exists()


def test_the_page_makes_another_target_of_it(tmp_path: Path) -> None:
    """The commands of docs/new-target.md in a copy of what they name, and the flow that the new target compiles."""
    page = (ROOT / "docs" / "new-target.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    assert len(commands) == 1
    shutil.copytree(TARGETS["shell"], tmp_path / "targets" / "shell", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    installed = tmp_path / "installed"
    uv = f"{sys.executable.rpartition('/')[0]}/uv pip install --quiet --no-deps --target {installed}"
    text = commands[0].replace("pip install --editable", uv)
    environment = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    ended = subprocess.run(
        ["/bin/sh", "-eu", "-c", text], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    made = ended.stdout
    ours = subprocess.run(
        [Path(sys.executable).with_name("flowc"), "shell", "create", "examples/branch.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made == ours.stdout.replace("shell-", "relay-")
    assert "run=relay-" in made


def test_it_runs_as_its_page_says(tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text(FLOW)
    assert run_shell(FlowCase(path, "AskingFlow"), tmp_path).success
