"""A copy of `examples/fleet`, and where its outputs are committed. `python -m tests.fleet.example` (`make golden`) writes these anew."""

from __future__ import annotations

import shutil
import subprocess
import sys
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


def main() -> None:
    """Compile the fleet as its page says."""
    for target, place in PLACES.items():
        subprocess.run([sys.executable, "-P", "-m", "compiler", target, "create", "-o", place], cwd=FLEET, check=True)


if __name__ == "__main__":
    main()
