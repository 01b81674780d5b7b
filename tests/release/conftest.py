"""What is released, built once: by `make release`, which names its folder, else here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.release.build import ROOT, Files, build_all, found, uv

GIVEN = os.environ.get("FLOWC_RELEASE")
NEEDS_RELEASE = pytest.mark.skipif(GIVEN is None, reason="the long part: `make release`")


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Files]:
    """The files of each distribution by its name."""
    if GIVEN is not None:
        return found(ROOT / GIVEN)
    folder = tmp_path_factory.mktemp("dist")
    build_all(folder)
    return found(folder)


@pytest.fixture(scope="session")
def typed(released: dict[str, Files], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel alone: type checkers read what is installed there."""
    folder = tmp_path_factory.mktemp("typed") / "venv"
    uv("venv", "--python", sys.executable, folder)
    uv("pip", "install", "--no-deps", "--python", folder / "bin/python", released["flowc"].wheel)
    return folder / "bin/python"
