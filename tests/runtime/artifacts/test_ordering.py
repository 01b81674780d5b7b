"""Identity and order, by force: owners, duplicates, zombies, kills at every operation, lost answers."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flowc.artifacts import ordering
from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.artifacts.manifest import RunRecord, attempts, read, read_run, runs
from flowc.store.files import FileStore
from flowc.store.protocol import MissingError, Store, StoreError
from flowc.task.call import DONE, MISTAKE, STORE

from tests.stages.sources import FANNED, TASKS
from tests.stages.task import Stage
from tests.stages.tasks_of_run import walk
from tests.stages.watched_store import Watched


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, FANNED)


def test_a_run_belongs_to_who_claimed_it_first(stage: Stage) -> None:
    first, again = stage.do("start", owner="uid-1"), stage.do("start", owner="uid-1", retry=1)
    other = stage.do("start", owner="uid-2")
    assert (first.exit_code, again.exit_code, other.exit_code) == (DONE, DONE, MISTAKE)
    assert "'uid-1'" in other.message
    assert "'uid-2'" in other.message
    assert stage.left("start").attempt == 2
    assert len(attempts(stage.store, stage.run.task("start"))) == 2, "who lost the claim has not even started"


def test_of_many_claims_one_owner_wins(tmp_path: Path) -> None:
    store = FileStore(f"file:{tmp_path}/s")
    children = [_fork(lambda owner=owner: _claim(store, f"uid-{owner}")) for owner in range(8)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert sorted(codes) == [0] + [1] * 7
    assert read_run(store, RunAddress("F", "r")).owner == f"uid-{codes.index(0)}"
    assert [each.run for each in runs(store, "F")] == ["r"]


def _claim(store: Store, owner: str) -> None:
    ordering.claim(store, RunRecord("F", "r", owner, float(os.getpid()), (), (), "start", "u", ""))


def _fork(work: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def test_attempts_are_numbered_by_the_store_and_not_by_the_engine(stage: Stage) -> None:
    for retry in (0, 0, 1, 7, 0):
        stage.done("start", retry=retry)
    found = attempts(stage.store, stage.run.task("start"))
    assert [attempt.number for attempt in found] == [1, 2, 3, 4, 5]
    assert [attempt.retry for attempt in found] == [0, 0, 1, 7, 0]
    assert stage.left("start").attempt == 5


def test_side_by_side_attempts_have_different_numbers(tmp_path: Path) -> None:
    store = FileStore(f"file:{tmp_path}/s")
    address = TaskAddress("F", "r", "s")
    children = [_fork(lambda: ordering.begin(store, address, 0, os.urandom(8).hex(), 0.0)) for _ in range(12)]
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    assert [attempt.number for attempt in attempts(store, address)] == list(range(1, 13))


def _manifest(fence: ordering.Fence, by: str) -> bytes:
    header = {"version": 1, "attempt": fence.attempt, "token": fence.token, "by": by}
    return json.dumps(header).encode() + b"\n"


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_whoever_started_last_wins_in_every_order_of_their_ends(tmp_path: Path, order: tuple[int, ...]) -> None:
    store, address = FileStore(f"file:{tmp_path}/s"), TaskAddress("F", "r", "s")
    fences = [ordering.begin(store, address, 0, str(number), 0.0) for number in range(4)]
    newest = -1
    for number in order:
        assert ordering.publish(store, fences[number], _manifest(fences[number], str(number))) == (number > newest)
        newest = max(newest, number)
        assert read(store, address).attempt == newest + 1


def test_a_zombie_that_ends_after_a_newer_attempt_changes_nothing(stage: Stage, tmp_path: Path) -> None:
    """The first attempt hangs at its manifest; the second one is done in the meantime."""
    done_in_between = []

    def before(_: int, name: str) -> None:
        if name == "create" and len(zombie.calls) > 3 and not done_in_between:
            done_in_between.append(stage.done("start", retry=1))

    zombie = Watched(stage.store, before)
    late = stage.do("start", store=zombie)
    assert done_in_between
    assert (late.exit_code, late.published, late.fan) == (DONE, False, None)
    assert stage.left("start").attempt == 2
    assert stage.left("start").token == done_in_between[0].token
    assert stage.left("start")["big"] == done_in_between[0]["big"]


def test_tasks_that_are_done_twice_side_by_side_leave_one_whole_result(stage: Stage) -> None:
    for step, load, index in TASKS:
        children = [_fork(lambda task=(step, load, index): _must(stage, *task)) for _ in range(3)]
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    found = dict(walk(stage.store, stage.run))
    assert len(found) == len(TASKS)
    assert all(manifest is not None and manifest.attempt <= 3 for manifest in found.values())
    assert [each.run for each in runs(stage.store, "F", successful=True)] == ["r"]


def _must(stage: Stage, step: str, load: str, index: str, **more: object) -> None:
    reported = stage.do(step, load, index, **more)
    assert reported.exit_code == 0, reported


def _kill(at: int) -> Callable[[int, str], None]:
    return lambda number, _: os.kill(os.getpid(), signal.SIGKILL) if number == at else None


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("task", range(len(TASKS)))
def test_a_kill_at_any_operation_leaves_all_or_nothing_and_a_retry_repairs_it(
    tmp_path: Path, task: int, when: str
) -> None:
    for at in itertools.count(1):
        folder = tmp_path / str(at)
        folder.mkdir()
        stage = Stage(folder, FANNED)
        for step, load, index in TASKS[:task]:
            _must(stage, step, load, index)
        step, load, index = TASKS[task]
        watched = Watched(stage.store, **{when: _kill(at)})
        status = os.waitpid(_fork(lambda: _must(stage, step, load, index, store=watched)), 0)[1]  # noqa: B023
        _whole(stage, step, index)
        _must(stage, step, load, index, retry=1)
        assert stage.left(step, index).retry == 1
        for later in TASKS[task + 1 :]:
            _must(stage, *later)
        assert all(manifest for _, manifest in walk(stage.store, stage.run))
        assert (
            [each.run for each in runs(stage.store, "F", successful=True)]
            == [each.run for each in runs(stage.store, "F")]
            == ["r"]
        )
        if status == 0:
            assert at > 2, "the task has operations"
            return


def _whole(stage: Stage, step: str, index: str) -> None:
    try:
        left = stage.left(step, index)
    except MissingError:
        return
    assert {"by", "big", "xs"} <= {
        name for name in left.names if left[name] is not None or name == "by"
    } or step != "start"
    assert left.items is None or [left.item_at(place) for place in range(2)] == [1, 2]


@pytest.mark.parametrize("task", range(len(TASKS)))
def test_an_answer_that_is_lost_fails_the_attempt_and_never_the_result(tmp_path: Path, task: int) -> None:
    for at in itertools.count(1):
        folder = tmp_path / str(at)
        folder.mkdir()
        stage = Stage(folder, FANNED)
        for before in TASKS[:task]:
            _must(stage, *before)
        step, load, index = TASKS[task]

        def lose(number: int, _: str, at: int = at) -> None:
            if number == at:
                raise StoreError("the answer was lost")

        lost = stage.do(step, load, index, store=Watched(stage.store, after=lose))
        _whole(stage, step, index)
        _must(stage, step, load, index, retry=1)
        if lost.exit_code == DONE:
            return
        assert lost.exit_code == STORE


def test_a_put_whose_answer_was_lost_meets_itself_and_not_a_rival(tmp_path: Path) -> None:
    store, address = FileStore(f"file:{tmp_path}/s"), TaskAddress("F", "r", "s")
    fence = ordering.begin(store, address, 0, "token", 0.0)
    data = _manifest(fence, "me")
    store.put(address.manifest, (data + b"rewritten by a proxy",))
    assert ordering.publish(store, fence, data)
    assert ordering.begin(store, address, 0, "token", 0.0).attempt in (1, 2)


def test_a_store_that_ignores_conditional_puts_is_refused(tmp_path: Path) -> None:
    class Careless(Watched):
        def create(self, key: str, data: bytes) -> bool:
            fresh = self.inner.size(key) is None
            self.inner.put(key, (data,))
            return fresh or "attempt" in key

    store, address = Careless(FileStore(f"file:{tmp_path}/s")), TaskAddress("F", "r", "s")
    one, two = (ordering.begin(store, address, 0, token, 0.0) for token in ("a", "b"))
    assert one.attempt == two.attempt
    ordering.publish(store, one, _manifest(one, "a"))
    with pytest.raises(StoreError, match="ignores conditional puts"):
        ordering.publish(store.inner, two, _manifest(two, "b"))


@pytest.mark.parametrize("seed", range(6))
def test_delayed_duplicated_and_killed_tasks_end_in_the_newest_attempt(tmp_path: Path, seed: int) -> None:
    """Many starts of one task, each delayed at random operations, some killed: the highest attempt that ended is what is there."""
    stage = Stage(tmp_path, FANNED)
    rng = random.Random(seed)
    children = []
    for _ in range(8):
        delays = {rng.randrange(1, 9): rng.random() / 50 for _ in range(3)}
        kill = rng.randrange(1, 30)

        def slow(number: int, _: str, delays: dict[int, float] = delays, kill: int = kill) -> None:
            if number == kill:
                os.kill(os.getpid(), signal.SIGKILL)
            signal.sigtimedwait([], delays.get(number, 0))

        children.append(_fork(lambda slow=slow: _must(stage, "start", "", "-", store=Watched(stage.store, slow))))
    ended = [os.waitpid(child, 0)[1] for child in children]
    started = attempts(stage.store, stage.run.task("start"))
    assert len(started) <= 8
    if 0 in ended:
        left = stage.left("start")
        assert left.token == started[left.attempt - 1].token
        assert len(left["big"]) == 100_000
    _must(stage, "start", "", "-", retry=1)
    assert stage.left("start").attempt == len(started) + 1


_FILE_EVENTS = ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.scandir")


def _kill_at_event(root: str, at: int) -> None:
    """Kill this process at its `at`-th use of a file of the store, or in the middle of its write."""
    seen = itertools.count(1)

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event in _FILE_EVENTS and str(args[0]).startswith(root) and next(seen) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def half(file: int, data: memoryview, write: Callable[[int, memoryview], int] = os.write) -> int:
        if next(seen) == at:
            write(file, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(file, data)

    sys.addaudithook(hook)
    os.write = half  # type: ignore[assignment]


@pytest.mark.parametrize("task", [0, 4])
def test_a_kill_at_any_use_of_a_file_leaves_all_or_nothing(tmp_path: Path, task: int) -> None:
    for at in itertools.count(1):
        folder = tmp_path / str(at)
        folder.mkdir()
        stage = Stage(folder, FANNED)
        for done in TASKS[:3]:
            if task:
                _must(stage, *done)
        if task > 3:
            _must(stage, *TASKS[3])
        step, load, index = TASKS[task]

        def work(
            stage: Stage = stage, folder: Path = folder, at: int = at, told: tuple[str, str, str] = TASKS[task]
        ) -> None:
            _kill_at_event(str(folder / "store"), at)
            _must(stage, *told)

        status = os.waitpid(_fork(work), 0)[1]
        _whole(stage, step, index)
        _must(stage, step, load, index, retry=1)
        assert stage.left(step, index).retry == 1
        if status == 0:
            assert at > 12, "a task uses files"
            return
