"""What `@kubernetes` says means the same pod on Argo and on Airflow, and what it does not say is what Metaflow's default says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler.backends import PORTABLE_OPTIONS, Options
from compiler.backends.fields import camel, mapping, names, whole
from compiler.backends.pod_options import OPTIONS, are_mounts, are_tolerations, are_volumes
from compiler.backends.targets import load_backend
from compiler.frontend.decorators.language import STEP
from compiler.ir.flow import Value
from compiler.pipeline import compile_flow
from compiler.run.local import LOCAL
from tests.engines.airflow_pods import pods_of
from tests.engines.argo_yaml import read_manifests
from tests.engines.pod_security import argo_pods

FLOW = """from metaflow import *


class F(FlowSpec):
    DECORATOR
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

MEMORY = {"emptyDir": {"medium": "Memory", "sizeLimit": "50Mi"}}
MADE = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10240Mi"}}}
POOLS = {
    "nodeAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": {"matchFields": []}}]
    }
}

SAME: dict[str, tuple[str, dict[str, Any]]] = {
    "a device": (
        "extended_resources={'example.com/fpga': 2}",
        {"resources": {"requests": {"example.com/fpga": "2"}, "limits": {"example.com/fpga": "2"}}},
    ),
    "a device in a class of service": (
        "cpu=1, memory=64, qos='guaranteed', extended_resources={'a.com/b': '1'}",
        {
            "resources": {
                "requests": {"cpu": "1", "memory": "64Mi", "a.com/b": "1"},
                "limits": {"cpu": "1", "memory": "64Mi", "a.com/b": "1"},
            }
        },
    ),
    "a class of priority": ("priority_class='high'", {"priorityClassName": "high"}),
    "affinity": (f"affinity={POOLS}", {"affinity": POOLS}),
    "a pool": (
        "compute_pool='p', node_selector='a=b'",
        {"nodeSelector": {"a": "b", "outerbounds.co/compute-pool": "p"}},
    ),
    "a pool alone": ("compute_pool='p'", {"nodeSelector": {"outerbounds.co/compute-pool": "p"}}),
    "a toleration in Python's words": (
        "tolerations=[{'key': 'k', 'operator': 'Exists', 'effect': 'NoExecute', 'toleration_seconds': 7}]",
        {"tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 7}]},
    ),
    "a tmpfs of half the memory": (
        "use_tmpfs=True, memory=100",
        {"volumes": [MEMORY], "mounts": ["/metaflow_temp"], "env": {"TMPDIR": "/metaflow_temp"}},
    ),
    "a tmpfs of half of what no memory is": (
        "use_tmpfs=True",
        {"volumes": [{"emptyDir": {"medium": "Memory", "sizeLimit": "2048Mi"}}], "env": {"TMPDIR": "/metaflow_temp"}},
    ),
    "a tmpfs elsewhere": (
        "tmpfs_size='50', tmpfs_path='/fast'",
        {"volumes": [MEMORY], "mounts": ["/fast"], "env": {"TMPDIR": "/fast"}},
    ),
    "a size says that there is one": ("tmpfs_size=50, use_tmpfs=False", {"volumes": [MEMORY]}),
    "a path says nothing": ("tmpfs_path='/fast'", {"volumes": [], "mounts": [], "env": {}}),
    "not for temporary files": ("tmpfs_size=50, tmpfs_tempdir=False", {"volumes": [MEMORY], "env": {}}),
    "volumes made for the pod": (
        "ephemeral_volume_claims={'a': '/a', 'b': {'path': '/b', 'spec': {'storageClassName': 'fast'}}}",
        {
            "volumes": [
                {"ephemeral": {"volumeClaimTemplate": {"spec": MADE}}},
                {"ephemeral": {"volumeClaimTemplate": {"spec": {**MADE, "storageClassName": "fast"}}}},
            ],
            "mounts": ["/a", "/b"],
        },
    ),
    "patience of a gang": ("hostname_resolution_timeout=9", {"env": {"FLOWC_GANG_TIMEOUT": "9"}}),
    "a port as text": ("port='80'", {"ports": [{"containerPort": 80}]}),
    "one secret to pull with": ("image_pull_secrets='r'", {"imagePullSecrets": [{"name": "r"}]}),
    "a GPU": ("gpu=1, gpu_vendor='AMD'", {"resources": {"limits": {"amd.com/gpu": "1"}}}),
}
"""Options, and what stands in the pod then, on both targets."""

OF_ALL: dict[str, Value] = {
    "volumes": ({"name": "data", "nfs": {"server": "s", "path": "/p"}},),
    "volume_mounts": ({"name": "data", "mountPath": "/data", "readOnly": True},),
    "affinity": POOLS,
}
"""Settings that Argo and Airflow have in common."""
DATA = {"nfs": {"server": "s", "path": "/p"}}
WITH_SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "volumes of all": ("", {"volumes": [DATA], "mounts": ["/data"], "affinity": POOLS}),
    "volumes of all and of one": ("tmpfs_size=50", {"volumes": [DATA, MEMORY], "mounts": ["/data", "/metaflow_temp"]}),
    "affinity of one": ("affinity={'podAffinity': {}}", {"affinity": {"podAffinity": {}}, "volumes": [DATA]}),
}
CASES = SAME | WITH_SETTINGS

METAFLOW: dict[str, dict[str, Value]] = {
    "kubernetes": {
        "image": None, "image_pull_policy": None, "image_pull_secrets": None, "service_account": None, "secrets": None,
        "node_selector": None, "namespace": None, "gpu": None, "gpu_vendor": "nvidia", "tolerations": None, "labels": None,
        "annotations": None, "use_tmpfs": None, "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp",
        "persistent_volume_claims": None, "shared_memory": None, "port": None, "compute_pool": None, "executable": None,
        "hostname_resolution_timeout": 600, "qos": "burstable", "extended_resources": {}, "security_context": None,
    },
    "batch": {
        "gpu": None, "image": None, "queue": None, "iam_role": None, "execution_role": None, "shared_memory": None, "max_swap": None,
        "swappiness": None, "inferentia": None, "trainium": None, "efa": None, "host_volumes": None, "efs_volumes": None,
        "use_tmpfs": False, "aws_batch_tags": None, "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp",
        "ephemeral_storage": None, "log_driver": None, "log_options": None, "executable": None, "privileged": False,
    },
}  # fmt: skip
"""What Metaflow 2.19.39 takes for an option that is not given, where no configuration says more; its sizes are requests, ours are
those that somebody asks for."""

BEYOND = {"priority_class", "affinity", "ephemeral_volume_claims"}
"""What Kubernetes has and Metaflow's decorator has not."""

TARGETS = {"kubernetes": ("argo", "airflow"), "batch": ("step-functions",)}


by_airflow = pytest.mark.xdist_group("pod options")
"""One worker has Airflow build the pods."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, Any]]:
    """The pod of each case's first step as Airflow 3 builds it."""
    folder = tmp_path_factory.mktemp("airflow")
    files: dict[str, Path] = {}
    for name in CASES:
        files[name] = folder / f"{len(files)}.py"
        files[name].write_text(_case(folder, "airflow", name), encoding="utf-8")
    found = pods_of("af3", list(files.values()), folder)
    return {name: found[file]["start"]["spec"] for name, file in files.items()}


def _case(folder: Path, target: str, name: str) -> str:
    return _emitted(folder, target, f"@kubernetes({CASES[name][0]})", OF_ALL if name in WITH_SETTINGS else {})


@by_airflow
@pytest.mark.parametrize("name", CASES)
def test_an_option_is_the_same_pod_on_argo_and_airflow(
    name: str, built: Mapping[str, dict[str, Any]], tmp_path: Path
) -> None:
    wanted = CASES[name][1]
    (document,) = read_manifests(_case(tmp_path, "argo", name))
    template = next(each for each in document["spec"]["templates"] if each["name"] == "start")  # type: ignore[call-overload,index,union-attr]  # as it is
    on_argo = {**template, **document["spec"], **template, **argo_pods(document)["start"]}  # type: ignore[dict-item]  # as it is
    assert _seen(on_argo, wanted) == wanted
    assert _seen(built[name], wanted) == wanted


def _seen(pod: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What a pod has of what is wanted, without what every pod has."""
    container = pod["containers"][0]
    own = [each for each in pod.get("volumes") or () if each["name"] != "tmp"]
    names_of = {each["name"] for each in own}
    told = {
        "volumes": [{key: value for key, value in each.items() if key != "name"} for each in own],
        "mounts": sorted(each["mountPath"] for each in container.get("volumeMounts") or () if each["name"] in names_of),
        "env": {
            each["name"]: each["value"] for each in container["env"] if each["name"] in ("TMPDIR", "FLOWC_GANG_TIMEOUT")
        },
    }
    return {key: told[key] if key in told else container.get(key, pod.get(key)) for key in wanted}


@pytest.mark.parametrize(
    ("decorator", "option", "target"),
    [
        (decorator, option, target)
        for decorator, options in METAFLOW.items()
        for option, default in options.items()
        for target in TARGETS[decorator]
        if default is not None
    ],
)
@pytest.mark.language("kubernetes.defaults")
def test_the_default_of_an_option_says_nothing(decorator: str, option: str, target: str, tmp_path: Path) -> None:
    """So an option that is left out is what Metaflow makes of it, also beside those that bring it into play."""
    for others in ("", "use_tmpfs=True, ") if option.startswith("tmpfs") else ("",):
        given = _emitted(tmp_path, target, f"@{decorator}({others}{option}={METAFLOW[decorator][option]!r})")
        left_out = _emitted(tmp_path, target, f"@{decorator}({others.rstrip(', ')})")
        assert _unnamed(given) == _unnamed(left_out)


def _unnamed(text: str) -> str:
    """On Step Functions a decorator that says something gives the step a job definition of its own."""
    return text.replace("JobDefinitionStart", "JobDefinition").replace("F-start", "F")


@pytest.mark.parametrize("decorator", METAFLOW)
def test_what_a_target_refuses_has_no_default_of_its_own(decorator: str) -> None:
    """Refused is only what does nothing where it is not given; the local run takes all."""
    portable = PORTABLE_OPTIONS | {"cpu", "memory", "disk"}
    assert set(STEP[decorator]) - BEYOND - portable == set(METAFLOW[decorator]) - portable
    assert set(STEP[decorator]) - portable <= LOCAL.spells[decorator]
    for target in TARGETS[decorator]:
        backend = load_backend(target)
        assert backend is not None
        refused = set(METAFLOW[decorator]) - backend.spells[decorator] - portable
        assert {option: METAFLOW[decorator][option] for option in refused} == dict.fromkeys(refused)
        assert refused <= {"executable", "namespace"}


@pytest.mark.parametrize(
    ("option", "value", "good"),
    [
        ("affinity", {"podAffinity": {}}, True),
        ("affinity", {"pod_affinity": {}}, False),
        ("ephemeral_volume_claims", {"a": {"path": "/a"}}, True),
        ("ephemeral_volume_claims", {"a": {"size": 3}}, False),
        ("ephemeral_volume_claims", {"a": {"path": "/a", "size": 3}}, False),
        ("ephemeral_volume_claims", {"a": 3}, False),
        ("extended_resources", {"a/b": 1}, True),
        ("extended_resources", {"a/b": (1,)}, False),
        ("hostname_resolution_timeout", 5, True),
        ("hostname_resolution_timeout", "5s", False),
        ("security_context", {"run_as_user": 1}, True),
        ("security_context", {"user": 1}, False),
        ("tolerations", ({"toleration_seconds": 1},), True),
        ("tolerations", ({"seconds": 1},), False),
        ("persistent_volume_claims", {"c": "/data"}, True),
        ("persistent_volume_claims", {"c": 3}, False),
        ("qos", "burstable", True),
        ("qos", "BestEffort", False),
        ("node_selector", "", False),
    ],
)
def test_the_values_of_options_are_checked(option: str, value: Value, good: bool) -> None:
    assert OPTIONS[option][0](value) == good


VOLUMES: list[tuple[Value, bool]] = [
    (({"name": "a", "emptyDir": {}},), True),
    (({"name": "a", "hostPath": {"path": "/a"}},), True),
    (({"name": "a", "empty_dir": {}},), False),
    (({"name": "a"},), False),
    (({"emptyDir": {}, "nfs": {}},), False),
    ("a", False),
]


@pytest.mark.parametrize(("value", "good"), VOLUMES)
def test_a_volume_has_a_name_and_a_kind(value: Value, good: bool) -> None:
    assert are_volumes(value) == good


@pytest.mark.parametrize(
    ("value", "good"),
    [
        (({"name": "a", "mountPath": "/a", "readOnly": True},), True),
        (({"name": "a"},), False),
        (({"name": "a", "mountPath": "/a", "read_only": True},), False),
    ],
)
def test_a_mount_says_what_and_where(value: Value, good: bool) -> None:
    assert are_mounts(value) == good


def test_spellings_are_read_as_one() -> None:
    assert camel({"run_as_user": 1, "seccomp_profile": {"localhost_profile": "p"}, "runAsGroup": ({"a_b": 1},)}) == {
        "runAsUser": 1,
        "seccompProfile": {"localhostProfile": "p"},
        "runAsGroup": ({"aB": 1},),
    }
    assert names("a, b") == names(("a", "b")) == ["a", "b"]
    assert mapping("a=b,c=d") == mapping({"a": "b", "c": "d"}) == {"a": "b", "c": "d"}
    assert mapping({"a": True, "b": None}) == {"a": "true", "b": ""}
    assert [whole(each) for each in (3, "3", "x", -1, True, None)] == [3, 3, None, None, None, None]
    assert not are_tolerations("a")


def _emitted(folder: Path, target: str, decorator: str, settings: Mapping[str, Value] | None = None) -> str:
    path = folder / "flow.py"
    path.write_text(FLOW.replace("DECORATOR", decorator), encoding="utf-8")
    backend = load_backend(target)
    assert backend is not None
    files, report = compile_flow(path, backend, Options(default_image="f:0", store="s3://b/p", target=settings or {}))
    assert files, list(report)
    return "".join(file.text for file in files)
