"""The flows whose outputs are kept: as cases of the engines, with what 0.1.0's own run of each was started with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tests.conformance.results import Result
from tests.engines import FlowCase
from tests.version_0_1_0 import FLOWS, PLACE
from tests.version_0_1_0.kept import SAID


@dataclass(frozen=True, slots=True)
class Kept:
    """A flow: its case, the name of 0.1.0's run, the name of its manifest for Argo."""

    case: FlowCase
    run: str
    manifest: str


def _kept(file: str, flow: str, **parameters: object) -> Kept:
    given = {name.replace("_", "-"): value for name, value in parameters.items()}
    (run,) = SAID[flow]["runs"]
    return Kept(FlowCase(FLOWS / file, flow, given, root=FLOWS), run, f"{flow.removesuffix('Flow').lower()}-flow.yaml")


CASES = {
    found.case.flow: found
    for found in (
        _kept("shapes.py", "SplitFlow"),
        _kept("shapes.py", "FanFlow", width=3),
        _kept("shapes.py", "SwitchFlow", rounds=3),
        _kept("shapes.py", "GangFlow"),
        _kept("failures.py", "CaughtFlow"),
        _kept("settings.py", "SettingsFlow", count=4, extra={"k": [1, {"é": None}]}, is_dry=True),
    )
}


def placed(output: Path, folder: Path) -> str:
    """The text of an output, with the code where it lies here and the store in the folder."""
    text = output.read_text("utf-8")
    return text.replace(f"{PLACE}/flows", str(FLOWS)).replace(f"file:{PLACE}/store", f"file:{folder / 'store'}")


def renamed(kept: Result) -> Result:
    """What 0.1.0's run left, with what later versions say otherwise: the types of failures have their module."""
    end = ("end", "-")
    task = kept.tasks[end]
    told = {
        name: text.replace("'ZeroDivisionError'", "'builtins.ZeroDivisionError'")
        for name, text in (task.artifacts or {}).items()
    }
    return replace(kept, tasks={**kept.tasks, end: replace(task, artifacts=told)})
