"""What a deploy writes, and what it leaves alone: the unchanged, the foreign, runs, changes by hand, another deploy at the same time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from compiler.backends import OutputFile
from compiler.backends.operating import NotThereError, RefusedError, Release
from compiler.slotted_class import replaced
from tests.engines.argo_place import Place
from tests.stages.operated import written

FLOW = """
from flowc import FlowSpec, step{imports}

{head}
class TickFlow(FlowSpec):
    '''{doc}'''
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def _release(
    place: Place, folder: Path, head: str = "", imports: str = "", doc: str = "one", revision: str = "abc"
) -> Release:
    return place.release(written(folder, FLOW.format(head=head, imports=imports, doc=doc), "TickFlow"), revision)


def _daily(place: Place, folder: Path, cron: str = "0 3 * * *", doc: str = "one") -> Release:
    return _release(place, folder, f"@schedule(cron='{cron}')", ", schedule", doc)


def _deploy(place: Place, release: Release) -> None:
    place.engine.deploy(release, place.said.append)


def _states(place: Place, release: Release) -> dict[tuple[str, str], str]:
    return {(change.kind, change.name): change.state for change in place.engine.changes(release)}


def test_what_is_new_is_shown_and_made_and_then_unchanged(stand_in: Place, tmp_path: Path) -> None:
    release = _daily(stand_in, tmp_path)
    assert _states(stand_in, release) == {
        ("WorkflowTemplate", "tick-flow"): "new",
        ("CronWorkflow", "tick-flow"): "new",
    }
    assert not stand_in.stand_in().store.writes
    _deploy(stand_in, release)
    assert set(_states(stand_in, release).values()) == {"unchanged"}
    writes = list(stand_in.stand_in().store.writes)
    _deploy(stand_in, release)
    _deploy(stand_in, _release_again(release))
    assert stand_in.stand_in().store.writes == writes


def _release_again(release: Release) -> Release:
    """The same files of another commit."""
    return replaced(release, record=replaced(release.record, revision="def", at="2027-01-01T00:00:00Z"))


def test_a_change_writes_what_differs_and_what_is_gone_goes_with_its_runs_left(stand_in: Place, tmp_path: Path) -> None:
    world = stand_in.stand_in()
    _deploy(stand_in, _daily(stand_in, tmp_path))
    run = world.fire("tick-flow")
    stand_in.over(f"argo-flows-{run}")
    release = _release(stand_in, tmp_path, doc="two")
    changes = {change.name + change.kind: change for change in stand_in.engine.changes(release)}
    assert changes["tick-flowWorkflowTemplate"].state == "changed"
    assert not changes["tick-flowWorkflowTemplate"].by_hand
    assert "description: two" in changes["tick-flowWorkflowTemplate"].new
    assert "description: one" in changes["tick-flowWorkflowTemplate"].old
    assert changes["tick-flowCronWorkflow"].state == "gone"
    _deploy(stand_in, release)
    assert set(_states(stand_in, release).values()) == {"unchanged"}
    assert stand_in.engine.run(f"argo-flows-{run}").phase == "succeeded"


def test_a_change_by_hand_is_seen_and_put_right(stand_in: Place, tmp_path: Path) -> None:
    world = stand_in.stand_in()
    release = _daily(stand_in, tmp_path)
    _deploy(stand_in, release)
    patch = {"spec": {"parallelism": 3, "templateDefaults": {"container": {"image": "other:1"}}}}
    world.store.merge("workflowtemplates", "tick-flow", patch, "kubectl-edit")
    (change,) = (change for change in stand_in.engine.changes(release) if change.state != "unchanged")
    assert (change.state, change.by_hand) == ("changed", True)
    assert "parallelism" in change.old
    _deploy(stand_in, release)
    spec = world.store.get("workflowtemplates", "tick-flow")["spec"]
    assert "parallelism" not in spec
    assert spec["templateDefaults"]["container"]["image"] == "image:1"
    assert set(_states(stand_in, release).values()) == {"unchanged"}


def test_labels_and_annotations_of_others_stay(stand_in: Place, tmp_path: Path) -> None:
    world = stand_in.stand_in()
    _deploy(stand_in, _release(stand_in, tmp_path))
    world.store.merge(
        "workflowtemplates",
        "tick-flow",
        {"metadata": {"labels": {"team": "a"}, "annotations": {"argocd": "x"}}},
        "argocd",
    )
    _deploy(stand_in, _release(stand_in, tmp_path, doc="two"))
    metadata = world.store.get("workflowtemplates", "tick-flow")["metadata"]
    assert (metadata["labels"]["team"], metadata["annotations"]["argocd"]) == ("a", "x")


def test_a_foreign_object_is_refused_and_nothing_is_written(stand_in: Place, tmp_path: Path) -> None:
    world = stand_in.stand_in()
    spec = {"schedules": ["* * * * *"], "workflowSpec": {"workflowTemplateRef": {"name": "theirs"}}}
    theirs = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {"name": "tick-flow"},
        "spec": spec,
    }
    world.store.create("cronworkflows", theirs, "kubectl")
    writes = list(world.store.writes)
    release = _daily(stand_in, tmp_path)
    assert _states(stand_in, release)["CronWorkflow", "tick-flow"] == "foreign"
    with pytest.raises(RefusedError, match="not of this deployment"):
        _deploy(stand_in, release)
    assert world.store.writes == writes
    with pytest.raises(NotThereError):
        stand_in.engine.delete("theirs")


def test_two_deploys_at_once_leave_one_of_both_whole(stand_in: Place, tmp_path: Path) -> None:
    first, second = (
        _daily(stand_in, tmp_path, cron, doc) for cron, doc in (("0 1 * * *", "one"), ("0 2 * * *", "two"))
    )
    world = stand_in.stand_in()
    for _ in range(3):
        threads = [threading.Thread(target=_deploy, args=(stand_in, release)) for release in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        template = world.store.get("workflowtemplates", "tick-flow")["metadata"]["annotations"]
        cron = world.store.get("cronworkflows", "tick-flow")
        left = (template["workflows.argoproj.io/description"], cron["spec"]["schedules"])
        assert left in (("one", ["0 1 * * *"]), ("two", ["0 2 * * *"]))
        assert template["flowc/digest"] == cron["metadata"]["annotations"]["flowc/digest"]


def test_a_schedule_that_the_controller_refuses_is_said(stand_in: Place, tmp_path: Path) -> None:
    release = _daily(stand_in, tmp_path)
    main = release.files[0]
    bad = replaced(release, files=(replaced(main, text=main.text.replace("0 3 * * *", "0 3 * *")),))
    with pytest.raises(RefusedError, match="exactly 5 fields"):
        _deploy(stand_in, bad)
    assert "exactly 5 fields" in stand_in.engine.deployment("tick-flow").problem


def test_a_schedule_sleeps_over_a_deploy_and_wakes(place: Place, tmp_path: Path) -> None:
    _deploy(place, _daily(place, tmp_path))
    try:
        deployed = place.engine.deployment("tick-flow")
        assert (deployed.is_suspended, deployed.schedule) == (False, "0 3 * * * UTC")
        place.engine.suspend("tick-flow")
        _deploy(place, _daily(place, tmp_path, doc="two"))
        assert place.engine.deployment("tick-flow").is_suspended
        assert [each.is_suspended for each in place.engine.deployments() if each.name == "tick-flow"] == [True]
        place.engine.resume("tick-flow")
        assert not place.engine.deployment("tick-flow").is_suspended
    finally:
        place.engine.delete("tick-flow")


def test_a_schedule_that_a_deploy_has_let_sleep_sleeps_over_a_plain_one(stand_in: Place, tmp_path: Path) -> None:
    """Neither its sleep nor its waking is a change by hand, and a plain deploy changes neither."""
    plain, engine = _daily(stand_in, tmp_path), stand_in.engine
    asleep = replaced(
        plain, files=(_asleep(plain.files[0]), *plain.files[1:]), record=replaced(plain.record, digest="b")
    )
    _deploy(stand_in, asleep)
    assert engine.deployment("tick-flow").is_suspended
    assert set(_states(stand_in, plain).values()) == {"unchanged"}
    _deploy(stand_in, plain)
    assert engine.deployment("tick-flow").is_suspended, "nobody has resumed it"
    engine.resume("tick-flow")
    assert set(_states(stand_in, plain).values()) == {"unchanged"}
    _deploy(stand_in, _daily(stand_in, tmp_path, doc="two"))
    assert not engine.deployment("tick-flow").is_suspended
    (change,) = (each for each in engine.changes(asleep) if each.kind == "CronWorkflow")
    assert (change.state, change.by_hand, "suspend: true" in change.new) == ("changed", False, True)
    assert "suspend: false" in change.old
    _deploy(stand_in, asleep)
    engine.resume("tick-flow")
    (change,) = (each for each in engine.changes(asleep) if each.state != "unchanged")
    assert (change.kind, change.by_hand, "suspend: false" in change.old) == ("CronWorkflow", False, True)


def _asleep(file: OutputFile) -> OutputFile:
    """What `deploy --suspend` makes."""
    return replaced(file, text=file.text.replace("timezone: UTC", "timezone: UTC\n  suspend: true"))


def test_what_nothing_starts_or_events_start_cannot_sleep(stand_in: Place, tmp_path: Path) -> None:
    _deploy(stand_in, _release(stand_in, tmp_path))
    with pytest.raises(RefusedError, match="neither a schedule nor events"):
        stand_in.engine.suspend("tick-flow")
    _deploy(stand_in, _release(stand_in, tmp_path, "@trigger(event='rain')", ", trigger"))
    with pytest.raises(RefusedError, match="kubectl delete sensor tick-flow"):
        stand_in.engine.suspend("tick-flow")
    stand_in.engine.resume("tick-flow")


def test_events_are_deployed_whole_and_removed(stand_in: Place, tmp_path: Path) -> None:
    """hera's own models would lose what the Sensor creates."""
    release = _release(stand_in, tmp_path, "@trigger_on_finish(flow='OtherFlow')", ", trigger_on_finish")
    _deploy(stand_in, release)
    store = stand_in.stand_in().store
    sensor = store.get("sensors", "tick-flow")["spec"]["triggers"][0]["template"]["k8s"]["source"]["resource"]
    assert sensor["spec"]["workflowTemplateRef"] == {"name": "tick-flow"}
    assert store.get("eventsources", "tick-flow")["spec"]["resource"]["other-flow"]["group"] == "argoproj.io"
    assert set(_states(stand_in, release).values()) == {"unchanged"}
    stand_in.engine.delete("tick-flow")
    assert not store.objects


def test_a_cluster_without_argo_events_takes_what_needs_none(stand_in: Place, tmp_path: Path) -> None:
    stand_in.stand_in().absent = {"sensors", "eventsources"}
    _deploy(stand_in, _release(stand_in, tmp_path))
    assert stand_in.engine.deployment("tick-flow").problem == ""
    with pytest.raises(NotThereError):
        _deploy(stand_in, _release(stand_in, tmp_path, "@trigger(event='rain')", ", trigger"))


def test_accounts_and_roles_go_with_the_deployment(cluster_alone: Place, tmp_path: Path) -> None:
    cluster_alone.options = replaced(cluster_alone.options, target={"rbac": True})
    _deploy(cluster_alone, _release(cluster_alone, tmp_path))
    kinds = {kind for kind, _ in cluster_alone.stand_in().store.objects}
    assert kinds == {"workflowtemplates", "serviceaccounts", "roles", "rolebindings"}
    cluster_alone.options = replaced(cluster_alone.options, target={"service_account": "theirs"})
    release = _release(cluster_alone, tmp_path)
    assert sorted(_states(cluster_alone, release).values()) == ["changed", "gone", "gone", "gone"]
    _deploy(cluster_alone, release)
    assert {kind for kind, _ in cluster_alone.stand_in().store.objects} == {"workflowtemplates"}


def test_argo_server_has_no_accounts(server_alone: Place, tmp_path: Path) -> None:
    server_alone.options = replaced(server_alone.options, target={"rbac": True})
    with pytest.raises(RefusedError, match="by a kubeconfig"):
        _deploy(server_alone, _release(server_alone, tmp_path))


def test_argo_server_judges_a_template_before_anything_is_written(server_alone: Place, tmp_path: Path) -> None:
    release = _release(server_alone, tmp_path)
    main = release.files[0]
    bad = replaced(release, files=(replaced(main, text=main.text.replace("entrypoint: main", "entrypoint: nowhere")),))
    with pytest.raises(RefusedError, match="undefined"):
        _deploy(server_alone, bad)
    assert not server_alone.stand_in().store.writes


def test_another_namespace_is_refused(stand_in: Place, tmp_path: Path) -> None:
    stand_in.options = replaced(stand_in.options, namespace="elsewhere")
    with pytest.raises(RefusedError, match="--namespace elsewhere"):
        _deploy(stand_in, _release(stand_in, tmp_path))


def test_what_kubectl_has_applied_is_taken_over(stand_in: Place, tmp_path: Path) -> None:
    import yaml

    release = _daily(stand_in, tmp_path)
    for document in yaml.safe_load_all(release.files[0].text):
        plural = f"{document['kind'].lower()}s"
        stand_in.stand_in().store.create(plural, document, "kubectl-client-side-apply")
    assert [(each.name, each.record) for each in stand_in.engine.deployments()] == [("tick-flow", None)]
    assert set(_states(stand_in, release).values()) == {"changed"}
    _deploy(stand_in, release)
    assert [each.record for each in stand_in.engine.deployments()] == [release.record]
    stand_in.engine.delete("tick-flow")
    assert list(stand_in.engine.deployments()) == []
    _deploy(stand_in, release)
    assert stand_in.engine.deployment("tick-flow").schedule == "0 3 * * * UTC"
