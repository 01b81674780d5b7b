"""A run of MLflow spans the steps: its id is an artifact, the server's address comes from the environment."""

import os
from contextlib import contextmanager

import mlflow
from metaflow import FlowSpec, Parameter, current, environment, secrets, step, user_step_decorator

TRACKING = os.environ.get("MLFLOW_TRACKING_URI", "http://mlflow.internal:5000")


@contextmanager
def resumed(run_id: str):
    mlflow.set_tracking_uri(TRACKING)
    with mlflow.start_run(run_id=run_id) as run:
        yield run


@user_step_decorator
def tracked(step_name, flow, inputs=None, attributes=None):
    with mlflow.start_span(name=step_name):
        yield


class TrackedFlow(FlowSpec):
    alpha = Parameter("alpha", default=0.5, type=float)
    l1_ratio = Parameter("l1-ratio", default=0.1, type=float)

    @environment(vars={"MLFLOW_EXPERIMENT_NAME": "elastic"})
    @step
    def start(self):
        mlflow.set_tracking_uri(TRACKING)
        with mlflow.start_run(run_name=current.pathspec) as run:
            self.mlflow_run_id = run.info.run_id
            mlflow.log_params({"alpha": self.alpha, "l1": self.l1_ratio})
        self.next(self.train)

    @secrets(sources=["mlflow-credentials"])
    @tracked
    @step
    def train(self):
        from sklearn.linear_model import ElasticNet

        with resumed(self.mlflow_run_id):
            self.model = ElasticNet(alpha=self.alpha, l1_ratio=self.l1_ratio)
            mlflow.sklearn.autolog()
        self.next(self.end)

    @step
    def end(self):
        print(f"{TRACKING}/#/runs/{self.mlflow_run_id}")


if __name__ == "__main__":
    TrackedFlow()
