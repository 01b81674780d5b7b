"""A failed execution whose tasks share jobs goes on by a redrive, and is then whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.backends.operating import Start
from compiler.ir.flow import Value
from tests.engines import FlowCase, Outcome
from tests.engines.local import run_local
from tests.engines.stepfunctions_case import copy_store
from tests.engines.stepfunctions_operated import Place, over, place, unique
from tests.stages.telling import FLOW, SHARED, TEXT, whole


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A queue and a bucket for this file."""
    with place(tmp_path_factory.mktemp("shared")) as found:
        yield found


@pytest.mark.every(3)
@pytest.mark.parametrize(("settings", "breaks"), SHARED)
def test_an_execution_goes_on_whole(settings: dict[str, Value], breaks: str, there: Place, tmp_path: Path) -> None:
    code = there.folder / "code"
    code.mkdir(exist_ok=True)
    path = code / "telling.py"
    path.write_text(TEXT, encoding="utf-8")
    shared = there.folder / tmp_path.name
    shared.mkdir(mode=0o755)
    engine, name = there.connect(), f"telling-{unique()}"
    engine.deploy(there.release(path, name, **settings), lambda _: None)
    run = engine.trigger(name, Start(unique(), {"folder": str(shared), "breaks": breaks})).run
    assert over(engine, run).phase == "failed"
    (shared / "mended").touch()
    assert engine.retry(run, None).run == run
    assert over(engine, run).phase == "succeeded"
    engine.delete(name)
    copied = copy_store(there.engine, there.bucket, "flowc", tmp_path / "copied")
    tasks = whole(Outcome(FLOW, run, copied, success=True, log=""), code)
    assert tasks == whole(run_local(FlowCase(path, FLOW), tmp_path), code)
