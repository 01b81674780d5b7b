"""Which runs the client shows: the namespace, tags, what triggered a run, and which store it looks at."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.client import flows as client
from flowc.client.flows import DataArtifact, Flow, Metaflow, Run, Step, Task, namespace
from flowc.exceptions import (
    MetaflowNamespaceMismatch,
    MetaflowTaggingError,
)
from flowc.store.files import FileStore

from tests.stages.runs import FANNED, fan
from tests.stages.task import Stage

pytestmark = pytest.mark.usefixtures("everything_shown")


@pytest.mark.language("client.namespace")
def test_a_namespace_hides_what_is_not_in_it(fanned: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    fan(fanned, run="anns", tags=("nightly", "v1"))
    monkeypatch.setenv("USER", "bob")
    fan(fanned, run="bobs", tags=("v1",))
    assert client.default_namespace() == "user:bob" == client.get_namespace()
    assert [run.id for run in Flow("F")] == ["bobs"] == [run.id for run in Flow("F").runs("v1")]
    assert list(Flow("F").runs("nightly")) == []
    with pytest.raises(MetaflowNamespaceMismatch, match="user:bob"):
        Run("F/anns")
    assert namespace("nightly") == "nightly"
    assert Flow("F").latest_run == Flow("F").latest_successful_run == Run("F/anns")
    assert Run("F/anns").is_in_namespace()
    for path, kind in [
        ("F/bobs", Run),
        ("F/bobs/body", Step),
        ("F/bobs/body/0", Task),
        ("F/bobs/end/-/x", DataArtifact),
    ]:
        with pytest.raises(MetaflowNamespaceMismatch):
            kind(path)
    monkeypatch.setenv("METAFLOW_NAMESPACE", "nightly")
    assert client.default_namespace() == "nightly"
    namespace("user:carol")
    with pytest.raises(MetaflowNamespaceMismatch):
        Flow("F")
    assert list(Metaflow()) == []
    assert namespace(None) is None
    assert [run.id for run in Flow("F")] == ["bobs", "anns"]
    assert [run.id for run in Flow("F").runs("v1", "nightly")] == ["anns"]


def test_tags_tell_who_when_and_what(fanned: Stage) -> None:
    fan(fanned, tags=("a",), project="shop.user.ann")
    run = Run("F/r")
    today = f"date:{run.created_at:%Y-%m-%d}"
    assert run.user_tags == {"a"}
    assert run.system_tags == {"user:ann", today, "project:shop", "project_branch:user.ann"}
    assert run["body"].task.tags == run.tags == run.user_tags | run.system_tags


def test_tags_change(fanned: Stage) -> None:
    fan(fanned, tags=("a", "b"))
    run = Run("F/r")
    run.add_tag("c")
    Run(run.pathspec).remove_tag("c")
    assert "c" in run.user_tags, "what its own change left, whatever others did since"
    run.add_tag("c")
    run.add_tags(["d", "a"])
    run.remove_tag("b")
    run.remove_tags(["nothing"])
    run.replace_tag("a", "e")
    assert run.user_tags == Run("F/r").user_tags == {"c", "d", "e"}
    assert run.successful
    with pytest.raises(MetaflowTaggingError, match="user:ann"):
        run.remove_tags(["c", "user:ann"])
    for wrong in ("", 3, "x" * 501):
        with pytest.raises(MetaflowTaggingError, match="is no tag"):
            run.add_tag(wrong)  # type: ignore[arg-type]
    assert run.user_tags == {"c", "d", "e"}


def test_a_run_tells_what_triggered_it(fanned: Stage) -> None:
    event = {"name": "metaflow.G.end", "id": "G/one/end/-", "timestamp": 5, "type": "run"}
    fanned.done("start", trigger=(event, {"name": "arrived", "id": "e", "timestamp": 9, "type": "event"}))
    trigger = Run("F/r").trigger
    assert trigger is not None
    assert [each.name for each in trigger] == ["arrived", "metaflow.G.end"]
    assert trigger.event == trigger["arrived"]
    assert trigger.run.pathspec == trigger["G"].pathspec == "G/one"
    assert ("G" in trigger, "H" in trigger) == (True, False)


def test_a_run_that_nothing_triggered(fanned: Stage) -> None:
    fanned.done("start")
    assert Run("F/r").trigger is None


@pytest.mark.parametrize("below", ["", "a/b"])
def test_the_store_is_the_nearest_folder_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str) -> None:
    (tmp_path / "here" / below).mkdir(parents=True)
    stage = Stage(tmp_path, FANNED, FileStore(f"file:{tmp_path / 'here' / '.flowc'}"))
    fan(stage)
    monkeypatch.chdir(tmp_path / "here" / below)
    assert client.get_metadata() == f"file:{tmp_path / 'here' / '.flowc'}"
    assert Run("F/r").data.x == 30
    assert client.metadata(f"file:{tmp_path / 'other'}") == f"file:{tmp_path / 'other'}"
    assert list(Metaflow()) == []
    assert client.default_metadata() == f"file:{tmp_path / 'here' / '.flowc'}"


def test_a_step_sees_its_own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(tmp_path, """
        from flowc import FlowSpec, step, Flow, Run, current, namespace, S3

        namespace(None)

        class F(FlowSpec):
            @step
            def start(self):
                self.earlier = Flow("F").latest_successful_run
                self.me = Run(f"{current.flow_name}/{current.run_id}")
                with S3(run=self) as s3:
                    self.url = s3.put("a/b", "kept")
                self.next(self.end)

            @step
            def end(self):
                self.value = self.earlier.data.value + 1 if self.earlier else 0
                with S3(run=self) as s3:
                    self.text = s3.get("a/b").text
    """)  # fmt: skip
    monkeypatch.setenv("FLOWC_STORE", stage.store.url)
    for run in ("one", "two"):
        stage.done("start", run=run)
        stage.done("end", "start", run=run)
    two = Run("F/two")
    assert two.data.earlier == Run("F/one")
    assert (two.data.value, two.data.text, two.data.me) == (1, "kept", two)
    assert two.data.url == f"{stage.store.url}/F/two/_s3/a/b"
    from flowc.datatools.s3 import S3

    with S3(run=two) as s3:
        assert [(found.key, found.text) for found in s3.get_all()] == [("a/b", "kept")]
