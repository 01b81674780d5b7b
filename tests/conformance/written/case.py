"""What a written case is: a flow in a file, what it is started with, and what it shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.ir.flow import Value
from tests.engines import FlowCase

ROOT = Path(__file__).resolve().parents[3]
FLOWS = ROOT / "tests" / "flows"
EXAMPLES = ROOT / "examples"
NEWCOMER = FLOWS / "newcomer"
"""Flows that somebody wrote who knew the README alone; each is a case as it stands, started without parameters."""

HOSTILE = 'it\'s "x" $HOME $(PATH) $$ {{ 1 + 1 }} {{=1+1}} {{workflow.name}} ${Ref} %s \\n é 🎬\nnext line\n'


@dataclass(frozen=True, slots=True)
class Written:
    """A flow in a file, run on every engine and compared with its local run.

    `shows` names the rules of docs/language.md that the flow would break without. `refused` says where it does not run:
    a target (`argo`, `step-functions`, `airflow`) and the code of the finding. `data` is a script that makes what it
    reads; `before` are flows that must have run in its store. `settings` are keys of `[tool.flowc]`, `targets` the
    tables of single targets. `configs` (paths), `config_values` (JSON values) and `imports` are the options
    `--config`, `--config-value` and `--import` of every command. `together`: some of its tasks must run at once, which they
    do not where Airflow's `dag.test()` runs one after the other.
    """

    path: Path
    flow: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    before: tuple[Written, ...] = ()
    data: Path | None = None
    shows: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    configs: Mapping[str, Path] = field(default_factory=dict)
    config_values: Mapping[str, Value] = field(default_factory=dict)
    imports: bool = False
    root: Path | None = None
    together: bool = False

    @property
    def name(self) -> str:
        """For test ids."""
        given = (
            (f"given-{len(self.parameters)}", self.parameters),
            ("environment", self.environment),
            ("settings", self.settings),
            ("config", self.configs or self.config_values),
        )
        marks = "".join(f"-{mark}" for mark, value in given if value)
        return f"{self.path.relative_to(ROOT).with_suffix('')}:{self.flow}{marks}"

    def case(self, folder: Path) -> FlowCase:
        """As engines take it; `folder` is where the run keeps its data."""
        return FlowCase(
            self.path,
            self.flow,
            self.parameters,
            {name: text.replace("FOLDER", str(folder)) for name, text in self.environment.items()},
            self.root or self.path.parent,
            settings=self.settings,
            targets=self.targets,
            configs=self.configs,
            config_values=self.config_values,
            imports=self.imports,
        )

    def prepare(self, folder: Path) -> None:
        """Make what the run reads."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.data:
            subprocess.run([sys.executable, str(self.data), str(folder / "s3" / "taxi"), "400"], check=True)
