"""The same from containers: on Argo's interpreter and on Step Functions, and where a step logs by MLflow's own library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines import FlowCase, Outcome
from tests.engines.argo_case import run_argo
from tests.engines.mlflow_server import MlflowServer
from tests.engines.stepfunctions_case import run_stepfunctions
from tests.engines.venvs import venv
from tests.runtime.tracking.flows import BREAKING, written
from tests.runtime.tracking.runs import ran, settings

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.sampled("alone")]

ROOT = Path(__file__).resolve().parents[3]
TAXI = ROOT / "examples" / "taxi"
EXPERIMENT = "on engines {{x}} ${HOME} $(PATH) %s 'é'"


def test_the_taxi_pair_is_there(mlflow: MlflowServer, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(TAXI / "make_data.py"), str(tmp_path / "s3" / "taxi"), "400"], check=True)
    project = tmp_path / "project"
    project.mkdir()
    for path in TAXI.glob("*.py"):
        shutil.copy(path, project)
    settings(project / "train.py", {"uri": mlflow.url, "experiment": "taxi", "metrics": ["error", "spread", "drift"]})
    environment = {"FLOWC_S3_ROOT": f"file:{tmp_path / 's3'}"}
    train = ran(project / "train.py", "TaxiTrainFlow", env=environment)
    predict = ran(project / "predict.py", "TaxiPredictFlow", env=environment)
    assert (train.code, predict.code) == (0, 0), train.log + predict.log
    trained, tasks = mlflow.family("taxi", train.id)
    assert tasks.keys() == {"start", "prepare", "train_model", "evaluate", "end"}
    expected = {name: train.left("end")[name] for name in ("error", "spread")}
    assert (trained.metrics, tasks["evaluate"].metrics) == (expected, expected)
    assert trained.params == {"trips_url": "s3://taxi/train.parquet", "holdout": "0.25"}
    predicted, tasks = mlflow.family("taxi", predict.id)
    assert predicted.metrics == {"drift": predict.left("end")["drift"]}
    assert tasks.keys() == {"start", "load", "look_for_drift", "predict", "write", "end"}
    assert {each.status for each in (trained, predicted, *tasks.values())} == {"FINISHED"}


@pytest.mark.parametrize("engine", [run_argo, run_stepfunctions], ids=["argo", "step-functions"])
def test_containers_tell_the_same(mlflow: MlflowServer, tmp_path: Path, engine: object) -> None:
    tracking = {"uri": mlflow.url, "experiment": EXPERIMENT, "metrics": "numbers"}
    path = written(tmp_path, "breaking", BREAKING.replace("FIXED", "'/'"))
    case = FlowCase(path, "BreakingFlow", {"size": 9}, root=tmp_path, settings={"mlflow": tracking})
    assert callable(engine)
    outcome: Outcome = engine(case, tmp_path / "run")
    assert outcome.success, outcome.log
    parent, tasks = mlflow.family(EXPERIMENT, outcome.run_id)
    assert (parent.status, parent.params, parent.metrics) == ("FINISHED", {"size": "9"}, {"total": 6.0})
    assert parent.tags["flowc.target"] in ("argo", "step-functions")
    assert parent.tags["mlflow.source.type"] == "JOB"
    assert {name: (each.status, each.metrics) for name, each in tasks.items()} == {
        "start": ("FINISHED", {}),
        "each-0": ("FINISHED", {"double": 2.0}),
        "each-1": ("FINISHED", {"double": 4.0}),
        "join": ("FINISHED", {"total": 6.0}),
        "end": ("FINISHED", {}),
    }


LOGGING = """
import mlflow
from metaflow import FlowSpec, step


class LoggingFlow(FlowSpec):
    @step
    def start(self):
        mlflow.log_metric("inside", 3.5)
        mlflow.set_tag("mine", "yes")
        self.next(self.end)

    @step
    def end(self):
        mlflow.log_param("where", "end")
        raise ValueError("after something was logged")
"""


def test_what_a_step_logs_by_mlflow_itself_is_its_tasks(mlflow: MlflowServer, tmp_path: Path) -> None:
    """At the end of a process MLflow's library says of its run that all went well: of a task that failed it must not."""
    path = written(tmp_path, "logging_flow", LOGGING)
    own = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "USER": "tester",
        "PYTHONPATH": str(ROOT / "runtime_shim"),
        "FLOWC_STORE": f"file:{tmp_path / 'store'}",
        "FLOWC_FLOW": f"{path.name}:LoggingFlow",
        "FLOWC_MLFLOW": f'{{"uri": "{mlflow.url}"}}',
        "MLFLOW_EXPERIMENT_NAME": "of somebody else",
    }
    python = str(venv("mlflow") / "bin" / "python")

    def done(*words: str) -> int:
        command = [python, "-P", "-m", "flowc", "step", *words]
        return subprocess.run(command, env=own, cwd=tmp_path, capture_output=True, text=True, check=False).returncode

    run = ("--run", "argo-ns-logging", "--index", "-", "--retry", "0")
    assert done("start", *run, "--owner", "o", "--parameters", "{}") == 0
    assert done("end", *run, "--load", "start") == 1
    parent, tasks = mlflow.family("LoggingFlow", "argo-ns-logging")
    assert tasks.keys() == {"start", "end"}
    assert (tasks["start"].status, tasks["start"].metrics) == ("FINISHED", {"inside": 3.5})
    assert tasks["start"].tags["mine"] == "yes"
    assert (tasks["end"].status, tasks["end"].params) == ("FAILED", {"where": "end"})
    assert parent.status == "FAILED"
    assert "of somebody else" not in mlflow.experiments()
