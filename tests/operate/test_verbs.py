"""Each verb on an engine: what it asks for, prints, and ends with; each again where the engine gives no answer or says no."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.backends.operating import EngineError, EngineTask, NotThereError, RefusedError, Sharing
from compiler.operate import waiting
from tests.operate.engine import Memory, ended, memory
from tests.stages.command_line import FLOW, Flowc, flowc, folder

__all__ = ["flowc", "folder", "memory"]

HOSTILE = "{{ 1 }} ${X} $(NAME) 'q' \"d\" \\ \n\x1b[2J ü 漢"


@pytest.fixture
def run(flowc: Flowc, folder: Path, memory: Memory) -> str:
    """The flow is deployed, and a run of it started."""
    assert flowc("argo", "deploy", "flow.py").code == 0
    started = flowc("argo", "trigger", "flow.py", "--top", "2")
    assert started.code == 0, started.err
    return str(started.out.strip())


def test_deploy_says_what_changes_and_changes_only_that(flowc: Flowc, folder: Path, memory: Memory) -> None:
    dry = flowc("argo", "deploy", "flow.py", "--dry-run")
    assert (dry.code, memory.deployed) == (3, {})
    assert "would be new  sum-flow  SumFlow" in dry.out
    assert flowc("argo", "deploy", "flow.py").out == "new  sum-flow  SumFlow\n"
    memory.deployed.clear()
    first = flowc("argo", "deploy", "flow.py", "--json")
    assert first.code == 0, first.err
    [said] = json.loads(first.out)["deployments"]
    assert (said["state"], said["deployed"]["record"]["flow"].rpartition("/")[2]) == ("new", "flow.py:SumFlow")
    memory.said.clear()
    again = flowc("argo", "deploy", "flow.py")
    assert (again.code, "deploy" in memory.said, "1 unchanged" in again.err) == (0, False, True)
    assert flowc("argo", "deploy", "flow.py", "--dry-run").code == 0
    (folder / "flow.py").write_text(FLOW.replace("default=3", "default=4"))
    changed = flowc("argo", "deploy", "flow.py")
    assert (changed.code, "changed  sum-flow" in changed.out, "1 changed" in changed.err) == (0, True, True)
    assert "value: '4'" in memory.deployed["sum-flow"].files[0].text


def test_deploy_changes_nothing_of_others_and_nothing_where_a_flow_has_a_mistake(
    flowc: Flowc, folder: Path, memory: Memory
) -> None:
    memory.foreign.add("sum-flow")
    refused = flowc("argo", "deploy", "flow.py")
    assert (refused.code, "is not flowc's" in refused.err, memory.deployed) == (2, True, {})
    memory.foreign.clear()
    (folder / "flow.py").write_text(FLOW.replace("self.next(self.join)", "self.next(self.jion)"))
    assert (flowc("argo", "deploy", "flow.py").code, memory.said.count("deploy")) == (1, 0)


@pytest.mark.parametrize("by_name", [False, True])
def test_trigger_hands_values_over_as_they_are(flowc: Flowc, folder: Path, memory: Memory, by_name: bool) -> None:
    assert flowc("argo", "deploy", "flow.py").code == 0
    words = ["sum-flow" if by_name else "flow.py", "--top", "7", "--key-words", HOSTILE]
    started = flowc("argo", "trigger", "--tag", "night ly", "--tag", HOSTILE, "--run-id-file", "id", *words)
    assert (started.code, started.out.strip()) == (0, (folder / "id").read_text())
    [start] = memory.starts
    found = start.parameters["key-words"]
    assert (start.parameters["top"], found if by_name else found[0]) == ("7", HOSTILE)  # type: ignore[index]
    assert json.loads(str(start.parameters["flowc-tags"])) == ["night ly", HOSTILE]
    assert start.unique.isalnum()
    assert start.unique == start.unique.lower()


@pytest.mark.parametrize("words", [["--tpo", "3"], ["--top", "x"], ["--parameters", "["]])
def test_trigger_refuses_what_the_flow_does_not_take(
    flowc: Flowc, folder: Path, memory: Memory, words: list[str]
) -> None:
    assert flowc("argo", "deploy", "flow.py").code == 0
    before = ["flow.py"] if words[0] != "--parameters" else []
    refused = flowc("argo", "trigger", *before, *words, *([] if before else ["flow.py"]))
    assert (refused.code, memory.starts) == (2, [])


@pytest.mark.parametrize("word", ["flow.py", "sum-flow"])
def test_a_run_that_the_schedule_has_missed_is_done_by_hand(
    flowc: Flowc, folder: Path, memory: Memory, word: str
) -> None:
    """The run knows for which time it is, as that of the clock does; what no run is for is refused with what to do."""
    assert flowc("argo", "deploy", "flow.py").code == 0
    said = ("argo", "trigger", "--scheduled-at", "2026-01-02T07:00+01:00", word, "--top", "7")
    none = flowc(*said)
    assert (none.code, "has no schedule" in none.err) == (2, True)
    memory.schedule = "0 6 * * * UTC"
    assert flowc(*said).code == 0
    [start] = memory.starts
    assert start.parameters == {"top": "7", "flowc-scheduled-at": "2026-01-02T06:00:00+00:00"}
    wrong = flowc("argo", "trigger", "--scheduled-at", "noon", word)
    assert (wrong.code, "wants a time like" in wrong.err) == (2, True)
    for before, behind in (
        ((), ("--flowc-scheduled-at", "2026-01-02T06:00Z")),
        (("--parameters", '{"flowc-scheduled-at": "2026-01-02T06:00Z"}'), ()),
    ):
        placed = flowc("argo", "trigger", *before, word, *behind)
        assert (placed.code, f"`flowc argo trigger --scheduled-at TIME … {word}`" in placed.err) == (2, True)
    assert len(memory.starts) == 1


@pytest.mark.parametrize("word", ["SumFlow", "sum-flw"])
def test_a_name_that_is_none_leads_to_the_one_that_was_meant(flowc: Flowc, run: str, word: str) -> None:
    """The flow's name is not always that of its deployment."""
    for verb in ("trigger", "suspend", "delete"):
        refused = flowc("argo", verb, word)
        assert (refused.code, refused.err) == (4, f"error: nothing is deployed as {word}; did you mean `sum-flow`?\n")


@pytest.mark.parametrize("word", ["flow.py", "sum-flow"])
def test_an_option_of_ours_behind_the_flow_is_shown_in_its_place(flowc: Flowc, run: str, word: str) -> None:
    refused = flowc("argo", "trigger", word, "--wait")
    assert (refused.code, f"`flowc argo trigger --wait … {word}`" in refused.err) == (2, True)


FAILED = EngineTask("square", "1", "failed", "pod-1", 0, "OOMKilled", "exit code 137", "give it more memory", 5.0, 9.0)


def test_status_joins_what_the_engine_says(flowc: Flowc, memory: Memory, run: str) -> None:
    queued = EngineTask(
        "start", "-", "queued", "pod-0", reason="ImagePullBackOff", message="no such image", cure="push it"
    )
    memory.started[run] = ended(memory.started[run], "running", queued)
    shown = flowc("status", run)
    assert (shown.code, "ImagePullBackOff: no such image" in shown.out, "push it" in shown.out) == (0, True, True)
    repeated = EngineTask("start", "-", "queued", "pod-0", reason="ErrImagePull", message="ErrImagePull: no such image")
    memory.started[run] = ended(memory.started[run], "running", repeated)
    assert "    ErrImagePull: no such image\n" in flowc("status", run).out
    memory.started[run] = ended(memory.started[run], "failed", FAILED, finished=9.0)
    said = json.loads(flowc("status", run, "--json").out)
    assert (said["status"], said["version"], said["target"], said["deployment"]) == ("failed", 1, "argo", "sum-flow")
    assert [(task["step"], task["index"], task["reason"]) for task in said["tasks"]] == [("square", "1", "OOMKilled")]
    assert flowc("status", "SumFlow", "--target", "argo").code == 0


def test_what_the_tasks_left_goes_with_what_the_engine_says(
    flowc: Flowc, folder: Path, memory: Memory, run: str
) -> None:
    """The store has done, failed and caught tasks; the engine adds what the store cannot know."""
    (folder / "flow.py").write_text(FLOW.replace("self.result = self.input**2", "self.result = 1 / self.input"))
    assert flowc("run", "--run-id", run, "flow.py", "--top", "2").code == 1
    lost = EngineTask("square", "0", "failed", "pod-1", 0, "Error", "exit code 1", started=5.0, finished=9.0)
    gone = EngineTask("square", "2", "failed", "pod-2", 0, "Evicted", "the node was low on memory", started=5.0)
    done = EngineTask("start", "-", "succeeded", "pod-3", 0, started=4.0, finished=4.5)
    memory.started[run] = ended(memory.started[run], "failed", done, lost, gone, finished=9.0)
    said = json.loads(flowc("status", run, "--json", "--store", "file:.flowc").out)
    tasks = {(task["step"], task["index"]): task for task in said["tasks"]}
    assert {key: task["status"] for key, task in tasks.items()} == {
        ("start", "-"): "succeeded", ("square", "0"): "failed", ("square", "1"): "succeeded", ("square", "2"): "failed",
    }  # fmt: skip
    assert tasks["square", "0"]["failure"]["type"] == "builtins.ZeroDivisionError"
    assert tasks["square", "2"]["reason"] == "Evicted"
    del memory.started[run]
    left = flowc("status", f"SumFlow/{run}", "--store", "file:.flowc")
    assert (left.code, "no such run any more" in left.err, "failed" in left.out) == (0, True, True)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long between two looks."""
    monkeypatch.setattr(waiting, "_SHORTEST", 0.01)


@pytest.mark.parametrize(("end", "code"), [("succeeded", 0), ("failed", 1), ("terminated", 1)])
def test_wait_ends_with_the_run(flowc: Flowc, memory: Memory, run: str, quick: None, end: str, code: int) -> None:
    looks = iter(["queued", "running", "running", end])
    memory.moves = lambda name: memory.started.update({name: ended(memory.started[name], next(looks, end))})  # type: ignore[arg-type]
    waited = flowc("wait", run)
    assert (waited.code, f" {end} " in f"{waited.err} ".replace("\n", " ")) == (code, True)


def test_wait_ends_in_time_and_asks_again_where_nothing_answers(
    flowc: Flowc, memory: Memory, run: str, quick: None
) -> None:
    assert (flowc("wait", run, "--timeout", "0.1s").code, memory.started[run].phase) == (124, "queued")
    stuck = EngineTask("start", "-", "queued", "pod-0", reason="ErrImagePull", message="no such image", cure="push it")
    memory.started[run] = ended(memory.started[run], "queued", stuck)
    waited = flowc("wait", run, "--timeout", "0.1s")
    assert (waited.code, "    ErrImagePull: no such image\n    push it\n" in waited.err) == (124, True)
    left = iter([EngineError("down")] * 3)

    def fault() -> None:
        if memory.said[-1] == "run" and memory.said.count("run") > 3:
            for error in left:
                raise error
            memory.started[run] = ended(memory.started[run], "succeeded")

    memory.said.clear()
    memory.fault = fault
    assert flowc("wait", run).code == 0
    assert next(left, None) is None
    for wrong in ("soon", "1y", ""):
        assert flowc("wait", run, "--timeout", wrong).code == 2


def test_interrupting_a_wait_leaves_the_run(flowc: Flowc, memory: Memory, run: str, quick: None) -> None:
    def interrupt(_: str) -> None:
        if memory.said.count("run") > 4:
            raise KeyboardInterrupt

    memory.moves = interrupt
    ended_ = flowc("wait", run)
    assert (ended_.code, "goes on" in ended_.err, memory.started[run].phase) == (130, True, "queued")


def test_logs_are_whole_in_order_and_once(flowc: Flowc, memory: Memory, run: str, quick: None) -> None:
    first = EngineTask("square", "0", "running", "a", 0, started=1.0)
    second = EngineTask("square", "1", "running", "b", 0, started=1.0)
    memory.logs = {"a": [f"a{n}" for n in range(5)], "b": ["b0", "\x1b[2Jb1"]}
    memory.started[run] = ended(memory.started[run], "running", first, second)
    shown = flowc("logs", run)
    assert shown.code == 0
    assert [line.split()[1:] for line in shown.out.splitlines()] == [
        ["square[0]", "|", "a0"], ["square[1]", "|", "b0"], ["square[0]", "|", "a1"], ["square[1]", "|", "b1"],
        ["square[0]", "|", "a2"], ["square[0]", "|", "a3"], ["square[0]", "|", "a4"],
    ]  # fmt: skip
    assert len(flowc("logs", f"{run}/square/1").out.splitlines()) == 2
    assert flowc("logs", f"{run}/squar").code == 4
    looks = iter(range(4))

    def move(_: str) -> None:
        if next(looks, None) is None:
            over = (ended_task(first), ended_task(second))
            memory.started[run] = ended(memory.started[run], "succeeded", *over)
        else:
            memory.logs["a"].append(f"a{len(memory.logs['a'])}")

    memory.moves = move
    followed = flowc("logs", run, "--follow", "--json")
    assert followed.code == 0
    *lines, last = [json.loads(line) for line in followed.out.splitlines()]
    assert last["run"]["status"] == "succeeded"
    assert [each["line"] for each in lines if each["index"] == "0"] == memory.logs["a"]


def ended_task(task: EngineTask) -> EngineTask:
    """The task, having gone well."""
    return EngineTask(task.step, task.index, "succeeded", task.node, 0, started=1.0, finished=2.0)


def test_terminate_retry_open_suspend_delete(flowc: Flowc, memory: Memory, run: str) -> None:
    assert "was told to end" in flowc("terminate", run).err
    assert "has terminated already" in flowc("terminate", run).err
    going = flowc("retry", run)
    assert (going.code, going.out.strip(), memory.started[run].phase) == (0, run, "running")
    memory.started[run] = ended(memory.started[run], "succeeded")
    assert flowc("retry", run).code == 2
    assert flowc("retry", run, "--from", "square").code == 0
    assert flowc("open", run, "--print").out == f"https://engine.example/{run}\n"
    assert flowc("argo", "suspend", "sum-flow").code == 0
    assert "suspended  sum-flow" in flowc("argo", "list").out
    assert flowc("argo", "resume", "sum-flow").code == 0
    assert [each["suspended"] for each in json.loads(flowc("argo", "list", "--json").out)["deployments"]] == [False]
    assert (flowc("argo", "delete", "sum-flow").code, "sum-flow" in memory.deployed) == (2, True)
    assert (flowc("argo", "delete", "sum-flow", "--yes").code, memory.deployed) == (0, {})
    assert flowc("argo", "delete", "sum-flow", "--yes").code == 4
    assert flowc("argo", "suspend", "sum-flow").code == 4


def test_a_retry_from_a_step_says_what_shares_its_container(flowc: Flowc, memory: Memory, run: str) -> None:
    container = EngineTask("start", "-", "succeeded", "a", shares=Sharing(("start", "square", "join")))
    memory.started[run] = ended(memory.started[run], "succeeded", container)
    told = flowc("retry", run, "--from", "square")
    assert (told.code, told.out.strip()) == (0, run)
    assert "`square` shares a container with `start`, `join`: the whole container is done again" in told.err
    memory.started[run] = ended(memory.started[run], "succeeded", container)
    assert "shares" not in flowc("retry", run, "--from", "start").err


def test_runs_lists_those_of_the_store_and_of_engines(flowc: Flowc, folder: Path, memory: Memory, run: str) -> None:
    assert flowc("run", "--run-id", "here", "--tag", "x", "flow.py", "--top", "1").code == 0
    assert [each["run_id"] for each in json.loads(flowc("runs", "SumFlow", "--json").out)] == ["here"]
    assert [each["run_id"] for each in json.loads(flowc("runs", "SumFlow", "--json", "--target", "argo").out)] == [run]
    (folder / "pyproject.toml").write_text("[tool.flowc.argo.connection]\ncontext = 'tests'\n")
    both = json.loads(flowc("runs", "SumFlow", "--json").out)
    assert {each["run_id"]: (each["target"], each["status"]) for each in both} == {
        "here": ("local", "succeeded"), run: ("argo", "queued"),
    }  # fmt: skip
    assert memory.connection is not None
    assert memory.connection.options == {"context": "tests"}
    for words, expected in ((["--status", "queued"], [run]), (["--tag", "x"], ["here"]), (["--since", "1h"], ["here"])):
        assert [each["run_id"] for each in json.loads(flowc("runs", "SumFlow", "--json", *words).out)] == expected
    memory.fault = _raises(EngineError("it is down"))
    listed = flowc("runs", "SumFlow", "--json")
    assert ([each["run_id"] for each in json.loads(listed.out)], "note: it is down" in listed.err) == (["here"], True)


def test_doctor_tells_what_is_wrong(flowc: Flowc, folder: Path, memory: Memory) -> None:
    found = flowc("doctor", "argo", "--store", "file:store", "--json")
    checks = {each["subject"]: each for each in json.loads(found.out)["checks"]}
    assert (found.code, checks["store"]["well"], checks["rights"]["cure"]) == (5, True, "ask for it")
    assert not [path for path in (folder / "store").rglob("*") if path.is_file()]
    assert "wrong    rights  may not create: ask for it" in flowc("doctor", "argo").out


def _raises(error: Exception) -> Callable[[], None]:
    def fault() -> None:
        raise error

    return fault


VERBS = {
    "deploy": ("argo", "deploy", "flow.py"),
    "dry run": ("argo", "deploy", "flow.py", "--dry-run"),
    "trigger": ("argo", "trigger", "flow.py"),
    "list": ("argo", "list"),
    "suspend": ("argo", "suspend", "sum-flow"),
    "resume": ("argo", "resume", "sum-flow"),
    "delete": ("argo", "delete", "sum-flow", "--yes"),
    "status": ("status", "RUN"),
    "logs": ("logs", "RUN"),
    "retry": ("retry", "RUN"),
    "terminate": ("terminate", "RUN"),
    "runs": ("runs", "SumFlow", "--target", "argo"),
    "status of a flow": ("status", "SumFlow", "--target", "argo"),
}
FAULTS = (EngineError("no answer"), RefusedError("not so"), NotThereError("gone"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("verb", VERBS)
def test_a_fault_is_one_line_and_its_code(flowc: Flowc, memory: Memory, run: str, verb: str, fault: Exception) -> None:
    memory.fault = _raises(fault)
    words = [run if word == "RUN" else word for word in VERBS[verb]]
    told = flowc(*words)
    assert told.code == fault.code or (isinstance(fault, NotThereError) and verb in ("deploy", "dry run", "list"))  # type: ignore[attr-defined]
    assert "Traceback" not in told.err
    assert "internal error" not in told.err
    if told.code == fault.code:  # type: ignore[attr-defined]
        assert [line for line in told.err.splitlines() if line.startswith("error: ")] == [f"error: {fault}"]
