"""A copy of `examples/fleet`, and where its outputs are committed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

FLEET = Path(__file__).resolve().parents[2] / "examples" / "fleet"
PLACES = {"airflow": "astro/dags/flows/", "argo": "deploy/argo/base/", "step-functions": "deploy/step-functions/"}


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, where the call is made."""
    shutil.copytree(FLEET, tmp_path / "fleet")
    monkeypatch.chdir(tmp_path / "fleet")
    return tmp_path / "fleet"
