"""How tests execute a flow: locally and on each orchestrator's engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.ir.flow import Value


@dataclass(frozen=True, slots=True)
class FlowCase:
    """A flow to execute. `parameters` are JSON values as given at trigger time; `environment` is the container's beyond the shim's own.

    `settings` are keys of `[tool.flowc]`, `targets` the tables of single targets; `configs`, `config_values` and `imports` are
    `--config`, `--config-value` and `--import`.
    """

    path: Path
    flow: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    root: Path | None = None
    settings: Mapping[str, Value] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    configs: Mapping[str, Path] = field(default_factory=dict)
    config_values: Mapping[str, Value] = field(default_factory=dict)
    imports: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """One executed run: where its artifacts are, whether the engine called it a success, and how many containers it started."""

    flow: str
    run_id: str
    store: str
    success: bool
    log: str
    containers: int = 0
