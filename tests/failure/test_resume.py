"""`flowc run --resume`: what is taken over, what runs anew, and what the resumed run then is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read, read_run
from flowc.client.flows import Run

from tests.engines import FlowCase
from tests.engines.argo_case import run_argo
from tests.failure.resumed import ANEW, LAST, SOURCE, SWITCHED, Place, place
from tests.stages.written_runs import begun

__all__ = ["place"]


@pytest.mark.every(2)
@pytest.mark.language("resume.failed", "resume.from")
@pytest.mark.parametrize(("fails", "step", "anew"), ANEW)
def test_a_resumed_run_begins_only_what_did_not_succeed(
    place: Place, fails: str, step: str | None, anew: set[str]
) -> None:
    place.write(fails)
    first = place.run("one", "--extra", '{"a": [1]}', "--width", "2")
    assert first.returncode == (1 if fails else 0), first.stderr
    # what the failure stopped before it began runs now, too
    anew = anew | ({"part/0", "check/0", "left/-"} - place.anew("one"))
    place.write(mark="second")
    done = place.run("two", "--resume", "one", *(["--from", step] if step else []))
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.anew("two") == anew
    end = place.left("two", "end")
    assert end["ran"] == [["start", "part0"], ["start", "part1"]]
    assert end["caught"] == [False, True]
    assert end["large"][-3:] == b"end"
    assert end["by"] == ["left", "right"]
    if anew:
        assert end["mark"] == "second"
        assert end["told"] == ("one", 0, 2, {"a": [1]})
    assert read_run(place.store, RunAddress("F", "two")).origin == "one"


def test_a_run_elsewhere_that_may_go_on_is_resumed_with_force_alone(place: Place) -> None:
    place.write()
    begun(place.store, RunAddress("F", "one"), time.time(), given={"width": 2})
    refused = place.run("two", "--resume", "one")
    assert refused.returncode == 2
    assert "F/one may be running: it has not ended, and the last sign of life was " in refused.stderr
    assert "--force" in refused.stderr
    assert place.run("two", "--resume", "one", "--force").returncode == 0


def test_the_origin_can_be_removed(place: Place) -> None:
    place.write("end")
    assert place.run("one").returncode == 1
    place.write()
    assert place.run("two", "--resume").returncode == 0
    shutil.rmtree(place.folder / "store" / "F" / "one")
    assert len(place.left("two", "start")["large"]) == 300_003
    assert place.left("two", "start").stdout == "x" * 100_000 + "\n"
    assert place.left("two", "part", "1").item() == "item 1" * 2000
    assert place.left("two", "end")["told"][0] == "one"


@pytest.mark.parametrize(
    ("damage", "anew"),
    [
        ("join/-/manifest", {"join/-", *LAST}),
        ("part/0/manifest", {"part/0", "check/0", "join/-", *LAST}),
        ("merge/-/attempt-0001", set()),
        ("start's blobs", {"start/-", "part/0", "part/1", "check/0", "check/1", "join/-", *LAST}),
        ("start's blobs, cut", {"start/-", "part/0", "part/1", "check/0", "check/1", "join/-", *LAST}),
    ],
)
def test_what_is_damaged_or_gone_is_done_again(place: Place, damage: str, anew: set[str]) -> None:
    place.write()
    assert place.run("one").returncode == 0
    folder = place.folder / "store/F/one"
    if "blobs" in damage:
        for path in (folder / "_blobs").iterdir():
            whole = path.read_bytes()
            path.unlink()
            if damage.endswith("cut"):
                path.write_bytes(whole[:-1])
    else:
        data = bytearray((folder / damage).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / damage).write_bytes(data)
    done = place.run("two", "--resume", "one")
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.anew("two") == anew
    assert place.left("two", "end")["ran"] == [["start", "part0"], ["start", "part1"]]
    assert len(place.left("two", "start")["large"]) == 300_003


def test_commands_tell_what_is_damaged_in_one_line(place: Place) -> None:
    place.write()
    assert place.run("one").returncode == 0
    path = place.folder / "store/F/one/join/-/manifest"
    path.write_bytes(path.read_bytes()[:100])
    for command in ("inspect", "card list"):
        words = [sys.executable, "-P", "-m", "compiler", *command.split(), "--store", place.store.url, "F/one"]
        told = subprocess.run(words, capture_output=True, text=True, check=False)
        assert told.returncode == 2
        (line,) = told.stderr.splitlines()
        assert line.startswith("error: the manifest of F/one/join/join in the store")


def test_latest_is_the_newest_run_and_resumed_ones_can_be_resumed(place: Place) -> None:
    place.write("end")
    for run in ("one", "two"):
        assert place.run(run).returncode == 1
    assert place.run("three", "--resume").returncode == 1
    place.write()
    assert place.run("four", "--resume=latest").returncode == 0
    assert [read_run(place.store, RunAddress("F", run)).origin for run in ("three", "four")] == ["two", "three"]


def test_the_client_and_inspect_say_where_it_comes_from(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("end")
    assert place.run("one").returncode == 1
    place.write()
    assert place.run("two", "--resume", "F/one").returncode == 0
    monkeypatch.setenv("FLOWC_STORE", place.store.url)
    monkeypatch.setenv("METAFLOW_NAMESPACE", "")
    run = Run("F/two")
    assert run.successful
    assert run.origin_pathspec == "F/one"
    assert run["part"].task.origin_pathspec == "F/one/part/part-0"
    assert run["end"].task.origin_pathspec is None
    words = [sys.executable, "-P", "-m", "compiler", "inspect", "--store", place.store.url, "F/two"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "resumed from one" in told
    assert told.count("taken over") == 9


OTHER_WAY = SOURCE.replace("self.next(self.merge)", "self.next(self.more)", 1).replace(
    "    @step\n    def merge",
    "    @step\n    def more(self):\n        self.next(self.merge)\n    @step\n    def merge",
)


@pytest.mark.parametrize(
    ("words", "source", "text"),
    [
        (["--resume", "nowhere"], SOURCE, "no run F/nowhere"),
        (["--resume", "one", "--from", "aprt"], SOURCE, "did you mean `part`"),
        (["--from", "part"], SOURCE, "--resume RUN"),
        (["--resume", "one", "--width", "3"], SOURCE, "has the parameters of the run"),
        (["--resume", "one"], OTHER_WAY, "--from left"),
    ],
)
def test_what_cannot_be_resumed_is_said_and_nothing_is_written(
    place: Place, words: list[str], source: str, text: str
) -> None:
    place.write("end")
    assert place.run("one").returncode == 1
    place.write(source=source)
    done = place.run("two", *words)
    assert done.returncode == 2, done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place.folder / "store" / "F" / "two").exists()


@pytest.mark.language("resume.code")
def test_changed_code_goes_on_from_the_step_that_it_changes(place: Place) -> None:
    place.write("end")
    assert place.run("one").returncode == 1
    place.write(source=OTHER_WAY)
    done = place.run("two", "--resume", "one", "--from", "left")
    assert done.returncode == 0, done.stderr
    assert place.anew("two") == {"left/-", "more/-", "merge/-", "end/-"}


@pytest.mark.language("resume.decisions")
@pytest.mark.parametrize(
    ("fails", "step", "took"),
    [("join", None, ["low", "high"]), ("high", None, ["low", "high"]), ("join", "pick", ["high", "low"])],
)
def test_decisions_are_kept_unless_the_switch_runs_anew(
    place: Place, fails: str, step: str | None, took: list[str]
) -> None:
    """The code would decide otherwise by now: it is asked only where its step is."""
    place.write(fails, source=SWITCHED)
    assert place.run("one").returncode == 1
    place.write(source=SWITCHED, mark="second")
    done = place.run("two", "--resume", "one", *(["--from", step] if step else []))
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.left("two", "end")["took"] == took
    assert ("pick/0" in place.anew("two")) == (step is not None)


KEPT = """
from flowc import S3, FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        with S3(run=self) as s3:
            s3.put("a key", "of " + MARK)
        self.next(self.end)
    @step
    def end(self):
        assert "end" not in FAILS
        with S3(run=self) as s3:
            self.read = s3.get("a key").text
"""


def test_what_a_step_wrote_for_its_run_comes_along(place: Place) -> None:
    place.write("end", source=KEPT)
    assert place.run("one").returncode == 1
    place.write(source=KEPT, mark="second")
    assert place.run("two", "--resume", "one").returncode == 0
    assert place.left("two", "end")["read"] == "of first"


@pytest.mark.language("resume.target")
def test_a_run_of_a_target_goes_on_here(place: Place) -> None:
    place.write("join")
    outcome = run_argo(FlowCase(place.folder / "flow.py", "F", {"width": 3}, {}, place.folder), place.folder)
    assert not outcome.success
    place.write()
    done = place.run("here", "--resume", outcome.run_id)
    assert done.returncode == 0, done.stderr
    assert place.anew("here") == {"join/-", *LAST}
    assert place.left("here", "end")["told"] == (outcome.run_id, 0, 3, {})


def test_a_resumed_run_has_tags_of_its_own(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("end")
    place.run("one", tags=("old",))
    place.write()
    assert place.run("two", "--resume", "one", tags=("new", "more")).returncode == 0
    monkeypatch.setenv("FLOWC_STORE", place.store.url)
    monkeypatch.setenv("METAFLOW_NAMESPACE", "")
    run = Run("F/two")
    assert (run.user_tags, run["part"].task.user_tags) == ({"new", "more"}, {"new", "more"})
    assert Run("F/one").user_tags == {"old"}
    assert {read(place.store, RunAddress("F", "two").task(step)).tags for step in ("start", "end")} == {("new", "more")}
