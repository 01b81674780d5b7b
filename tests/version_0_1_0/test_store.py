"""The store that 0.1.0 wrote: today's client says of it what 0.1.0's client said."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.version_0_1_0 import EXPECTED, FLOWS, OUTPUTS, PLACE, STORE
from tests.version_0_1_0.kept import SAID, copied_store, python, told

DATA = "4a3b9c0528afd6fcdc11d836922ac35caad79b5e66b6d301d5beb63284ff2118"
"""The digest of all data; they are never written again, so it never changes."""


def test_the_data_are_what_0_1_0_wrote() -> None:
    found = hashlib.sha256()
    files = [EXPECTED, *(path for folder in (FLOWS, OUTPUTS, STORE) for path in folder.rglob("*") if path.is_file())]
    for path in sorted(path for path in files if path.parent.name != "__pycache__"):
        found.update(f"{path.relative_to(EXPECTED.parent)}\0".encode() + path.read_bytes() + b"\0")
    assert found.hexdigest() == DATA


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All that today's client says of a copy."""
    return told(copied_store(tmp_path_factory.mktemp("copy")), *SAID)


@pytest.mark.parametrize("flow", SAID)
def test_the_client_says_what_0_1_0_said(said: dict[str, Any], flow: str) -> None:
    runs = SAID[flow]["runs"]
    assert said[flow]["runs"].keys() == runs.keys()
    for run in runs:
        assert said[flow]["runs"][run]["steps"] == runs[run]["steps"]
    assert said[flow] == SAID[flow]


@pytest.fixture
def in_place() -> Iterator[Path]:
    """A store that lies elsewhere than 0.1.0's did, with its own place in all that names it: both names have one length."""
    folder = Path(tempfile.mkdtemp(prefix="fc-", dir=Path(PLACE).parent))
    assert len(str(folder)) == len(PLACE)
    try:
        shutil.copytree(STORE, folder / "store")
        for path in folder.rglob("*"):
            if path.is_file():
                path.write_bytes(path.read_bytes().replace(PLACE.encode(), str(folder).encode()))
        yield folder
    finally:
        shutil.rmtree(folder)


FOLLOWED = """
from flowc import Run, namespace
namespace(None)
run = Run("ObjectsFlow/local-objects")
asked, left = run["ask"].task.data, run["start"].task.data
assert left.run.data.same == left.data.same == (True, "last", b"outside"), left.run.data.same
assert left.task.data.kept == left.artifact.data == left.artifacts.kept.data == left.step_.task.data.kept
assert left.flow.latest_successful_run == left.run == asked.trigger.run == asked.trigger["SettingsFlow"]
assert asked.this_run == run and asked.this_task.data.pathspec == asked.pathspec
assert asked.this_task.parent.parent.successful
assert [page.get() for page in Run("CardsFlow/local-cards").data.pages][2] == "<p>2 films</p>"
"""


def test_objects_of_the_client_in_artifacts_lead_to_their_runs(in_place: Path) -> None:
    done = python("-c", FOLLOWED, variables={"FLOWC_STORE": f"file:{in_place / 'store'}"})
    assert done.returncode == 0, done.stderr
