"""What tests need of npm: each in a folder of the engines, brought once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engines.venvs import ENGINES, alone

NO_NPM = "NPM BROUGHT NOTHING"
"""How a test says that it had none: the summary repeats it."""


def installed(name: str, *packages: str) -> Path:
    """The `node_modules` of the folder `name`, which hold these `package@version`; made anew where others were there.

    Skips the test where there is no npm, or it cannot bring them.
    """
    folder = ENGINES / name
    stamp = folder / ".complete"
    wanted = "\n".join(packages)
    ENGINES.mkdir(exist_ok=True)
    with alone(ENGINES / f"{name}.alone"):
        if not (stamp.is_file() and stamp.read_text() == wanted):
            npm = shutil.which("npm")
            if npm is None or shutil.which("node") is None:
                pytest.skip(f"{NO_NPM}: there is no node or no npm")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            words = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
            done = subprocess.run([*words, *packages], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"{NO_NPM}: it cannot install {' '.join(packages)}: {done.stderr.strip()[-300:]}")
            stamp.write_text(wanted)
    return folder / "node_modules"
