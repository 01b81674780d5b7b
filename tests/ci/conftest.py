"""The job that uses the action, on a repository of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci.runner import Job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A new job of a pull request."""
    return Job(tmp_path)
