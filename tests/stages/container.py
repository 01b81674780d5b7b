"""A step as a container runs it: a fresh interpreter with nothing but variables and words."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

SHIM = Path(__file__).resolve().parents[2] / "runtime_shim"


def variables(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a container: nothing of this machine but where programs are."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(SHIM),
        "FLOWC_FLOW": "the_flow.py:F",
        "FLOWC_STORE": f"file:{folder / 'store'}",
        "TMPDIR": str(folder),
        **more,
    }


def command(
    step: str, load: str = "", index: str = "-", retry: int = 0, parameters: str = "{}", python: str = sys.executable
) -> list[str]:
    """The argv of a step of the run `r`."""
    start = ["--load", load] if load else ["--owner", "me", "--parameters", parameters]
    return [python, "-m", "flowc", "step", step, "--run", "r", "--index", index, "--retry", str(retry), *start]


def write(folder: Path, source: str) -> None:
    """Put the flow where the container finds it."""
    folder.mkdir(exist_ok=True)
    (folder / "the_flow.py").write_text(textwrap.dedent(source))


def contain(
    folder: Path, step: str, load: str = "", index: str = "-", retry: int = 0, parameters: str = "{}", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run one step of the flow in `folder` to its end."""
    words = command(step, load, index, retry, parameters, more.pop("python", sys.executable))
    return subprocess.run(words, cwd=folder, env=variables(folder, **more), capture_output=True, text=True, check=False)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, also where nobody has waited for it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"
