"""A cluster that is a folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.engines.argo_cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]


def stand_in(folder: Path) -> Cluster:
    """A cluster that this folder is."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "KUBECTL_STATE": str(folder)}
    kubectl = (sys.executable, str(ROOT / "tests" / "argo" / "kubectl.py"))
    store = f"file:{folder / 'store'}"
    return Cluster("config", "team", "image:1", store, "runner", kubectl=kubectl, environment=environment, pause=0.0)
