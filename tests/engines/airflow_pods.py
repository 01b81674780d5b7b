"""The pods of DAG files as Airflow's own provider builds them, without a run: no cluster, no database, no words of the command."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.engines.venvs import venv

_BUILD = """
import gc, importlib.util, json, logging, sys
from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from kubernetes.client import ApiClient

KubernetesHook.is_in_cluster = property(lambda self: True)
for part in ("image", "resources", "security_context"):
    setattr(KubernetesHook, f"get_xcom_sidecar_container_{part}", lambda self: None)
logging.disable(logging.CRITICAL)
answer = {}
for number, path in enumerate(sys.argv[2:]):
    spec = importlib.util.spec_from_file_location(f"dag_{number}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (dag,) = [each for each in gc.get_objects() if type(each).__name__ == "DAG" and each.fileloc == path]
    tasks = [each for each in dag.tasks if isinstance(each, KubernetesPodOperator)]
    pods = {each.task_id: each.build_pod_request_obj(None, dry_run=True) for each in tasks}
    for pod in pods.values():
        pod.spec.containers[0].args = []  # in a foreach, the index is filled in by a run
    answer[path] = {name: ApiClient().sanitize_for_serialization(pod) for name, pod in pods.items()}
with open(sys.argv[1], "w") as file:
    json.dump(answer, file)
"""


def pods_of(line: str, files: Sequence[Path], folder: Path) -> dict[Path, dict[str, dict[str, Any]]]:
    """The pods of each file by task id; `line` names the Airflow, `folder` is its home."""
    answer = folder / "pods.json"
    environment = {**os.environ, "AIRFLOW_HOME": str(folder), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    command = [str(venv(line) / "bin" / "python"), "-c", _BUILD, str(answer), *map(str, files)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return {Path(path): pods for path, pods in json.loads(answer.read_text()).items()}
