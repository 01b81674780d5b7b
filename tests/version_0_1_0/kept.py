"""Copies of what 0.1.0 wrote, and questions to today's flowc about them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.version_0_1_0 import EXPECTED, FLOWS, ROOT, STORE

SAID: dict[str, Any] = json.loads(EXPECTED.read_text("utf-8"))
"""What 0.1.0's client said of each flow."""


def copied_store(folder: Path) -> str:
    """The URL of a copy of the store, which a test may change."""
    shutil.copytree(STORE, folder / "store")
    return f"file:{folder / 'store'}"


def copied_flows(folder: Path) -> Path:
    """A copy of the flows' sources."""
    return shutil.copytree(FLOWS, folder / "flows", ignore=shutil.ignore_patterns("__pycache__"))


def python(
    *words: str, cwd: Path = ROOT, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python on a module or a script, as the user `ann` in the time zone UTC."""
    own = {"PATH": os.environ["PATH"], "HOME": str(cwd), "USER": "ann", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}
    environment = own | {"PYTHONPATH": f"{ROOT}:{FLOWS}", **(variables or {})}
    command = [sys.executable, "-P", *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=100)


def flowc(*words: str, cwd: Path = ROOT, code: int = 0) -> str:
    """What a command prints; AssertionError where it does not end with the code."""
    done = python("-m", "compiler", *words, cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def told(store: str, *flows: str) -> dict[str, Any]:
    """What today's client says of the flows of a store."""
    done = python("-m", "tests.version_0_1_0.told", *flows, variables={"FLOWC_STORE": store})
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
