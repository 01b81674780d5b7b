"""What every DAG of this project must hold: it loads, has tags, and its tasks are tried again."""

import os
from pathlib import Path

import pytest

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow 2
    from airflow.models import DagBag

DAGS = Path(__file__).resolve().parents[2] / "dags"
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
BAG = DagBag(str(DAGS))


def test_every_file_loads():
    assert BAG.import_errors == {}
    assert BAG.dags, f"there is no DAG in {DAGS}"


@pytest.mark.parametrize("name", sorted(BAG.dags))
def test_a_dag_has_tags(name):
    assert BAG.dags[name].tags


@pytest.mark.parametrize("name", sorted(BAG.dags))
def test_a_dag_retries_twice_at_least(name):
    assert BAG.dags[name].default_args.get("retries", 0) >= 2
