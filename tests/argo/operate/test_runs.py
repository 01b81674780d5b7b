"""How runs are seen: what fails, what waits and never starts, what is packed or offloaded, what goes on, what is ended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from compiler.backends.operating import NotThereError, RefusedError, Start
from compiler.slotted_class import replaced
from tests.conformance.results import read_result
from tests.engines import FlowCase
from tests.engines.argo_place import Place
from tests.stages.operated import task, written

FAILING = """
import os
from flowc import FlowSpec, Parameter, step, exit_hook

def told(run):
    print("told")

@exit_hook(on_error=[told])
class FailingFlow(FlowSpec):
    folder = Parameter("folder", default="/nowhere")

    @step
    def start(self):
        self.xs = [0, 1, 2]
        self.stamp = os.urandom(8).hex()
        self.next(self.work, foreach="xs")

    @step
    def work(self):
        self.stamped = os.urandom(8).hex()
        if self.input == 1 and not os.path.exists(os.path.join(self.folder, "mended")):
            print("about to fail")
            raise ValueError("not mended")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.stamps = [i.stamped for i in inputs]
        self.stamp = inputs[0].stamp
        self.next(self.end)

    @step
    def end(self):
        self.ended = os.urandom(8).hex()
"""

SLOW = """
import os, time
from flowc import FlowSpec, Parameter, step, exit_hook, resources

def told(run):
    print("told")

@exit_hook(on_error=[told])
class SlowFlow(FlowSpec):
    naps = Parameter("naps", default=600)

    @step
    def start(self):
        for at in range(self.naps):
            print("nap", at, flush=True)
            time.sleep(0.1)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def _failing(folder: Path, **parameters: object) -> FlowCase:
    return written(folder, FAILING, "FailingFlow", **parameters)


def _stamps(place: Place, case: FlowCase, run: str, folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    found = read_result(place.outcome(case, place.engine.run(run)), folder / "code")
    return {where: dict(each.artifacts) for where, each in found.tasks.items() if each.artifacts is not None}


def test_a_failed_run_says_where_and_goes_on_with_what_had_succeeded(stand_in: Place, tmp_path: Path) -> None:
    case = _failing(tmp_path)
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    name = stand_in.deploy(case)
    first = stand_in.start(name, folder=str(shared))
    failed = stand_in.over(first.run)
    assert failed.phase == "failed"
    broken = task(failed, "work", "1")
    assert (broken.phase, broken.reason) == ("failed", "Error")
    assert "exit code 1" in broken.message
    assert "traceback" in broken.cure
    assert "about to fail" in stand_in.log(first.run, broken)
    assert "ValueError: not mended" in stand_in.log(first.run, broken)
    before = _stamps(stand_in, case, first.run, tmp_path)
    (shared / "mended").touch()
    again = stand_in.engine.retry(first.run, None)
    ended = stand_in.over(again.run)
    assert ended.phase == "succeeded", ended
    assert (again.run == first.run) == (stand_in.way == "argo-server")
    after = _stamps(stand_in, case, again.run, tmp_path)
    for where in (("start", "-"), ("work", "0"), ("work", "2")):
        assert before[where] == after[where], where
    assert ("work", "1") not in before
    assert after["work", "1"]["stamped"] in after["join", "-"]["stamps"]
    if again.run != first.run:
        assert stand_in.engine.run(first.run).next_runs == (again.run,)


def test_a_run_is_done_again_from_a_step_on(stand_in: Place, tmp_path: Path) -> None:
    case = _failing(tmp_path)
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    (shared / "mended").touch()
    name = stand_in.deploy(case)
    first = stand_in.over(stand_in.start(name, folder=str(shared)).run)
    assert first.phase == "succeeded", first
    before = _stamps(stand_in, case, first.run, tmp_path)
    with pytest.raises(RefusedError, match="--from"):
        stand_in.engine.retry(first.run, None)
    with pytest.raises(RefusedError, match="has not come to the step nowhere"):
        stand_in.engine.retry(first.run, "nowhere")
    joined = stand_in.over(stand_in.engine.retry(first.run, "join").run)
    assert joined.phase == "succeeded", joined
    after = _stamps(stand_in, case, joined.run, tmp_path)
    assert {where for where in before if before[where] != after[where]} == {("end", "-")}
    worked = stand_in.over(stand_in.engine.retry(first.run, "work").run)
    after = _stamps(stand_in, case, worked.run, tmp_path)
    assert before["start", "-"] == after["start", "-"]
    assert all(before["work", index] != after["work", index] for index in "012")
    anew = stand_in.over(stand_in.engine.retry(first.run, "start").run)
    assert _stamps(stand_in, case, anew.run, tmp_path)["start", "-"] != before["start", "-"]


def test_a_run_is_ended_on_its_way_with_its_exit_hooks(place: Place, tmp_path: Path) -> None:
    name = place.deploy(written(tmp_path, SLOW, "SlowFlow"))
    run = place.start(name)
    running = place.until(run.run, lambda found: any(each.phase == "running" for each in found.tasks))
    with pytest.raises(RefusedError, match="not over"):
        place.engine.retry(run.run, None)
    position, lines = "", list[str]()
    while len(lines) < 5:
        part = place.engine.log(run.run, task(running, "start"), position)
        assert not part.is_whole
        lines += [line.text for line in part.lines if line.text.startswith("nap")]
        position = part.position
        time.sleep(0.1)
    place.engine.terminate(run.run)
    ended = place.over(run.run)
    assert ended.phase == "terminated"
    place.engine.terminate(run.run)
    part = place.engine.log(run.run, task(ended, "start"), position)
    lines += [line.text for line in part.lines if line.text.startswith("nap")]
    assert part.is_whole
    assert lines == [f"nap {at}" for at in range(len(lines))]
    place.engine.delete(name)


@pytest.mark.parametrize(
    ("fate", "reason", "cure"),
    [
        ("ImagePullBackOff: Back-off pulling image", "ImagePullBackOff", "flowc image"),
        ("ErrImagePull: rpc error: not found", "ErrImagePull", "flowc image"),
        ("Unschedulable: 0/1 nodes are available: 1 Insufficient memory.", "Unschedulable", "@resources"),
        ("CreateContainerConfigError: secret \"keys\" not found", "CreateContainerConfigError", "Secret"),
    ],
)  # fmt: skip
def test_what_keeps_a_task_waiting_is_said(stand_in: Place, tmp_path: Path, fate: str, reason: str, cure: str) -> None:
    stand_in.stand_in().fates["image:1"] = ("wait", fate)
    name = stand_in.deploy(written(tmp_path, SLOW.replace("@exit_hook(on_error=[told])\n", ""), "SlowFlow"))
    run = stand_in.start(name)
    waiting = task(stand_in.until(run.run, lambda found: bool(found.tasks)), "start")
    assert (waiting.phase, waiting.reason) == ("queued", reason)
    assert cure in waiting.cure
    assert stand_in.engine.log(run.run, waiting).lines == ()
    stand_in.engine.terminate(run.run)
    assert stand_in.over(run.run).phase == "terminated"


@pytest.mark.parametrize(
    ("fate", "reason", "cure"),
    [
        ("OOMKilled (exit code 137)", "OOMKilled", "memory"),
        ("The node was low on resource: memory.", "Evicted", "@retry"),
        ("pod deleted", "NodeLost", "flowc retry"),
        ("Pod was active on the node longer than the specified deadline", "DeadlineExceeded", "@timeout"),
    ],
)
def test_why_a_task_has_ended_is_said(server_alone: Place, tmp_path: Path, fate: str, reason: str, cure: str) -> None:
    server_alone.stand_in().fates["image:1"] = ("end", fate)
    name = server_alone.deploy(_failing(tmp_path))
    broken = task(server_alone.over(server_alone.start(name).run), "work", "1")
    assert (broken.phase, broken.reason) == ("failed", reason)
    assert fate in broken.message
    assert cure in broken.cure


def test_packed_nodes_are_read_and_offloaded_ones_are_said(cluster_alone: Place, tmp_path: Path) -> None:
    world = cluster_alone.stand_in()
    name = cluster_alone.deploy(written(tmp_path, SLOW, "SlowFlow"))
    world.packs = True
    ended = cluster_alone.over(cluster_alone.start(name, naps=1).run)
    assert {each.step for each in ended.tasks} == {"start", "end"}
    world.packs, world.offloads = False, True
    ended = cluster_alone.over(cluster_alone.start(name, naps=1).run)
    assert ended.phase == "succeeded"
    assert "ARGO_SERVER" in ended.cure
    with pytest.raises(RefusedError, match="ARGO_SERVER"):
        cluster_alone.engine.retry(ended.run, "end")


def test_the_log_of_a_pod_that_is_gone_is_archived_or_not_there(stand_in: Place, tmp_path: Path) -> None:
    stand_in.options = replaced(stand_in.options, target={"archive_logs": True})
    name = stand_in.deploy(written(tmp_path, SLOW, "SlowFlow"))
    run = stand_in.over(stand_in.start(name, naps=2).run)
    stand_in.stand_in().swept.add(run.own)
    if stand_in.way == "argo-server":
        part = stand_in.engine.log(run.run, task(run, "start"))
        assert [line.text for line in part.lines if line.text.startswith("nap")] == ["nap 0", "nap 1"]
        assert stand_in.engine.log(run.run, task(run, "start"), part.position).lines == ()
    else:
        with pytest.raises(NotThereError, match="ARGO_SERVER"):
            stand_in.engine.log(run.run, task(run, "start"))


def test_a_workflow_that_nobody_takes_is_queued(stand_in: Place, tmp_path: Path) -> None:
    world = stand_in.stand_in()
    name = stand_in.deploy(written(tmp_path, SLOW, "SlowFlow"))
    world.asleep = True
    run = stand_in.engine.run(stand_in.start(name).run)
    assert (run.phase, run.tasks, run.reason) == ("queued", (), "")
    world.store.objects["workflows", run.own]["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    run = stand_in.engine.run(run.run)
    assert (run.reason, run.phase) == ("NotStarted", "queued")
    assert "controller" in run.cure


def test_a_run_whose_template_is_gone_is_said(stand_in: Place, tmp_path: Path) -> None:
    name = stand_in.deploy(written(tmp_path, SLOW, "SlowFlow"))
    world = stand_in.stand_in()
    world.asleep = True
    run = stand_in.start(name)
    stand_in.engine.delete(name)
    world.start(run.own)
    failed = stand_in.engine.run(run.run)
    assert (failed.phase, failed.reason) == ("failed", "TemplateMissing")
    assert "deploy it" in failed.cure


def test_runs_that_are_not_there_or_not_ours(stand_in: Place, tmp_path: Path) -> None:
    stand_in.deploy(written(tmp_path, SLOW, "SlowFlow"))
    for wrong in ("argo-flows-nothing", "argo-other-slow-flow", "local-1", "argo-flows-"):
        for ask in (stand_in.engine.run, stand_in.engine.terminate):
            with pytest.raises(NotThereError):
                ask(wrong)
    with pytest.raises(NotThereError):
        stand_in.engine.trigger("nothing", Start("abc"))
    assert list(stand_in.engine.runs("nothing", 3)) == []


def test_parameters_that_a_run_does_not_take_are_refused(stand_in: Place, tmp_path: Path) -> None:
    name = stand_in.deploy(written(tmp_path, SLOW, "SlowFlow"))
    for given, said in (
        ({"nap": 1}, "there is no parameter nap: slow-flow takes naps"),
        ({"naps": "{{=1+"}, "an expression of its own"),
        ({"naps": "x" * 100_000}, "parameters have"),
    ):
        with pytest.raises(RefusedError, match=said):
            stand_in.engine.trigger(name, Start("abc", given))
    assert not stand_in.stand_in().runs
    run = stand_in.engine.trigger(name, Start("abc", {"naps": 1}, ("one", "two")))
    assert (run.own, run.tags) == ("slow-flow-abc", ("one", "two"))
    assert stand_in.engine.trigger(name, Start("abc", {"naps": 1})).own == run.own
    assert len(stand_in.stand_in().runs) == 1
    page = stand_in.engine.page(run.run)
    assert page.endswith("/workflows/flows/slow-flow-abc") if stand_in.way == "argo-server" else page == ""
