"""A store that fails at one call, each call of a task in turn: the exit code says that it was the store, and another attempt mends it."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Literal

import pytest
from flowc.artifacts.manifest import read
from flowc.store import files
from flowc.store.files import FileStore
from flowc.task.call import DONE, STORE, Reported

from tests.stages.faults import break_calls, full_disk
from tests.stages.task import Stage

How = Literal["before", "after", "full"]
"""The call is not done; it is done and its answer is lost; the disk is full at a write."""

SOURCE = """
import os
from flowc import FlowSpec, Parameter, retry, step
class F(FlowSpec):
    p = Parameter("p", default=2)
    @step
    def start(self):
        print("said by start")
        self.big = bytes(range(256)) * 2000
        self.n = 0
        self.next(self.fan)
    @step
    def fan(self):
        self.xs = [["item", n] for n in range(self.p)]
        self.next(self.body, foreach="xs")
    @step
    def body(self):
        self.got = self.input, len(self.big)
        self.other = os.urandom(0) + bytes(70_000)
        self.next(self.join)
    @step
    def join(self, inputs):
        self.got = [one.got for one in inputs]
        self.merge_artifacts(inputs, exclude=["got"])
        self.next(self.loop)
    @retry(times=1, minutes_between_retries=0)
    @step
    def loop(self):
        self.n += 1
        self.more = self.n < 3
        self.next({True: self.loop, False: self.end}, condition="more")
    @step
    def end(self):
        self.last = len(self.big), len(self.other), self.n, self.got
        print("said by end")
"""
TASKS: dict[str, tuple[str, str, str]] = {
    "start": ("start", "", "-"),
    "split": ("fan", "start", "-"),
    "body": ("body", "foreach:fan", "1"),
    "join": ("join", "gather:fan/body", "-"),
    "recursion": ("loop", "join", "-"),
    "end": ("end", "loop", "-"),
}
ORDER = [
    *(TASKS[kind] for kind in ("start", "split")),
    ("body", "foreach:fan", "0"),
    *(TASKS[kind] for kind in list(TASKS)[2:]),
]


class One:
    """Counts calls, and says of one that it fails; the file `hit` tells so, for the call may be one of a fork."""

    def __init__(self, number: int, hit: Path) -> None:
        self.number, self.hit, self.counted = number, hit, 0

    def __call__(self) -> bool:
        self.counted += 1
        if self.counted == self.number:
            self.hit.touch()
        return self.counted == self.number


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("faults"), SOURCE)


@pytest.fixture(scope="module")
def before(stage: Stage) -> dict[tuple[str, str], Path]:
    """The store as it was before each task of a run that went well, and at its end."""
    found: dict[tuple[str, str], Path] = {}
    folder = Path(FileStore(stage.store.url).root)
    for step, load, index in [*ORDER, ("", "", "")]:
        kept = stage.folder / f"before-{step}-{index}"
        if folder.is_dir():
            shutil.copytree(folder, kept)
        else:
            kept.mkdir()
        found[step, index] = kept
        if step:
            assert _do(stage, stage.store, step, load, index).exit_code == DONE
    return found


def _do(stage: Stage, store: object, step: str, load: str, index: str, retry: int = 0) -> Reported:
    return stage.do(step, load, index, store=store, retry=retry, repeats=step == "loop")


def _left(store: FileStore, stage: Stage, task: tuple[str, str, str]) -> object:
    manifest = read(store, stage.run.task(task[0], task[2]))
    return {name: manifest[name] for name in manifest.names}, manifest.stdout, manifest.next, manifest.iterations


def _breaking(one: One, how: How) -> type[FileStore]:
    class Breaking(FileStore):
        pass

    break_calls(Breaking, one, how)
    return Breaking


@pytest.mark.every(3)
@pytest.mark.parametrize("how", ["before", "after", "full"])
@pytest.mark.parametrize("kind", TASKS)
def test_a_task_whose_store_fails_at_any_call_says_so_and_is_mended_by_another_attempt(
    stage: Stage,
    before: dict[tuple[str, str], Path],
    tmp_path: Path,
    kind: str,
    how: How,
    capfd: pytest.CaptureFixture[str],
) -> None:
    task = TASKS[kind]
    wanted = _left(FileStore(f"file:{before['', '']}"), stage, task)
    for number in itertools.count(1):
        folder, hit = tmp_path / str(number), tmp_path / f"hit-{number}"
        shutil.copytree(before[task[0], task[2]], folder)
        plain = FileStore(f"file:{folder}")
        with pytest.MonkeyPatch.context() as patch:
            if how == "full":
                patch.setattr(files, "os", full_disk(One(number, hit)))
                faulty: FileStore = plain
            else:
                faulty = _breaking(One(number, hit), how)(plain.url)
            reported = _do(stage, faulty, *task)
        told = capfd.readouterr()
        if not hit.exists():
            break
        assert reported.exit_code == STORE, (number, reported)
        assert ("No space left on device" if how == "full" else "no answer to") in reported.message
        assert not told.err
        assert set(told.out.splitlines()) <= {"said by start", "said by end"}
        assert _do(stage, plain, *task, retry=1).exit_code == DONE, number
        assert _left(plain, stage, task) == wanted, number
        capfd.readouterr()
    assert number > 3
    for step, load, index in ORDER[ORDER.index(task) + 1 :]:
        assert _do(stage, plain, step, load, index).exit_code == DONE, step
