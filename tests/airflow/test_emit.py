"""What the DAG file looks like, whatever the flow."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.ir.flow import Value
from tests.airflow.stage import EXAMPLES, chain, emitted, written
from tests.conformance.written.case import FLOWS

RUFF = str(Path(sys.executable).with_name("ruff"))
SHAPES = {
    "one_step": "@step(start=True, end=True)\ndef only(self):\n    pass",
    "chain": chain(12),
    "documented": '''
note = Parameter("note", default='say "hi" \\\\ {{ x }}', help="It's \\"quoted\\".\\nTwo lines.")

@step
def start(self):
    """First line.

    A second paragraph of `code` with {{ braces }}, $HOME and a backslash: \\\\.
    """
    self.next(self.end)

@step
def end(self):
    """Ends like a file.md"""
''',
    "hung_high": """
@kubernetes(cpu=2, memory=4096, gpu=1, gpu_vendor="amd", node_selector={"disk": "ssd"}, secrets=["a", "b"],
            tolerations=[{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}], shared_memory=64,
            persistent_volume_claims={"claim": "/data"}, qos="Guaranteed", use_tmpfs=True, tmpfs_size=100,
            labels={"team": "films"}, image_pull_policy="Always", service_account="runner", port=8080)
@retry(times=4, minutes_between_retries=1.5)
@timeout(hours=1)
@environment(vars={"PLAIN": "a", "HOSTILE": "{{ x }} $(y)"})
@step
def start(self):
    self.next(self.end)

@step
def end(self):
    pass
""",
    "wide": "@step\ndef start(self):\n    self.next("
    + ", ".join(f"self.a_rather_long_name_{n}" for n in range(8))
    + ")\n"
    + "".join(f"\n@step\ndef a_rather_long_name_{n}(self):\n    self.next(self.join)\n" for n in range(8))
    + "\n@step\ndef join(self, inputs):\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass",
}
SETTINGS: Mapping[str, Value] = {
    "owner": "data",
    "pool": "flows",
    "queue": "big",
    "priority_weight": 3,
    "max_active_runs": 2,
    "dagrun_timeout": 3600,
    "on_failure_callback": "alerts.slack.tell",
    "default_args": {"email": ("a@b.c",)},
    "service_account_name": "runner",
    "image_pull_secrets": ("registry",),
    "env_from_secrets": ("store",),
    "node_selector": {"pool": "flows"},
    "tolerations": ({"key": "flows", "operator": "Exists"},),
    "affinity": {"podAntiAffinity": {}},
    "volumes": ({"name": "data", "downwardAPI": {"items": ()}},),
    "volume_mounts": ({"name": "data", "mountPath": "/data", "readOnly": True},),
    "pod_template_dict": {"spec": {"dnsPolicy": "None"}},
    "kubernetes_conn_id": "cluster",
    "in_cluster": False,
    "deferrable": True,
    "tags": ("films", "daily"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every example and shape, for both operators, as DAG files in one folder."""
    folder = tmp_path_factory.mktemp("dags")
    flows = [*EXAMPLES.glob("*.py"), *EXAMPLES.glob("taxi/*.py"), FLOWS / "switch_everywhere.py"]
    flows += [written(tmp_path_factory.mktemp(name), body) for name, body in SHAPES.items()]
    for number, path in enumerate(flow for flow in flows if "(FlowSpec)" in flow.read_text()):
        for operator in ("kubernetes", "bash"):
            if operator == "kubernetes" or "@kubernetes" not in path.read_text():
                (folder / f"{path.stem}_{number}_{operator}.py").write_text(emitted(path, {"operator": operator}))
        (folder / f"{path.stem}_{number}_set.py").write_text(emitted(path, SETTINGS))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["format", "--isolated", "--check"],
        ["format", "--isolated", "--check", "--line-length", "110"],
        ["check", "--isolated", "--select", "AIR,F,E9,I"],
    ],
)
def test_ruff_is_content(files: Path, command: list[str]) -> None:
    done = subprocess.run([RUFF, *command, str(files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_our_own_python_in_a_file_is_short(files: Path) -> None:
    for file in files.glob("*.py"):
        functions = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
        assert sum((node.end_lineno or 0) - node.lineno + 1 for node in functions) <= 40


def test_a_step_costs_half_a_kilobyte_at_most(tmp_path: Path) -> None:
    (tmp_path / "long").mkdir()
    short, long = written(tmp_path, chain(2)), written(tmp_path / "long", chain(102))
    for operator in ("kubernetes", "bash"):
        sizes = [len(emitted(path, {"operator": operator}).encode()) for path in (short, long)]
        assert (sizes[1] - sizes[0]) / 100 <= 512


@pytest.mark.parametrize(
    ("decorators", "line"),
    [
        ("", "schedule=None,"),
        ("@schedule(hourly=True)\n", 'schedule="0 * * * *",'),
        ('@schedule(cron="5 4 * * 1")\n', 'schedule="5 4 * * 1",'),
        ('@schedule(daily=True, timezone="Europe/Berlin")\n', 'start_date=pendulum.datetime(2025, 1, 1, tz="Europe/Berlin"),'),
        ("@schedule(daily=True)\n", 'start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),'),
        ('@project(name="films")\n', 'tags=["films", "flowc", "user.shared"],'),
        ('@project(name="films")\n', 'dag_id="films.user.shared.TryFlow",'),
    ],
)  # fmt: skip
@pytest.mark.language("schedule.cron", "schedule.timezone")
def test_flow_decorators_become_arguments_of_the_dag(tmp_path: Path, decorators: str, line: str) -> None:
    lines = emitted(written(tmp_path, chain(2), decorators)).splitlines()
    assert line in [each.strip() for each in lines]


@pytest.mark.language("kubernetes.options")
def test_options_stand_where_airflow_looks_for_them(tmp_path: Path) -> None:
    text = emitted(
        written(tmp_path, chain(2)), SETTINGS, namespace="flows", max_workers=4, image="other:2", store="s3://bucket/x"
    )
    for line in (
        "max_active_tasks=4,",
        "from alerts.slack import tell",
        "dagrun_timeout=timedelta(seconds=3600),",
        "on_failure_callback=tell,",
        'tags=["daily", "films", "flowc"],',
        '"image": "other:2",',
        '"namespace": "flows",',
        '"image_pull_secrets": [k8s.V1LocalObjectReference(name="registry")],',
        '"tolerations": [k8s.V1Toleration(key="flows", operator="Exists")],',
        '"email": ["a@b.c"],',
    ):
        assert line in [each.strip() for each in text.splitlines()]
    assert '"FLOWC_STORE": "s3://bucket/x"' in text


def test_no_hostile_text_stands_where_a_template_is_read(tmp_path: Path) -> None:
    text = emitted(written(tmp_path, SHAPES["hung_high"]))
    assert "{{ x }}" not in text
    assert "$(y)" not in text
