from datetime import timedelta

from metaflow import FlowSpec, airflow_external_task_sensor, airflow_s3_key_sensor, schedule, step


@airflow_s3_key_sensor(bucket_key="s3://company-dev/ready/_SUCCESS", name="ready")
@airflow_external_task_sensor(external_dag_id="upstream", execution_delta=timedelta(hours=1))
@schedule(daily=True)
class SensorsFlow(FlowSpec):
    """Deployed to Airflow alone."""

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print("done")


if __name__ == "__main__":
    SensorsFlow()
