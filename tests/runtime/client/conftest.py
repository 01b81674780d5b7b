"""What the client looks at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flowc.client import default_namespace, namespace

from tests.stages.runs import FANNED, looked_at
from tests.stages.task import Stage


@pytest.fixture
def everything_shown(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each test begins with all namespaces shown and the user `ann`, and looks at no store by chance."""
    monkeypatch.setenv("USER", "ann")
    for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "METAFLOW_NAMESPACE", "FLOWC_STORE"):
        monkeypatch.delenv(name, raising=False)
    namespace(None)
    yield
    default_namespace()


@pytest.fixture
def fanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage of FANNED that the client looks at."""
    return looked_at(tmp_path, FANNED, monkeypatch)
