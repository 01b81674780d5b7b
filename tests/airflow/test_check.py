"""What Airflow refuses, at the author's line."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.backends import Gap
from compiler.backends.airflow import BACKEND
from compiler.ir.flow import Value
from tests.airflow.stage import chain, compiled, emitted, written


@pytest.mark.parametrize(
    ("decorator", "code"),
    [
        ('@batch(queue="x")', "FC302"),
        ("@kubernetes(affinity={'node_affinity': {}})", "FC320"),
        ("@kubernetes(security_context={'user': 1})", "FC320"),
        ("@kubernetes(qos='Best')", "FC320"),
        ("@kubernetes(tolerations=[{'kee': 'x'}])", "FC320"),
        ("@kubernetes(node_selector='ssd')", "FC320"),
        ("@kubernetes(secrets='{% a %}')", "FC322"),
        ("@kubernetes(executable='$(HOME)')", "FC322"),
        ("@kubernetes(image='a:{{ x }}')", "FC322"),
    ],
)
def test_a_decorator_without_spelling_is_refused_at_its_line(tmp_path: Path, decorator: str, code: str) -> None:
    path = written(tmp_path, f"{decorator}\n{chain(2)}")
    text, report = compiled(path)
    line = 1 + next(n for n, each in enumerate(path.read_text().splitlines()) if decorator in each)
    assert text is None
    assert [found.rule.code for found in report] == [code]
    assert {found.span.line for found in report} <= {line, line + 2}


@pytest.mark.parametrize(
    ("sensor", "wrong"),
    [
        ('@airflow_external_task_sensor(allowed_states=["success"])', "external_dag_id"),
        ('@airflow_external_task_sensor(external_dag_id="x", allowed_states=["good"])', "allowed_states"),
        ('@airflow_external_task_sensor(external_dag_id="x", execution_delta=3)', "execution_delta"),
        ('@airflow_external_task_sensor(external_dag_id="x", mode="sleep")', "mode"),
        ('@airflow_external_task_sensor(external_dag_id="x", name="start")', "name"),
        ('@airflow_s3_key_sensor(bucket_name="b")', "bucket_key"),
        ('@airflow_s3_key_sensor(bucket_key="s3://b/k", poke_interval=0)', "poke_interval"),
    ],
)
def test_a_sensor_that_airflow_does_not_take_is_refused(tmp_path: Path, sensor: str, wrong: str) -> None:
    text, report = compiled(written(tmp_path, chain(2), f"{sensor}\n"))
    assert (text, [found.rule.code for found in report]) == (None, ["FC320"])
    assert [found.message.startswith(f"`{wrong}` is") for found in report] == [True]


@pytest.mark.parametrize(
    ("decorators", "code"),
    [
        ("@schedule(daily=True)\n@trigger(event='films.added')\n", "FC610"),
        ("@schedule(daily=True)\n@trigger_on_finish(flow='Other')\n", "FC610"),
        ("@trigger(event='films.added', options={'reset_at': {'cron': '0 6 * * *'}})\n", "FC302"),
    ],
)
def test_a_trigger_that_airflow_does_not_have_is_refused(tmp_path: Path, decorators: str, code: str) -> None:
    text, report = compiled(written(tmp_path, chain(2), decorators))
    assert (text, [found.rule.code for found in report]) == (None, [code])


def test_every_option_of_a_sensor_is_spelled(tmp_path: Path) -> None:
    decorators = (
        "from datetime import timedelta\n"
        '@airflow_external_task_sensor(external_dag_id="a", external_task_ids=["t"], allowed_states="success", '
        'failed_states=["failed"], execution_delta=timedelta(hours=1), check_existence=False, timeout=1, poke_interval=2, '
        'mode="poke", exponential_backoff=False, pool="p", soft_fail=True, name="n", description="d")\n'
        '@airflow_s3_key_sensor(bucket_key=["a", "b"], bucket_name="c", wildcard_match=True, aws_conn_id="d", verify=False)\n'
    )
    lines = {line.strip() for line in emitted(written(tmp_path, chain(2), decorators)).splitlines()}
    assert lines >= {
        'task_id="n",', 'external_dag_id="a",', 'external_task_ids=["t"],', 'allowed_states=["success"],', 'doc="d",',
        'failed_states=["failed"],', "execution_delta=timedelta(hours=1),", "check_existence=False,", "timeout=1,",
        "poke_interval=2,", 'mode="poke",', "exponential_backoff=False,", 'pool="p",', "soft_fail=True,",
        'task_id="_sensor_2",', 'bucket_key=["a", "b"],', 'bucket_name="c",', "wildcard_match=True,", 'aws_conn_id="d",',
        "verify=False,", "timeout=3600,", 'mode="reschedule",',
    }  # fmt: skip
    assert any(line.startswith("[_kept, _sensor_1, _sensor_2] >> start") for line in lines)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("operator", "docker", "FC321"),
        ("max_active_runs", "many", "FC321"),
        ("deferrable", "yes", "FC321"),
        ("on_failure_callback", "not a path", "FC321"),
        ("default_args", {"env_vars": 3}, "FC321"),
        ("volumes", ({"name": "a"},), "FC321"),
        ("volume_mounts", ({"name": "a", "mountPath": "/a"},), "FC321"),
        ("affinity", {"podaffinity": {}}, "FC321"),
        ("container_security_context", {"runAs": 3}, "FC321"),
        ("owner", "{{ me }}", "FC322"),
        ("pod_template_dict", {"spec": {"hostname": "{{ me }}"}}, "FC322"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_refused(tmp_path: Path, key: str, value: Value, code: str) -> None:
    text, report = compiled(written(tmp_path, chain(2)), {key: value})
    assert (text, [found.rule.code for found in report]) == (None, [code])


def test_a_pod_s_options_are_refused_where_there_is_no_pod(tmp_path: Path) -> None:
    path = written(tmp_path, f"@kubernetes(service_account='x')\n{chain(2)}")
    assert [found.rule.code for found in compiled(path, {"operator": "bash"})[1]] == ["FC324"]


def test_a_name_that_airflow_does_not_take_is_refused(tmp_path: Path) -> None:
    _, report = compiled(written(tmp_path, chain(2)), name="a flow")
    assert [found.rule.code for found in report] == ["FC323"]


def test_every_key_has_help_and_every_gap_a_way_round() -> None:
    assert all(BACKEND.target_options.values())
    assert all(isinstance(gap, Gap) and gap.way_round for gap in BACKEND.gaps.values())
