"""Airflow's REST API in both its versions, as one: `/api/v2` of Airflow 3 and `/api/v1` of Airflow 2.

The only place where Airflow's client library is imported. It knows no flow and no step. Start reading in `protocol`.
"""
