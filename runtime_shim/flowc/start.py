"""`python flow.py …`: the compiler's command where it is installed, else what to run."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

from flowc.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn

_TARGETS = {
    "argo-workflows": "argo",
    "argo": "argo",
    "airflow": "airflow",
    "step-functions": "step-functions",
    "stepfunctions": "step-functions",
}
_COMMANDS = frozenset({"run", "check", "show"})


def start(flow: Any, words: list[str]) -> NoReturn:
    """Do what `flowc` does with this file, and exit as it does."""
    path = os.path.abspath(words[0])
    arguments = command(f"{path}:{flow.__name__}", words[1:])
    if find_spec("compiler") is None:
        sys.exit(f"to do this, install flowc where you work, and run: flowc {' '.join(arguments)}")
    sys.exit(subprocess.run([sys.executable, "-P", "-m", "compiler", *arguments], check=False).returncode)


def command(flow: str, words: list[str]) -> list[str]:
    """The words of `flowc` that `python flow.py WORDS` means."""
    first = words[0] if words else "show"
    if first in _TARGETS:
        return [_TARGETS[first], *words[1:2], flow, *words[2:]]
    if first in _COMMANDS:
        return [first, flow, *words[1:]]
    return ["show", flow] if not words else [first, flow, *words[1:]]
