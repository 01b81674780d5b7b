"""The local run of a case: the meaning that every engine must match."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.engines import FlowCase, Outcome
from tests.engines.compiling import words_of


def run_local(
    case: FlowCase, folder: Path, *, max_workers: int = 2, run_id: str = "local-oracle", as_json: bool = False
) -> Outcome:
    """Run by the command that a user types, with the embedded store below `folder`; parameters as words, or `as_json`."""
    store = f"file:{folder / 'store'}"
    command = [sys.executable, "-P", "-m", "compiler", "run", "--store", store, "--max-workers", str(max_workers)]
    command += ["--run-id-file", str(folder / "run-id"), *_options(case)]
    if as_json:
        command += ["--parameters", json.dumps(case.parameters)]
    command.append(f"{case.path}:{case.flow}")
    for name, value in () if as_json else case.parameters.items():
        command.append(f"--{name}={_word(value)}")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": "tester", **case.environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    named = folder / "run-id"
    run_id = named.read_text(encoding="utf-8").strip() if named.exists() else run_id
    return Outcome(case.flow, run_id, store, done.returncode == 0, done.stdout + done.stderr)


def _options(case: FlowCase) -> list[str]:
    """What the command is told besides parameters; without any, the command is what it always was."""
    words = [f"--root={case.root}"] if case.root and case.root != case.path.parent else []
    if branch := case.settings.get("branch"):
        words.append(f"--branch={branch}")
    if case.settings.get("production"):
        words.append("--production")
    for name, path in case.configs.items():
        words += ["--config", name, str(path)]
    for name, value in case.config_values.items():
        words += ["--config-value", name, json.dumps(value)]
    for added in words_of(case.settings.get("with")):
        words += ["--with", added]
    return [*words, "--import"] if case.imports else words


def _word(value: object) -> str:
    """A JSON value as a person types it."""
    return value if isinstance(value, str) else json.dumps(value)
