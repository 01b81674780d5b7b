"""The stand-in of the server, one a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kfp.operate.stage import Server, standing_in


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with nothing on it."""
    with standing_in(tmp_path) as found:
        yield found
