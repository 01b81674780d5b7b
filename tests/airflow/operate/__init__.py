"""Airflow operated: tables and a stand-in for each way to fail, and the real servers of both versions."""
