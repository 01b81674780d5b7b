"""What follows when the flow Orders has succeeded: each flow tells Airflow so by an asset, `flow/<name>`."""

import pendulum

try:
    from airflow.sdk import DAG, Asset, task
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task

with DAG(
    dag_id="after_orders",
    schedule=[Asset("flow/Orders")],
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    default_args={"owner": "data-engineering", "retries": 2},
    tags=["data-engineering"],
) as dag:

    @task
    def refresh():
        """The tables that others build on the orders."""
        print("refreshed")

    refresh()
