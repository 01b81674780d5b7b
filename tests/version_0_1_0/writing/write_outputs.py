"""Compile some of the flows with 0.1.0 for every target, into `outputs/`; `/tmp/flowc-0.1.0` stands for where code and store lie."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.version_0_1_0.writing.write_store import DATA, PLACE

STORE = ("--store", f"file:{PLACE / 'store'}")
AIRFLOW = ("--operator", "bash", "--default-args", f'{{"cwd": "{PLACE / "flows"}"}}', *STORE)
OPTIONS = {"airflow": AIRFLOW, "argo": STORE, "step-functions": ()}
CONTAINED = {
    "FanFlow": "shapes.py",
    "SwitchFlow": "shapes.py",
    "SplitFlow": "shapes.py",
    "GangFlow": "shapes.py",
    "CaughtFlow": "failures.py",
    "SettingsFlow": "settings.py",
}
FLOWS = {
    "airflow": {name: CONTAINED[name] for name in ("FanFlow", "CaughtFlow")},
    "argo": CONTAINED,
    "step-functions": CONTAINED,
}


def main() -> None:
    """Write all anew."""
    outputs = DATA / "outputs"
    shutil.rmtree(outputs, ignore_errors=True)
    shutil.copytree(DATA / "flows", PLACE / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    try:
        for target, flows in FLOWS.items():
            (outputs / target).mkdir(parents=True)
            for name, file in flows.items():
                _compile(target, name, file, outputs / target)
    finally:
        shutil.rmtree(PLACE)


def _compile(target: str, name: str, file: str, folder: Path) -> None:
    own = [f"{file}:{name}", "--root", ".", "--image", "films:0.1.0", "-o", f"{folder}/", *OPTIONS[target]]
    command = [sys.executable, "-P", "-m", "compiler", target, "create", *own]
    subprocess.run(command, cwd=PLACE / "flows", check=True)


if __name__ == "__main__":
    main()
