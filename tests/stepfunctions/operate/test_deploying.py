"""What `deploy` writes and what it leaves alone: the unchanged, the foreign, what was changed by hand, and what another deploys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from compiler.backends.operating import Change, EngineError, Record, RefusedError, Release, Start
from compiler.backends.stepfunctions.operate import deploying
from compiler.mistakes import CallError
from tests.engines.faults import Answer, Drop, faulty
from tests.engines.stepfunctions_operated import Place, place, unique
from tests.stepfunctions.operate.flows import PLAIN, SCHEDULED, TRIGGERED

TARGET = "X-Amz-Target"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A queue and a bucket for this file."""
    with place(tmp_path_factory.mktemp("deploying")) as found:
        yield found


def release(there: Place, name: str, text: str = PLAIN, **settings: Any) -> Release:
    """The flow as a release of that name."""
    path = there.folder / "plain_flow.py"
    path.write_text(text)
    return there.release(path, name, **settings)


def silent(_: str) -> None:
    """Hears nothing."""


def states(changes: tuple[Change, ...]) -> dict[str, tuple[str, bool]]:
    """What becomes of each object, and whether it was changed by hand."""
    return {f"{each.kind} {each.name}": (each.state, each.by_hand) for each in changes}


def versions(there: Place, name: str) -> int:
    """How many versions of a machine there are."""
    client = there.engine.client("stepfunctions")
    arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}"
    return len(client.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"])


def revisions(there: Place, name: str) -> list[int]:
    """The active revisions of a job definition."""
    found = there.engine.client("batch").describe_job_definitions(jobDefinitionName=name, status="ACTIVE")
    return sorted(each["revision"] for each in found["jobDefinitions"])


def test_a_queue_of_another_region_is_refused(there: Place) -> None:
    """Every run would fail in its first step."""
    queue = "arn:aws:batch:eu-west-2:123456789012:job-queue/q"
    engine = there.connect(options={"job_queue": queue})
    with pytest.raises(
        RefusedError, match="is in eu-west-2, and a machine in us-east-1 cannot use it: correct `region`"
    ):
        engine.changes(release(there, "elsewhere"))


def test_the_unchanged_is_left_alone(there: Place) -> None:
    """No request of a second deployment changes anything, and a changed image makes one revision of each definition, one version."""
    with faulty(there.engine.endpoint, TARGET) as proxy:
        engine, wanted = there.connect(options={"endpoint": proxy.url}), release(there, "same", SCHEDULED)
        names = ("job definition same", "job definition same-big", "state machine same", "schedule same")
        assert states(engine.changes(wanted)) == dict.fromkeys(names, ("new", False))
        told = engine.deploy(wanted, silent)
        assert (told.name, told.record, told.problem) == ("same", wanted.record, "")
        proxy.clear()
        assert engine.deploy(wanted, silent).record == wanted.record
        assert states(engine.changes(wanted)) == dict.fromkeys(names, ("unchanged", False))
        asked = {
            each.rpartition(".")[2] if "POST / " in each else each.partition(" HTTP")[0].strip() for each in proxy.seen
        }
        changing = [
            each for each in asked if any(word in each for word in ("Create", "Update", "Tag", "Put", "register"))
        ]
        assert changing == [each for each in changing if each == "ListTagsForResource"]
    image = there.image(there.folder, throttle=7)
    changed = release(there, "same", SCHEDULED, image=image)
    found = {each.name: each for each in engine_of(there).changes(changed) if each.kind == "job definition"}
    assert {each.state for each in found.values()} == {"changed"}
    assert '\\"throttle\\": 0' in found["same"].old
    assert '\\"throttle\\": 7' in found["same"].new
    engine_of(there).deploy(changed, silent)
    assert (versions(there, "same"), revisions(there, "same"), revisions(there, "same-big")) == (2, [1, 2], [1, 2])
    engine_of(there).deploy(wanted, silent)
    assert (versions(there, "same"), revisions(there, "same")) == (3, [1, 2]), "the earlier revision serves again"
    engine_of(there).delete("same")


def engine_of(there: Place) -> Any:
    """An engine that has seen nothing yet."""
    return there.connect()


def test_what_is_not_ours_is_refused(there: Place) -> None:
    """A machine, a job definition, a schedule and a rule of the name that somebody else has made stay as they are."""
    client, role = there.engine.client, there.engine.role
    definition = '{"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}'
    client("stepfunctions").create_state_machine(name="theirs", definition=definition, roleArn=role)
    container = {
        "image": "i",
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "9"}],
    }
    client("batch").register_job_definition(jobDefinitionName="job", type="container", containerProperties=container)
    client("scheduler").create_schedule(
        Name="time",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:lambda:us-east-1:123456789012:function:f", "RoleArn": role},
    )
    client("events").put_rule(Name="rule", EventPattern='{"source": ["x"]}')
    engine = there.connect()
    for name, kind, text in (
        ("theirs", "state machine", PLAIN),
        ("job", "job definition", PLAIN),
        ("time", "schedule", SCHEDULED),
        ("rule", "rule", TRIGGERED),
    ):
        wanted = release(there, name, text)
        assert (f"{kind} {name}", ("foreign", False)) in states(engine.changes(wanted)).items()
        with pytest.raises(RefusedError, match=f"there is a {kind} `{name}` that flowc has not made"):
            engine.deploy(wanted, silent)
    assert client("stepfunctions").list_state_machines()["stateMachines"][0]["name"] == "theirs"
    with pytest.raises(CallError, match="has not deployed the state machine `theirs`"):
        engine.suspend("theirs")
    with pytest.raises(CallError, match="does not carry flowc's mark"):
        engine.delete("theirs")
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:theirs"
    client("stepfunctions").delete_state_machine(stateMachineArn=arn)


def test_what_was_changed_by_hand_is_seen_and_put_right(there: Place) -> None:
    """The machine, its schedule, its rule, and a newer revision of a job definition, which does nothing."""
    engine, client = there.connect(), there.engine.client
    both = TRIGGERED.replace("@trigger", "@schedule(hourly=True)\n@trigger").replace("step,", "schedule, step,")
    wanted = release(there, "hand", both)
    engine.deploy(wanted, silent)
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:hand"
    definition = '{"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}'
    client("stepfunctions").update_state_machine(stateMachineArn=arn, definition=definition)
    schedule = client("scheduler").get_schedule(Name="hand")
    kept = ("Name", "Description", "FlexibleTimeWindow", "Target")
    client("scheduler").update_schedule(**{key: schedule[key] for key in kept}, ScheduleExpression="rate(1 hour)")
    client("events").put_targets(Rule="hand", Targets=[{"Id": "other", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}])
    assert states(engine.changes(wanted)) == {
        "job definition hand": ("unchanged", False),
        "job definition hand-big": ("unchanged", False),
        "state machine hand": ("changed", True),
        "schedule hand": ("changed", True),
        "rule hand": ("changed", True),
    }
    engine.deploy(wanted, silent)
    assert {state for state, _ in states(engine.changes(wanted)).values()} == {"unchanged"}
    assert [each["Id"] for each in client("events").list_targets_by_rule(Rule="hand")["Targets"]] == ["start"]
    engine.deploy(release(there, "hand"), silent)
    assert not [each for each in client("scheduler").list_schedules()["Schedules"] if each["Name"] == "hand"]
    assert not [each for each in client("events").list_rules()["Rules"] if each["Name"] == "hand"]
    engine.delete("hand")


def test_two_deployments_at_once_leave_one_whole(there: Place) -> None:
    """Each of the two may win, and what is there in the end is what its record says."""
    wanted = [
        release(there, "both", text, image=there.image(there.folder, throttle=count))
        for count, text in enumerate((PLAIN, SCHEDULED))
    ]
    failures: list[Exception] = []

    def deploy(number: int) -> None:
        try:
            there.connect().deploy(wanted[number], silent)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at below
            failures.append(error)

    threads = [threading.Thread(target=deploy, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert all(isinstance(each, EngineError) and "changed by somebody else" in str(each) for each in failures)
    engine = there.connect()
    record = engine.deployment("both").record
    (won,) = [each for each in wanted if each.record == record]
    assert {state for state, _ in states(engine.changes(won)).values()} == {"unchanged"}
    engine.delete("both")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"role": ""}, "a state machine needs a role: write its ARN as `role` of"),
        ({"job_queue": ""}, r"nothing says what \$\{JobQueue\} is: write `job_queue` of"),
        ({"job_role": ""}, r"\$\{JobRole\} is: write `job_role` of"),
        ({"schedule_role": ""}, r"\$\{SchedulerRole\} is: write `schedule_role` of"),
        ({"events_role": ""}, r"\$\{EventsRole\} is: write `events_role` of"),
        ({"job_queue": "a'b"}, "`job_queue` .* holds a quote"),
        ({"job_queue": 3}, "`job_queue` .* must be a text"),
        ({"placeholders": "x"}, "`placeholders` .* takes a table of texts"),
    ],
)
def test_a_placeholder_without_a_value_names_the_setting(there: Place, options: dict[str, Any], said: str) -> None:
    """Before anything is asked for that changes something."""
    both = TRIGGERED.replace("@trigger", "@schedule(hourly=True)\n@trigger").replace("step,", "schedule, step,")
    with pytest.raises(CallError, match=said) as told:
        there.connect(options=options).changes(release(there, "lacking", both))
    assert told.value.code == 2


def test_any_placeholder_of_the_settings_is_filled(there: Place) -> None:
    """`queue` and the like may hold one."""
    wanted = release(there, "filled", queue="${Mine}", job_role="${Theirs}", log_group="/of/${Mine}")
    with pytest.raises(RefusedError, match=r"\$\{\w+\} is: write `placeholders\.\w+` of"):
        there.connect().changes(wanted)
    options = {"placeholders": {"Mine": there.queue.rpartition("/")[2], "Theirs": there.engine.role}}
    changes = there.connect(options=options).changes(wanted)
    assert not [each for each in changes if "${" in each.new.replace("${Y}", "")]


def test_versions_and_revisions_go_when_nothing_can_need_them(there: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest stay, whatever happens; the others do not."""
    monkeypatch.setattr(deploying, "KEPT_VERSIONS", 2)
    engine = there.connect()
    for count in range(5):
        engine.deploy(release(there, "old", image=there.image(there.folder, throttle=count)), silent)
    assert (versions(there, "old"), revisions(there, "old"), revisions(there, "old-big")) == (2, [4, 5], [4, 5])
    run = engine.trigger("old", Start(unique()))
    for count in range(5, 8):
        engine.deploy(release(there, "old", image=there.image(there.folder, throttle=count)), silent)
    assert revisions(there, "old") == [5, 6, 7, 8], "a run of the fifth may be redriven for two weeks"
    assert engine.run(run.run).run == run.run
    engine.terminate(run.run)
    engine.delete("old")


def test_a_record_comes_back_as_it_was(there: Place) -> None:
    """Whatever a path or a name holds that no tag takes, and however long."""
    name = "päth/" + "deep/" * 120 + "a flow (1) ~ %41 =41.py:PlainFlow"
    record = Record(name, "d" * 64, "abc+", "A Name <a@b.c>", "2026-01-02T03:04:05Z", "0.2", there.store)
    path = there.folder / "plain_flow.py"
    path.write_text(PLAIN)
    engine = there.connect()
    engine.deploy(there.release(path, "told", record), silent)
    assert engine.deployment("told").record == record
    assert [each.record for each in engine.deployments() if each.name == "told"] == [record]
    engine.delete("told")


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ("CreateStateMachine", Drop(is_asked=True)),
        ("registerjobdefinition", Drop(is_asked=True)),
        ("TagResource", Answer(500)),
        ("POST /schedules/", Drop(is_asked=True)),
    ],
)
def test_a_deployment_that_broke_off_is_completed_by_the_next(there: Place, request_: str, fault: Any) -> None:
    """Whichever answer was lost, or never came."""
    name = f"broken-{request_[-4:].strip('/')}"
    wanted = release(there, name, SCHEDULED)
    with faulty(there.engine.endpoint, TARGET) as proxy:
        proxy.when(request_, fault)
        with pytest.raises(CallError):
            there.connect(options={"endpoint": proxy.url}, timeout=5.0).deploy(wanted, silent)
    there.connect().deploy(wanted, silent)
    assert {state for state, _ in states(there.connect().changes(wanted)).values()} == {"unchanged"}
    there.connect().delete(name)
