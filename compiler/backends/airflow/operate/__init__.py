"""Airflow as it is operated: DAG files put into its folder, runs started, watched, done again and ended by its REST API.

May import: `compiler.backends.operating`, the backend's own names, and `flowc.store` for folders in a bucket. It compiles nothing.
Start reading in `engine`; `deploying` puts files there, `tasks` knows steps in what Airflow calls tasks.
"""
