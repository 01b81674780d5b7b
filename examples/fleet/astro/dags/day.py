"""The day of the data engineers: their own tasks first, then two flows, then a note."""

import pendulum

try:
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
    from airflow.sdk import DAG, task
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.decorators import task
    from airflow.operators.trigger_dagrun import TriggerDagRunOperator

with DAG(
    dag_id="day",
    schedule="30 5 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    default_args={"owner": "data-engineering", "retries": 2},
    tags=["data-engineering"],
) as dag:

    @task
    def which_day():
        """The day that the flows are about."""
        return "2026-01-30"

    @task
    def note(day):
        """What a person is told."""
        print(f"{day}: letters and experiment are done")

    day = which_day()
    # `conf` holds the flow's parameters by their names; what is not there has its default.
    letters = TriggerDagRunOperator(
        task_id="letters",
        trigger_dag_id="Campaign",
        conf={"day": day, "budget": 12},
        wait_for_completion=True,
        poke_interval=5,
    )
    experiment = TriggerDagRunOperator(
        task_id="experiment",
        trigger_dag_id="Experiment",
        conf={"day": day},
        wait_for_completion=True,
        poke_interval=5,
    )
    letters >> experiment >> note(day)
