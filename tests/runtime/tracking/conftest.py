"""One MLflow server for all tests of this folder that ask for it: they are of one group, so that one worker has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.mlflow_server import MlflowServer, mlflow_server


@pytest.fixture(scope="package")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """The server."""
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of flows whose settings ask for every number."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.flowc.mlflow]\nmetrics = "numbers"\n', encoding="utf-8")
    return folder
