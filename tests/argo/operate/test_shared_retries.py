"""A failed run whose tasks share containers goes on by `retry`, and is then whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compiler.ir.flow import Value
from tests.engines.argo_place import Place
from tests.engines.local import run_local
from tests.stages.operated import written
from tests.stages.telling import FLOW, SHARED, TEXT, whole


@pytest.mark.every(3)
@pytest.mark.parametrize(("settings", "breaks"), SHARED)
def test_a_run_goes_on_whole(settings: dict[str, Value], breaks: str, stand_in: Place, tmp_path: Path) -> None:
    plain = written(tmp_path, TEXT, FLOW)
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    case = replace(plain, settings=settings)
    first = stand_in.start(stand_in.deploy(case), folder=str(shared), breaks=breaks)
    assert stand_in.over(first.run).phase == "failed"
    (shared / "mended").touch()
    again = stand_in.over(stand_in.engine.retry(first.run, None).run)
    assert again.phase == "succeeded", again
    tasks = whole(stand_in.outcome(case, again), tmp_path / "code")
    assert tasks == whole(run_local(plain, tmp_path), tmp_path / "code")
