"""A flow that waits on Airflow: for a run of its own, which is there as soon as anything runs."""

from flowc import FlowSpec, airflow_external_task_sensor, step


@airflow_external_task_sensor(
    external_dag_id="SensorsFlow",
    allowed_states=["running"],
    check_existence=False,
    name="own-run",
    description="The run itself.",
    mode="poke",
    poke_interval=1,
    timeout=60,
    exponential_backoff=False,
)
class SensorsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
