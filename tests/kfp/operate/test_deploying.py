"""What is deployed on the server: a version a change, nothing of others, and what somebody has done by hand is seen."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from compiler.backends.operating import NotThereError, RefusedError
from compiler.slotted_class import replaced
from tests.engines.kfp_api.world import World
from tests.kfp.operate.stage import PLAIN, Server, standing_in
from tests.stages.operated import written


def test_a_version_is_added_where_something_differs(server: Server, tmp_path: Path) -> None:
    release = server.release(written(tmp_path, PLAIN, "PlainFlow"))
    [new] = server.engine.changes(release)
    assert (new.kind, new.name, new.state, "labels" in new.new) == ("Pipeline", "plain-flow", "new", True)
    assert server.world.pipelines == {}
    there = server.engine.deploy(release, server.said.append)
    assert (there.name, there.record, there.problem) == ("plain-flow", release.record, "")
    server.engine.deploy(release, server.said.append)
    assert (len(server.world.versions), server.said) == (1, ["new: Pipeline plain-flow"])
    [same] = server.engine.changes(release)
    assert (same.state, same.old) == ("unchanged", same.new)
    later = server.release(written(tmp_path, PLAIN.replace('"a"', '"b"'), "PlainFlow"))
    later = replaced(later, record=replaced(later.record, revision="def+"))
    [changed] = server.engine.changes(later)
    assert (changed.state, changed.by_hand) == ("changed", False)
    assert [each.strip() for each in {*changed.new.splitlines()} - {*changed.old.splitlines()}] == ["team: b"]
    assert server.engine.deploy(later, server.said.append).record == later.record
    server.engine.deploy(release, server.said.append)
    assert server.engine.deployment("plain-flow").record == release.record
    assert len(server.world.versions) == 3
    assert [each.name for each in server.engine.deployments()] == ["plain-flow"]
    server.engine.delete("plain-flow")
    assert (server.world.pipelines, server.world.versions) == ({}, {})
    with pytest.raises(NotThereError, match="no deployment plain-flow"):
        server.engine.delete("plain-flow")


def test_two_that_deploy_at_once_leave_one_of_both(server: Server, tmp_path: Path) -> None:
    texts = (PLAIN, PLAIN.replace('"a"', '"b"'))
    releases = [server.release(written(tmp_path, text, "PlainFlow")) for text in texts]
    engines = [server.engine for _ in releases]
    with ThreadPoolExecutor(len(releases)) as pool:
        list(pool.map(lambda engine, release: engine.deploy(release, server.said.append), engines, releases))
    assert sorted(each["pipeline_id"] for each in server.world.versions.values()) == [*server.world.pipelines] * 2
    there = server.engine.deployment("plain-flow")
    assert there.record in [release.record for release in releases]
    states = sorted(change.state for release in releases for change in server.engine.changes(release))
    assert states == ["changed", "unchanged"]
    for verb in (server.engine.suspend, server.engine.resume):
        with pytest.raises(RefusedError, match="nothing of flowc's starts plain-flow"):
            verb("plain-flow")


def test_what_somebody_else_has_made_is_left_alone(server: Server, tmp_path: Path) -> None:
    release = server.release(written(tmp_path, PLAIN, "PlainFlow"))
    server.world.upload("plain-flow", "", "Of somebody else: flowc/flow", release.files[0].text)
    assert [each.state for each in server.engine.changes(release)] == ["foreign"]
    with pytest.raises(RefusedError, match="is there and not of flowc"):
        server.engine.deploy(release, server.said.append)
    for verb in (server.engine.delete, server.engine.deployment, server.engine.suspend, server.engine.resume):
        with pytest.raises(NotThereError, match="is not one of flowc's"):
            verb("plain-flow")
    assert list(server.engine.deployments()) == []
    assert len(server.world.versions) == 1


def test_a_version_that_somebody_has_added_is_seen_and_replaced(server: Server, tmp_path: Path) -> None:
    release = server.release(written(tmp_path, PLAIN, "PlainFlow"))
    server.engine.deploy(release, server.said.append)
    (pipeline,), (version,) = server.world.pipelines, server.world.versions.values()
    version["created_at"] = "2020-01-01T00:00:00Z"
    server.world.upload_version(pipeline, "by-hand", "", release.files[0].text.replace("team: a", "team: z"))
    assert "added a newer version by hand" in server.engine.deployment("plain-flow").problem
    [change] = server.engine.changes(release)
    assert (change.state, change.by_hand, "team: z" in change.old) == ("changed", True, True)
    server.engine.deploy(release, server.said.append)
    assert [each.state for each in server.engine.changes(release)] == ["unchanged"]
    assert server.engine.deployment("plain-flow").problem == ""
    assert len(server.world.versions) == 3


def test_many_pipelines_and_a_namespace(tmp_path: Path) -> None:
    with standing_in(tmp_path, multi_user=True) as server:
        alone = dataclasses.replace(server, connection=replaced(server.connection, namespace="team"))
        release = server.release(written(tmp_path, PLAIN, "PlainFlow"))
        told = {each.subject: each.is_well for each in server.engine.diagnose()}
        assert told["namespace"] is False
        for number in range(120):
            _other(server.world, number, release.files[0].text)
        alone.engine.deploy(release, server.said.append)
        assert [each.name for each in alone.engine.deployments()] == ["plain-flow"]
        assert list(server.engine.deployments()) == []
        assert {each.subject: each.is_well for each in alone.engine.diagnose()}["namespace"] is True
        run = alone.start("plain-flow")
        assert alone.over(run.run).phase == "succeeded"
        assert [each["namespace"] for each in server.world.experiments.values()] == ["team"]


def _other(world: World, number: int, text: str) -> None:
    made = world._new("pipeline_id", f"other-{number}", "")
    world.pipelines[made["pipeline_id"]] = {**made, "name": f"other-{number}", "namespace": "team"}
    assert text
