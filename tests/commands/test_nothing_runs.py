"""Looking at a repository runs nothing of it, starts no program, asks no network, writes nothing and tells nothing of the environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stages.hostile import LOOKING, watched

RAN = "open('ran', 'w')\n"
FLOW = f"""{RAN}
import beside, os
from metaflow import *

def parse(text):
    open('ran', 'w')

class HarmFlow(FlowSpec):
    own = Config("own", default="it.json", parser=parse)
    home = Parameter("home", default="$HOME {{os.environ['SECRET']}}", envvar="SECRET")
    later = Parameter("later", default=lambda context: open('ran', 'w'))

    @secrets(sources=["file:/etc/passwd"])
    @schedule(cron="$(touch ran)") if False else (lambda f: f)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
FLOW = FLOW.replace('    @schedule(cron="$(touch ran)") if False else (lambda f: f)\n', "")
SETTINGS = """
[build-system]
requires = ["harm @ file:///harm"]
build-backend = "harm"
backend-path = ["."]

[project]
name = "harm"
version = "1"

[project.entry-points."flowc.backends"]
harm = "harm:BACKEND"
argo = "harm:BACKEND"

[tool.flowc]
import = true
path = ["."]

[tool.flowc.config]
own = "it.json"
"""
HOOK = "#!/bin/sh\ntouch ran\n"
GIT = """[core]
\tfsmonitor = touch ran
\thooksPath = hooks
\tsshCommand = touch ran
\tpager = touch ran
[diff "harm"]
\ttextconv = touch ran
\tcommand = touch ran
[filter "harm"]
\tclean = touch ran
\tsmudge = touch ran
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of all that runs by itself somewhere."""
    folder = tmp_path_factory.mktemp("harm")
    files = {
        "flow.py": FLOW, "pyproject.toml": SETTINGS, "it.json": "{{}}", ".git/config": GIT, ".git/HEAD": "ref: refs/heads/main\n",
        ".git/hooks/post-checkout": HOOK, "hooks/pre-commit": HOOK, ".gitattributes": "* diff=harm filter=harm\n", ".envrc": "touch ran\n",
        ".env": "SECRET=1\n", "harm.egg-info/entry_points.txt": "[flowc.backends]\nharm = harm:BACKEND\nargo = harm:BACKEND\n",
        "harm.egg-info/PKG-INFO": "Metadata-Version: 2.1\nName: harm\nVersion: 1\n", "harm.pth": "import harm\n",
        "requirements.txt": "-e .\n",
        "requirements.in": "-e .", "Makefile": "all:\n\ttouch ran\n", ".venv/pyvenv.cfg": "home = .",
    }  # fmt: skip
    names = (
        "beside",
        "harm",
        "setup",
        "conftest",
        "sitecustomize",
        "usercustomize",
        "yaml",
        "click",
        "tomllib",
        "json",
        "compiler",
        "flowc",
        "metaflow",
    )
    files |= {f"{name}.py": RAN for name in names}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in (".git/hooks/post-checkout", "hooks/pre-commit"):
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("name", LOOKING)
def test_a_command_looks_and_does_nothing_else(name: str, project: Path) -> None:
    code, events, text = watched(
        project, *LOOKING[name], SECRET="theirs", AWS_SECRET_ACCESS_KEY="theirs", HOME=str(project)
    )
    assert (code in (0, 1, 2), events) == (True, []), text
    assert not (project / "ran").exists()
    assert "theirs" not in text


def test_a_target_of_the_repository_is_none(project: Path) -> None:
    """Its metadata lie there as an installed package's would."""
    code, events, text = watched(project, "harm", "create", "flow.py")
    assert (code, events) == (2, []), text
    assert not (project / "ran").exists()


EVIL = """
import os
from flowc import FlowSpec, card, step

class Evil:
    def __reduce__(self):
        return (os.mkdir, ("ran",))

class EvilFlow(FlowSpec):
    @card
    @step
    def start(self):
        self.evil, self.many = Evil(), [Evil()]
        self.next(self.each, foreach="many")

    @step
    def each(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
STORED = {
    "runs": ("runs", "EvilFlow"),
    "runs as JSON": ("runs", "--json", "EvilFlow"),
    "inspect": ("inspect", "EvilFlow/r"),
    "inspect as JSON": ("inspect", "--json", "--log", "EvilFlow/r"),
    "inspect of a task": ("inspect", "--log", "EvilFlow/r/start"),
    "cards": ("card", "list", "EvilFlow/r"),
    "a card": ("card", "get", "EvilFlow/r/start"),
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in a repository, with artifacts that run when they are loaded."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "flow.py").write_text(EVIL)
    done = subprocess.run(
        [sys.executable, "-m", "compiler", "run", "--run-id", "r", "flow.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (folder / ".flowc").is_dir(), done.stderr
    shutil.rmtree(folder / "ran", ignore_errors=True)
    return folder


@pytest.mark.parametrize("name", STORED)
def test_no_artifact_of_a_store_is_loaded(name: str, stored: Path) -> None:
    code, events, text = watched(stored, *STORED[name])
    did = [
        event for event in events if not event.endswith(f"{os.sep}.running")
    ]  # whose lock says whether the run lives
    assert (code, did) == (0, []), text
    assert not (stored / "ran").exists()
