"""The local run of a case: the meaning that every engine must match."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.engines import FlowCase, Outcome
from tests.engines.compiling import portions_of, words_of

PATIENCE = 300.0
"""Seconds that a flow of the tests never needs: an endless one fails, and does not hold up the rest."""


def run_local(
    case: FlowCase,
    folder: Path,
    *,
    max_workers: int = 2,
    run_id: str = "local-oracle",
    as_json: bool = False,
    start_method: str = "",
    store: str = "",
    patience: float | None = None,
) -> Outcome:
    """Run by the command that a user types, with the store below `folder` or the one named; parameters as words, or `as_json`.

    Raises TimeoutExpired after so many seconds of patience; None: PATIENCE.
    """
    store = store or f"file:{folder / 'store'}"
    command = [sys.executable, "-P", "-m", "compiler", "run", "--store", store, "--max-workers", str(max_workers)]
    command += ["--run-id-file", str(folder / "run-id"), *_options(case)]
    if start_method:
        command += ["--start-method", start_method]
    if as_json:
        command += ["--parameters", json.dumps(case.parameters)]
    command.append(f"{case.path}:{case.flow}")
    for name, value in () if as_json else case.parameters.items():
        command.append(f"--{name}={_word(value)}")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": "tester", **case.environment}
    code, log = _ended(command, environment, PATIENCE if patience is None else patience)
    named = folder / "run-id"
    run_id = named.read_text(encoding="utf-8").strip() if named.exists() else run_id
    return Outcome(case.flow, run_id, store, code == 0, log)


def _ended(command: Sequence[str], environment: Mapping[str, str], patience: float) -> tuple[int, str]:
    """The code and the log of a command; raises TimeoutExpired, and leaves no task of it, where it does not end in time."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said, complained = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.terminate()  # it ends its tasks, which a kill would leave behind
        process.communicate()
        raise
    return process.returncode, said + complained


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
    words += shared_words(case)
    return [*words, "--import"] if case.imports else words


def shared_words(case: FlowCase) -> list[str]:
    """The options by which tasks of a case share processes."""
    portions = [word for step, size, workers in portions_of(case) for word in ("--chunk", f"{step}={size}:{workers}")]
    return [*(["--fuse"] if case.settings.get("fuse") else []), *portions]


def _word(value: object) -> str:
    """A JSON value as a person types it."""
    return value if isinstance(value, str) else json.dumps(value)
