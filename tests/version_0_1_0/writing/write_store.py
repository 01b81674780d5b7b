"""Run the flows with 0.1.0's local run, under names and at a place of no machine's own, and write `store/` and `expected.json`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parents[1]
PLACE = Path("/tmp/flowc-0.1.0")
TRIGGER = [
    {"name": "films.added", "id": "7", "timestamp": 1735689600, "type": "event"},
    {"name": "SettingsFlow", "id": "SettingsFlow/local-settings/end/-", "timestamp": 1735689700, "type": "run"},
]
NAMED_BY_AN_ENGINE = "airflow-SplitFlow-manual__2026-01-01T00:00:00+00:00"
SETTINGS = ["--count", "4", "--extra", '{"k": [1, {"é": null}]}', "--is-dry", "true"]
RUNS: tuple[tuple[str, str, tuple[str, ...], dict[str, str]], ...] = (
    ("local-settings", "settings.py:SettingsFlow", tuple(SETTINGS), {}),
    (NAMED_BY_AN_ENGINE, "shapes.py:SplitFlow", (), {}),
    ("local-fan", "shapes.py:FanFlow", ("--width", "3"), {}),
    ("local-switch", "shapes.py:SwitchFlow", ("--rounds", "3"), {}),
    ("local-gang", "shapes.py:GangFlow", (), {}),
    ("local-caught", "failures.py:CaughtFlow", (), {}),
    ("local-failed", "failures.py:ResumedFlow", (), {"FAIL": "1"}),
    ("local-resumed", "failures.py:ResumedFlow", ("--resume", "local-failed"), {}),
    ("local-unmerged", "failures.py:MergedFlow", (), {"FAIL": "1"}),
    ("local-cards", "cards.py:CardsFlow", (), {}),
    ("local-objects", "objects.py:ObjectsFlow", (), {"FLOWC_TRIGGER": json.dumps(TRIGGER)}),
    ("local-names", "names.py:NamesFlow", (), {}),
)
"""Each run: its name, its flow, words after the flow, variables."""

TAGS = {"local-settings": ("nightly", "é & b/c"), "local-caught": ("nightly",)}


def main() -> None:
    """Run all, then ask the client, where nothing lies any more at the place that the store was written at."""
    shutil.rmtree(PLACE, ignore_errors=True)
    shutil.copytree(DATA / "flows", PLACE / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    try:
        for run, flow, words, variables in RUNS:
            _run(run, flow, words, variables)
        shutil.rmtree(DATA / "store", ignore_errors=True)
        shutil.copytree(PLACE / "store", DATA / "store")
    finally:
        shutil.rmtree(PLACE)
    flows = dict.fromkeys(flow.partition(":")[2] for _, flow, *_ in RUNS)
    words = [sys.executable, "-P", "-m", "tests.version_0_1_0.told", *(flow for flow in flows if flow != "NamesFlow")]
    variables = {"FLOWC_STORE": f"file:{DATA / 'store'}", "TZ": "UTC", "PYTHONPATH": str(DATA / "flows")}
    told = subprocess.run(words, cwd=DATA.parents[1], env=variables, capture_output=True, text=True, check=True)
    (DATA / "expected.json").write_text(told.stdout, encoding="utf-8")


def _run(run: str, flow: str, words: tuple[str, ...], variables: dict[str, str]) -> None:
    own = ["--store", f"file:{PLACE / 'store'}", "--run-id", run, "--max-workers", "3"]
    own += [word for tag in TAGS.get(run, ()) for word in ("--tag", tag)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(PLACE), "USER": "ann", "TZ": "UTC", "LANG": "C.UTF-8"}
    command = [sys.executable, "-P", "-m", "compiler", "run", *own, flow, *words]
    ended = subprocess.run(command, cwd=PLACE / "flows", env=environment | variables, check=False)
    assert ended.returncode == ("FAIL" in variables), (run, ended.returncode)


if __name__ == "__main__":
    main()
