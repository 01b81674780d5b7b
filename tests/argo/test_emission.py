"""What the Argo backend writes for parameters, decorators and settings, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.backends import Options
from compiler.backends.argo import BACKEND
from compiler.backends.argo.check import MOST_DEPTH
from compiler.backends.argo.kubernetes import fault
from compiler.backends.argo.names import object_name, task_name
from compiler.diagnostics import Report
from compiler.ir.flow import Dynamic, Value
from compiler.ir.plan import Option
from compiler.ir.planner import plan
from compiler.slotted_class import replaced
from tests.argo.source import OPTIONS, STEP, documents, found, source, template
from tests.engines.argo import main_document
from tests.engines.argo_nodes import obj, objects
from tests.engines.argo_tags import Json
from tests.engines.pod_security import argo_pods, violations
from tests.stages.plans import SPAN, flow

KUBERNETES = [
    ("node_selector={'disk': 'ssd'}", {"nodeSelector": {"disk": "ssd"}}, {}),
    ("node_selector='disk=ssd,zone=a'", {"nodeSelector": {"disk": "ssd", "zone": "a"}}, {}),
    ("service_account='trainer'", {"serviceAccountName": "trainer"}, {}),
    ("tolerations=[{'key': 'gpu', 'operator': 'Exists'}]", {"tolerations": [{"key": "gpu", "operator": "Exists"}]}, {}),
    ("labels={'team': 'ml'}", {"metadata": {"labels": {"team": "ml"}}}, {}),
    ("annotations={'a/b': 'c d'}", {"metadata": {"annotations": {"a/b": "c d"}}}, {}),
    ("image_pull_policy='Always'", {}, {"imagePullPolicy": "Always"}),
    ("secrets=['a', 'b']", {}, {"envFrom": [{"secretRef": {"name": "a"}}, {"secretRef": {"name": "b"}}]}),
    ("port=8080", {}, {"ports": [{"containerPort": 8080}]}),
    ("security_context={'run_as_user': 7}", {}, {"securityContext": {"runAsUser": 7}}),
    ("cpu=0.5, memory=100", {}, {"resources": {"requests": {"cpu": "0.5", "memory": "100Mi"}}}),
    (
        "cpu=2, memory=512, qos='Guaranteed'",
        {},
        {"resources": {"requests": {"cpu": "2", "memory": "512Mi"}, "limits": {"cpu": "2", "memory": "512Mi"}}},
    ),
    ("gpu=1", {}, {"resources": {"limits": {"nvidia.com/gpu": "1"}}}),
    ("gpu=1, gpu_vendor='amd'", {}, {"resources": {"limits": {"amd.com/gpu": "1"}}}),
    ("disk=500", {}, {"resources": {"requests": {"ephemeral-storage": "500Mi"}}}),
    (
        "persistent_volume_claims={'data': '/data'}",
        {"volumes": [{"name": "claim-0", "persistentVolumeClaim": {"claimName": "data"}}]},
        {"volumeMounts": [{"name": "claim-0", "mountPath": "/data"}]},
    ),
    (
        "shared_memory=64",
        {"volumes": [{"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}]},
        {"volumeMounts": [{"name": "shared-memory", "mountPath": "/dev/shm"}]},
    ),
    ("priority_class='high'", {"priorityClassName": "high"}, {}),
    ("affinity={'podAffinity': {}}", {"affinity": {"podAffinity": {}}}, {}),
    ("ephemeral_volume_claims={'a': '/a'}", {}, {"volumeMounts": [{"name": "ephemeral-0", "mountPath": "/a"}]}),
    (
        "use_tmpfs=True, tmpfs_size=10, tmpfs_path='/fast'",
        {"volumes": [{"name": "tmpfs", "emptyDir": {"medium": "Memory", "sizeLimit": "10Mi"}}]},
        {"volumeMounts": [{"name": "tmpfs", "mountPath": "/fast"}], "env": [{"name": "TMPDIR", "value": "/fast"}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "pod", "container"), KUBERNETES)
@pytest.mark.language("kubernetes.options", "beyond.pod-options")
def test_an_option_of_kubernetes_is_spelled(
    arguments: str, pod: dict[str, Json], container: dict[str, Json], tmp_path: Path
) -> None:
    manifest, _ = found(source(f"@kubernetes({arguments})"), tmp_path)
    made = template(main_document(manifest), "start")
    assert pod.items() <= made.items()
    assert container.items() <= obj(made["container"]).items()


def test_secrets_of_a_step_do_not_hide_those_of_all(tmp_path: Path) -> None:
    options = replaced(OPTIONS, target={"env_from_secrets": ["store"]})
    (document,) = documents(source("@kubernetes(secrets=['own'])"), tmp_path, options)
    listed = objects(obj(template(document, "start")["container"])["envFrom"])
    assert [obj(each["secretRef"])["name"] for each in listed] == ["store", "own"]


def test_pull_secrets_of_a_step_are_the_workflows(tmp_path: Path) -> None:
    (document,) = documents(source("@kubernetes(image_pull_secrets=['r'])"), tmp_path)
    assert obj(document["spec"])["imagePullSecrets"] == [{"name": "r"}]


@pytest.mark.parametrize(
    ("decorator", "code"),
    [
        ("@kubernetes(namespace='n')", "FC302"),
        ("@kubernetes(executable='python3')", "FC302"),
        ("@batch(queue='q')", "FC302"),
        ("@kubernetes(qos='Best')", "FC312"),
        ("@kubernetes(image='a:{{workflow.name}}')", "FC646"),
        ("@kubernetes(annotations={'a': '{{=1+1}}'})", "FC646"),
        ("@kubernetes(labels={'{{': 'a'})", "FC539"),
        ("@kubernetes(secrets=['{{workflow.name}}'])", "FC646"),
    ],
)
def test_what_argo_has_no_word_for_is_refused_at_its_line(decorator: str, code: str, tmp_path: Path) -> None:
    manifest, findings = found(source(decorator), tmp_path)
    assert (manifest, [each for each, _ in findings]) == ("", [code])
    assert findings[0][1] == source(decorator).splitlines().index(f"    {decorator}".rstrip()) + 1


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("labels", {"a": "b"}, True),
        ("labels", ("a=b",), True),
        ("labels", ("a",), False),
        ("labels", {"a": ("b",)}, False),
        ("tolerations", ({"key": "k"},), True),
        ("tolerations", ("k",), False),
        ("port", 80, True),
        ("port", True, False),
        ("port", "80", True),
        ("use_tmpfs", 1, False),
        ("secrets", "a,b", True),
        ("secrets", 3, False),
        ("secrets", Dynamic("names()", SPAN), False),
    ],
)
def test_the_kind_of_an_option_is_checked(name: str, value: Value | Dynamic, good: bool) -> None:
    assert (fault(Option("kubernetes", name, value, SPAN)) is None) == good


@pytest.mark.parametrize(
    ("decorators", "strategy", "deadline"),
    [
        (
            "@retry(times=2, minutes_between_retries=0)",
            {"limit": 2, "retryPolicy": "Always", "expression": 'lastRetry.exitCode != "2"'},
            None,
        ),
        (
            "@retry(times=3, minutes_between_retries=2)",
            {
                "limit": 3,
                "retryPolicy": "Always",
                "expression": 'lastRetry.exitCode != "2"',
                "backoff": {"duration": "2m"},
            },
            None,
        ),
        ("@catch(var='e')", {"limit": 1, "retryPolicy": "Always", "expression": 'lastRetry.exitCode != "2"'}, None),
        (
            "@catch(var='e')\n    @retry(times=1, minutes_between_retries=0.5)",
            {
                "limit": 2,
                "retryPolicy": "Always",
                "expression": 'lastRetry.exitCode != "2"',
                "backoff": {"duration": "30s"},
            },
            None,
        ),
        ("@timeout(seconds=10)", None, 310),
        ("@timeout(minutes=1, seconds=1)", None, 361),
    ],
)
def test_attempts_and_deadlines_are_the_engines(
    decorators: str, strategy: dict[str, Json] | None, deadline: int | None, tmp_path: Path
) -> None:
    (document,) = documents(source(decorators), tmp_path)
    made = template(document, "start")
    assert (made.get("retryStrategy"), made.get("activeDeadlineSeconds")) == (strategy, deadline)
    arguments = obj(made["container"])["args"]
    assert isinstance(arguments, list)
    assert arguments[arguments.index("--retry") + 1] == ("{{retries}}" if strategy else "0")


PARAMETERS = [
    ("Parameter('p', default='x')", {"name": "p", "value": "x"}),
    ("Parameter('p', default='x', help='why {{x}}')", {"name": "p", "value": "x", "description": "why { {x}}"}),
    ("Parameter('p-q', default=3)", {"name": "p-q", "value": "3"}),
    ("Parameter('p', default=0.5)", {"name": "p", "value": "0.5"}),
    ("Parameter('p', default=True)", {"name": "p", "value": "true"}),
    ("Parameter('p', default='yes')", {"name": "p", "value": "yes"}),
    ("Parameter('p', default={'a': [1, None]}, type=JSONType)", {"name": "p", "value": '{"a": [1, null]}'}),
    ("Parameter('p', required=True)", {"name": "p"}),
    ("Parameter('p')", None),
    ("Parameter('p', default=None)", None),
    ("Parameter('p', default='a {{b}}')", None),
    ("Parameter('p', default='x' * 5000)", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "argument"), PARAMETERS)
def test_a_parameter_is_an_argument_unless_its_default_stays_in_the_code(
    text: str, argument: dict[str, Json] | None, tmp_path: Path
) -> None:
    (document,) = documents(source(body=f"    p = {text}\n{STEP}"), tmp_path)
    listed = objects(obj(obj(document["spec"]).get("arguments")).get("parameters"))
    assert listed == ([argument] if argument else [])


def test_parameters_reach_the_first_step_alone(tmp_path: Path) -> None:
    manifest, _ = found(source(body=f"    p = Parameter('p', default='x')\n{STEP}"), tmp_path)
    assert manifest.count("workflow.parameters") == 1
    (document,) = documents(source(body=f"    p = Parameter('p', default='x')\n{STEP}"), tmp_path)
    assert "inputs" in template(document, "start")


@pytest.mark.language("schedule.cron", "schedule.timezone")
def test_a_schedule_is_a_second_document(tmp_path: Path) -> None:
    text = source(flow="@schedule(cron='5 4 * * *', timezone='Europe/Berlin')")
    _, cron = documents(text, tmp_path, replaced(OPTIONS, target={"concurrency_policy": "Forbid"}))
    assert cron["kind"] == "CronWorkflow"
    assert obj(cron["spec"]) == {
        "schedules": ["5 4 * * *"],
        "timezone": "Europe/Berlin",
        "concurrencyPolicy": "Forbid",
        "workflowSpec": {
            "arguments": {"parameters": [{"name": "flowc-scheduled-at", "value": "{{workflow.scheduledTime}}"}]},
            "workflowTemplateRef": {"name": "f"},
        },
    }
    main_document(found(text, tmp_path)[0])


def test_environment_literals_reach_the_container_inert(tmp_path: Path) -> None:
    (document,) = documents(source("@environment(vars={'A': 'plain', 'B': '$(HOME) {{x}}', 'C': 'é'})"), tmp_path)
    env = {
        str(each["name"]): str(each["value"]) for each in objects(obj(template(document, "start")["container"])["env"])
    }
    assert env["A"] == "plain"
    assert json.loads(env["FLOWC_ENVIRONMENT"]) == {"B": "$(HOME) {{x}}", "C": "é"}
    assert not any(mark in env["FLOWC_ENVIRONMENT"] for mark in ("{{", "$"))


SETTINGS: dict[str, tuple[Json, str, dict[str, Json]]] = {
    "service_account": ("runner", "spec", {"serviceAccountName": "runner"}),
    "image_pull_secrets": (["r"], "spec", {"imagePullSecrets": [{"name": "r"}]}),
    "node_selector": ({"pool": "a"}, "spec", {"nodeSelector": {"pool": "a"}}),
    "tolerations": ([{"key": "k"}], "spec", {"tolerations": [{"key": "k"}]}),
    "ttl_strategy": ({"secondsAfterCompletion": 60}, "spec", {"ttlStrategy": {"secondsAfterCompletion": 60}}),
    "pod_gc": ({"strategy": "OnPodSuccess"}, "spec", {"podGC": {"strategy": "OnPodSuccess"}}),
    "archive_logs": (True, "spec", {"archiveLogs": True}),
    "priority_class": ("high", "spec", {"podPriorityClassName": "high"}),
    "security_context": (
        {"runAsUser": 5},
        "spec",
        {"securityContext": {"runAsUser": 5, "fsGroup": 5, "fsGroupChangePolicy": "OnRootMismatch"}},
    ),
    "pod_spec_patch": ({"dnsPolicy": "None"}, "spec", {"podSpecPatch": '{"dnsPolicy": "None"}'}),
    "volumes": (
        [{"name": "a", "nfs": {"server": "s", "path": "/p"}}],
        "spec",
        {"volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "a", "nfs": {"server": "s", "path": "/p"}}]},
    ),
    "synchronization": ({"mutexes": [{"name": "m"}]}, "spec", {"synchronization": {"mutexes": [{"name": "m"}]}}),
    "active_deadline_seconds": (600, "spec", {"activeDeadlineSeconds": 600}),
    "affinity": ({"podAffinity": {}}, "spec", {"affinity": {"podAffinity": {}}}),
    "pod_labels": ({"a": "b"}, "spec", {"podMetadata": {"labels": {"a": "b"}}}),
    "pod_annotations": ({"a": "b"}, "spec", {"podMetadata": {"annotations": {"a": "b"}}}),
    "labels": ({"team": "ml"}, "metadata", {"labels": {"app.kubernetes.io/managed-by": "flowc", "team": "ml"}}),
    "annotations": ({"a/b": "c"}, "metadata", {"annotations": {"a/b": "c"}}),
}  # fmt: skip


@pytest.mark.parametrize(
    "text", ["dnsPolicy: None", '{"dnsPolicy": "None"}', "dnsPolicy: {{workflow.parameters.policy}}"]
)
def test_a_patch_is_argos_own_text(text: str, tmp_path: Path) -> None:
    (document,) = documents(source(), tmp_path, Options("f:0", target={"pod_spec_patch": text}))
    assert obj(document["spec"])["podSpecPatch"] == text


@pytest.mark.parametrize("key", SETTINGS)
def test_a_setting_of_the_platform_is_spelled(key: str, tmp_path: Path) -> None:
    value, place, fields = SETTINGS[key]
    (document,) = documents(source(), tmp_path, Options("f:0", target={key: value}))  # type: ignore[dict-item]  # as TOML gives it
    assert fields.items() <= obj(document[place]).items()


@pytest.mark.parametrize(
    ("key", "value", "fields"),
    [
        ("env_from_secrets", ["s3"], {"envFrom": [{"secretRef": {"name": "s3"}}]}),
        ("image_pull_policy", "Never", {"imagePullPolicy": "Never"}),
        ("container_security_context", {"readOnlyRootFilesystem": True}, {"securityContext": {"readOnlyRootFilesystem": True}}),
        ("container_security_context", {"privileged": True}, {"securityContext": {"privileged": True, "allowPrivilegeEscalation": True}}),
        (
            "volume_mounts",
            [{"name": "tmp", "mountPath": "/scratch", "subPath": "s"}],
            {"volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "tmp", "mountPath": "/scratch", "subPath": "s"}]},
        ),
    ],
)  # fmt: skip
def test_a_setting_of_every_container_stands_once(
    key: str, value: Json, fields: dict[str, Json], tmp_path: Path
) -> None:
    (document,) = documents(source(), tmp_path, Options("f:0", target={key: value}))  # type: ignore[dict-item]  # as TOML gives it
    assert fields.items() <= obj(obj(obj(document["spec"])["templateDefaults"])["container"]).items()


@pytest.mark.parametrize(
    "target",
    [
        {"service_account": "default"},
        {"qos": "Best"},
        {"tolerations": "x"},
        {"unknown": 1},
        {"suspend": "no"},
        {"volumes": [{"name": "a"}]},
        {"volume_mounts": [{"name": "tmp"}]},
        {"volume_mounts": [{"name": "data", "mountPath": "/data"}]},
        {"pod_spec_patch": 3},
        {"pod_spec_patch": "a patch"},
        {"pod_spec_patch": "a: [b"},
        {"container_security_context": {"runAs": 3}},
    ],
)
def test_a_wrong_setting_is_refused(target: dict[str, Json], tmp_path: Path) -> None:
    manifest, findings = found(source(), tmp_path, Options("f:0", target=target))  # type: ignore[arg-type]  # as TOML gives it
    assert (manifest, {code for code, _ in findings}) == ("", {"FC313"})


@pytest.mark.language("kubernetes.restricted")
def test_what_all_pods_may_stands_once(tmp_path: Path) -> None:
    """The level's check stands beside those of the other targets; here, that a step costs nothing for it."""
    manifest, _ = found(source("@kubernetes(cpu=1)"), tmp_path)
    pods = argo_pods(main_document(manifest))
    assert len(pods) > 1
    assert [violations(spec) for spec in pods.values()] == [[]] * len(pods)
    assert manifest.count("securityContext") == 2


TMP: Json = {"name": "tmp", "emptyDir": {"sizeLimit": "9Gi"}}


@pytest.mark.parametrize(
    ("target", "volumes", "mounts"),
    [
        ({"volumes": [TMP]}, [TMP], [{"name": "tmp", "mountPath": "/tmp"}]),
        (
            {"volumes": [{"name": "big", "emptyDir": {}}], "volume_mounts": [{"name": "big", "mountPath": "/tmp"}]},
            [{"name": "tmp", "emptyDir": {}}, {"name": "big", "emptyDir": {}}],
            [{"name": "big", "mountPath": "/tmp"}],
        ),
        (
            {
                "volume_mounts": [{"name": "later", "mountPath": "/l"}],
                "pod_spec_patch": "volumes: [{name: later, emptyDir: {}}]",
            },
            [{"name": "tmp", "emptyDir": {}}],
            [{"name": "tmp", "mountPath": "/tmp"}, {"name": "later", "mountPath": "/l"}],
        ),
    ],
)
def test_the_folder_for_temporary_files_may_be_anothers(
    target: dict[str, Json], volumes: Json, mounts: Json, tmp_path: Path
) -> None:
    (document,) = documents(source(), tmp_path, Options("f:0", target=target))  # type: ignore[arg-type]  # as TOML gives it
    spec = obj(document["spec"])
    assert (spec["volumes"], obj(obj(spec["templateDefaults"])["container"])["volumeMounts"]) == (volumes, mounts)


@pytest.mark.parametrize(
    ("flow_name", "written"),
    [
        ("TaxiTrips", "taxi-trips"),
        ("HTTPFlow", "http-flow"),
        ("a_b", "a-b"),
        ("p.user.x.MyFlow", "p.user.x.my-flow"),
        ("F2", "f2"),
    ],
)
def test_a_deployment_has_the_flows_name_as_kubernetes_writes_it(flow_name: str, written: str) -> None:
    assert object_name(flow_name) == written


@pytest.mark.parametrize(("name", "code"), [("x" * 64, None), ("Upper", "FC311"), ("a-", "FC311"), ("ok", None)])
def test_a_name_that_kubernetes_does_not_take_is_refused(name: str, code: str | None, tmp_path: Path) -> None:
    _, findings = found(source(), tmp_path, replaced(OPTIONS, name=name))
    assert [each for each, _ in findings] == ([code] if code else [])


def test_a_parameter_called_json_is_refused(tmp_path: Path) -> None:
    _, findings = found(source(body=f"    p = Parameter('json', default='x')\n{STEP}"), tmp_path)
    assert [code for code, _ in findings] == ["FC314"]


@pytest.mark.parametrize(("count", "codes"), [(5000, []), (8000, ["FC315"])])
def test_a_manifest_that_kubernetes_would_not_store_is_refused(count: int, codes: list[str]) -> None:
    chain = {f"s{i}": f"s{i + 1}" for i in range(count - 3)}
    chain = {"start": "s0", **chain, f"s{count - 3}": "end", "end": ""}
    report = Report()
    BACKEND.check(plan(flow(**chain)), OPTIONS, report)
    assert [finding.rule.code for finding in report] == codes


@pytest.mark.parametrize(("depth", "codes"), [(MOST_DEPTH, []), (MOST_DEPTH + 1, ["FC316"])])
def test_nesting_ends_where_argo_ends(depth: int, codes: list[str]) -> None:
    steps = {"start": "f0*"} | {f"f{i}": f"f{i + 1}*" for i in range(depth - 1)} | {f"f{depth - 1}": "j0"}
    steps |= {f"j{i}": f"+ j{i + 1}" for i in range(depth - 1)} | {f"j{depth - 1}": "+ end", "end": ""}
    report = Report()
    BACKEND.check(plan(flow(**steps)), OPTIONS, report)
    assert [finding.rule.code for finding in report] == codes


def test_no_two_steps_meet_in_one_task_name() -> None:
    steps = ["a_b", "a__b", "ab", "true", "true_step", "x" * 200, "x" * 201, "x" * 100]
    assert len({task_name(step) for step in steps}) == len(steps)


def test_steps_and_bodies_do_not_meet() -> None:
    made = flow(start="start_each*", start_each="step", step="main", main="j", j="+ end", end="")
    text = BACKEND.emit(plan(made), OPTIONS)[0].text
    main_document(text)
    assert "name: start-each-2" in text


def test_a_step_of_many_costs_less_than_800_bytes() -> None:
    chain = {f"step_number_{i}": f"step_number_{i + 1}" for i in range(48)}
    chain = {"start": "step_number_0", **chain, "step_number_47": "end", "end": ""}
    text = BACKEND.emit(plan(flow(**chain)), OPTIONS)[0].text
    assert len(text) < 800 * len(chain)


def test_shared_text_stands_once(tmp_path: Path) -> None:
    options = replaced(
        OPTIONS, store="s3://bucket/place", code="s3://bucket/code/0123.tar.gz", namespace="prod", max_workers=7
    )
    manifest, _ = found(source(), tmp_path, options)
    assert [manifest.count(text) for text in ("s3://bucket/place", "0123.tar.gz", "flow.py:F")] == [1, 1, 1]
    assert obj(main_document(manifest)["spec"])["parallelism"] == options.max_workers
