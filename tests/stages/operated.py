"""What the tests of every target do with an engine: deploy a case, wait for a run, read what it has left and printed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from compiler.backends import OutputFile
from compiler.backends.operating import OVER, Engine, EngineRun, EngineTask, Record, Release
from compiler.ir.flow import Flow
from tests.engines import FlowCase, Outcome


class Operated:
    """A place to deploy to; a class of this has a connection's `engine`, the URL of the `store`, `release` and `said`."""

    engine: Engine
    store: str
    said: list[str]
    release: Callable[[FlowCase], Release]

    @property
    def patience(self) -> tuple[float, float]:
        """The seconds after which a run is no more waited for, and those between two looks."""
        return 120.0, 0.1

    def deploy(self, case: FlowCase) -> str:
        """Deploy a case: its name."""
        release = self.release(case)
        self.engine.deploy(release, self.said.append)
        return release.name

    def until(self, run: str, holds: Callable[[EngineRun], bool]) -> EngineRun:
        """The run once something holds of it."""
        return until(self.engine, run, holds, *self.patience)

    def over(self, run: str) -> EngineRun:
        """The run once it is over."""
        return self.until(run, is_over)

    def outcome(self, case: FlowCase, run: EngineRun) -> Outcome:
        """What a run has left, for a comparison with the local one."""
        return Outcome(case.flow, run.run, self.store, run.phase == "succeeded", "\n".join(map(str, run.tasks)))

    def log(self, run: str, task: EngineTask) -> str:
        """All that a task has printed."""
        return "\n".join(line.text for line in self.engine.log(run, task).lines)


def is_over(run: EngineRun) -> bool:
    """Whether nothing more comes of a run by itself."""
    return run.phase in OVER


def until(
    engine: Engine, run: str, holds: Callable[[EngineRun], bool], seconds: float = 60.0, pause: float = 0.2
) -> EngineRun:
    """The run as soon as something holds of it."""
    end = time.monotonic() + seconds
    while not holds(found := engine.run(run)):
        assert time.monotonic() < end, f"after {seconds} s it is {found}"
        time.sleep(pause)
    return found


def released(case: FlowCase, source: Flow, files: tuple[OutputFile, ...], revision: str = "abc") -> Release:
    """The YAML of a case as what is deployed, by the name of its first file."""
    digest = hashlib.sha256("\0".join(file.text for file in files).encode()).hexdigest()
    kept = Record(f"{case.path.name}:{source.name}", digest, revision, "tester", "2026-01-02T03:04:05Z", "0.2")
    return Release(files[0].name.removesuffix(".yaml"), files, kept)


def task(run: EngineRun, step: str, index: str = "-") -> EngineTask:
    """The one task of that step and index."""
    (found,) = (each for each in run.tasks if (each.step, each.index) == (step, index))
    return found


def written(folder: Path, source: str, flow: str, /, **parameters: object) -> FlowCase:
    """A case of a flow's text, in a folder of its own below."""
    path = folder / "code" / "flow.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return FlowCase(path, flow, parameters)
