"""Local runs of these tests, as a person starts them, and what they have left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Manifest, read
from flowc.store import open_store


@dataclass(frozen=True)
class Ran:
    """A run that has ended."""

    flow: str
    id: str
    store: str
    code: int
    log: str

    def left(self, step: str, index: str = "-") -> Manifest:
        """What a task has left."""
        return read(open_store(self.store), RunAddress(self.flow, self.id).task(step, index))

    def kept(self) -> list[str]:
        """All that the store has of it."""
        return list(open_store(self.store).list(f"{RunAddress(self.flow, self.id).folder}/"))


def ran(path: Path, flow: str, *words: str, uri: str | None = None, env: Mapping[str, str] | None = None) -> Ran:
    """`flowc run` of the flow of that name; its store lies beside its folder."""
    store, note = f"file:{path.parent.parent / 'store'}", path.parent.parent / "run-id"
    command = [sys.executable, "-P", "-m", "compiler", "run", "--store", store, "--root", str(path.parent)]
    command += ["--run-id-file", str(note), *words, *([] if uri is None else ["--mlflow", uri])]
    own = {"PATH": os.environ["PATH"], "HOME": str(path.parent.parent), "USER": "tester", **(env or {})}
    done = subprocess.run([*command, f"{path}:{flow}"], env=own, capture_output=True, text=True, check=False)
    assert note.exists(), done.stdout + done.stderr
    return Ran(flow, note.read_text(encoding="utf-8"), store, done.returncode, done.stdout + done.stderr)


def settings(path: Path, table: Mapping[str, Any]) -> None:
    """Write the settings of the folder of a flow."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    path.with_name("pyproject.toml").write_text("\n".join(["[tool.flowc.mlflow]", *lines, ""]), encoding="utf-8")
