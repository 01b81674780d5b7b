"""Artifacts are pickles, which act when they are loaded: what only lists, shows or takes over loads none."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FLOW = """
import os
from flowc import FlowSpec, Parameter, card, step


class Poison:
    def __reduce__(self):
        return os.mkdir, (os.environ["LOADED"],)


class PoisonFlow(FlowSpec):
    fails = Parameter("fails", type=bool, default=False)

    @card
    @step
    def start(self):
        self.poison = Poison()
        self.large = [Poison(), bytes(100_000)]
        self.next(self.end)

    @step
    def end(self):
        if self.fails:
            raise ValueError("as asked")
        self.number = 3
"""

LISTED = """
from flowc import Flow, Run, namespace
namespace(None)
flow = Flow("PoisonFlow")
for run in flow:
    print(run, run.successful, run.finished_at, run.tags, run.end_task)
    for step in run:
        for task in step:
            print(task, task.successful, task.metadata, task.stdout, task.stderr, sorted(each.id for each in task))
            print([(each.id, each.size, each.sha, each.kind) for each in task], "poison" in task, dir(task.data))
            print(list(task.parent_tasks), list(task.child_tasks))
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder with a flow whose artifacts make a folder `loaded` when they are loaded, and a run that failed behind them."""
    (tmp_path / "poison_flow.py").write_text(FLOW)
    umask = os.umask(0)
    try:
        assert _flowc(tmp_path, "run", "--run-id", "first", "poison_flow.py", "--fails=true")[0] == 1
        (tmp_path / "loaded").rmdir()  # the page of the step that made them shows their values
        yield tmp_path
    finally:
        os.umask(umask)


def _python(home: Path, *words: str) -> tuple[int, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "USER": "tester", "LOADED": str(home / "loaded")}
    ended = subprocess.run(
        [sys.executable, *words], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


def _flowc(home: Path, *words: str) -> tuple[int, str]:
    return _python(home, "-P", "-m", "compiler", *words)


def test_what_lists_loads_nothing_and_what_asks_for_the_value_does(home: Path) -> None:
    """The last line shows that the trap works."""
    for words in (
        ("runs", "poison_flow.py"),
        ("inspect", "PoisonFlow/first"),
        ("inspect", "PoisonFlow/first", "--json", "--log"),
        ("inspect", "PoisonFlow/first/start"),
        ("card", "list", "PoisonFlow/first"),
        ("card", "get", "PoisonFlow/first/start"),
        ("run", "--resume", "first", "--run-id", "second", "poison_flow.py"),
        ("inspect", "PoisonFlow/second/start"),
    ):
        code, said = _flowc(home, *words)
        assert code == (1 if words[0] == "run" else 0), said
        assert not (home / "loaded").exists(), words
    code, said = _python(home, "-c", LISTED)
    assert code == 0, said
    assert "poison" in said
    assert not (home / "loaded").exists()
    code, said = _python(
        home,
        "-c",
        "from flowc import Run, namespace; namespace(None); Run('PoisonFlow/first')['start'].task['poison'].data",
    )
    assert code == 0, said
    assert (home / "loaded").exists()


def test_a_store_is_its_owners_alone_whatever_the_umask(home: Path) -> None:
    store = home / ".flowc"
    found = [store, *store.rglob("*")]
    assert len(found) > 10
    for path in found:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
