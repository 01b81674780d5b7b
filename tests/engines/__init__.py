"""How tests execute a flow: locally and on each orchestrator's engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FlowCase:
    """A flow to execute. `parameters` are JSON values as given at trigger time; `environment` is the container's beyond the shim's own."""

    path: Path
    flow: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One executed run: where its artifacts are, and whether the engine called it a success."""

    flow: str
    run_id: str
    store: str
    success: bool
    log: str
