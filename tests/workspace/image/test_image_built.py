"""`flowc image --build` by a real builder: a flow in its result, as the user of the image and as any other, does what it does here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase
from tests.engines.argo_case import run_argo
from tests.engines.local import run_local
from tests.stages.image_builder import NOT_BUILT, Builder, missing

SKIPPED = missing()
pytestmark = pytest.mark.skipif(bool(SKIPPED), reason=f"{NOT_BUILT}: {SKIPPED}")

FLOW = '''
import os
from pathlib import Path
from flowc import FlowSpec, step
from parts.words import WORDS

class WritesFlow(FlowSpec):
    """Writes beside its code and at home, and reads what lies beside its code."""

    @step
    def start(self):
        self.words = [*WORDS, Path("parts/more.txt").read_text()]
        with open("report.csv", "w") as file:
            file.write("a,b")
        os.makedirs("out/deep")
        Path("parts/new.txt").write_text("new")
        Path("parts/more.txt").write_text("changed")
        self.next(self.each, foreach="words")

    @step
    def each(self):
        cache = Path.home() / ".cache" / "models"
        cache.mkdir(parents=True, exist_ok=True)
        (cache / self.input).write_text(self.input)
        self.size = len(list(cache.glob(self.input)))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sizes = [each.size for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert os.getuid() or "HERE" in os.environ
'''


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """With an image of the flow, made as an author makes it, in a folder that is thrown away."""
    found = Builder(tmp_path_factory.mktemp("images"))
    found.prepare()
    code = _code(tmp_path_factory.mktemp("built"))
    command = [sys.executable, "-m", "compiler", "image", "writes.py", "--build", "buildah", "--tag", "writes:1"]
    built = subprocess.run(command, cwd=code, env=found.environment, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stdout.splitlines()[-1:]) == (0, ["writes:1"]), built.stderr
    shutil.rmtree(code)
    yield found
    found.call("rm", "--all")


def _code(folder: Path) -> Path:
    (folder / "parts").mkdir()
    (folder / "writes.py").write_text(FLOW)
    (folder / "parts" / "words.py").write_text('WORDS = ["one", "two"]\n')
    (folder / "parts" / "more.txt").write_text("three")
    return folder


def _shared(folder: Path) -> Path:
    """A folder that anybody may write to, on the way to which nothing is private."""
    (folder / "store").mkdir(parents=True)
    for each in (folder, folder / "store"):
        each.chmod(0o777)
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o055:
            parent.chmod(0o755)
    return folder


@pytest.mark.every(3)
@pytest.mark.parametrize("user", ["", "1000", "1234567890:0"], ids=["the image's", "1000", "any of group 0"])
def test_a_flow_in_the_image_does_what_it_does_here(
    user: str, builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes where it works and at home, whoever it is there; what it reads beside its code comes from the image."""
    shared = _shared(tmp_path / "shared")
    (tmp_path / "code").mkdir()
    code = _code(tmp_path / "code")
    python = builder.python(builder.container("writes:1"), shared, user)
    there = run_argo(FlowCase(code / "writes.py", "WritesFlow"), shared, python=python, workers=1, user=())
    assert there.success, there.log[-3000:]
    assert not (code / "report.csv").exists()
    monkeypatch.chdir(code)
    local = run_local(FlowCase(code / "writes.py", "WritesFlow", environment={"HERE": "1"}), tmp_path / "local")
    assert local.success, local.log[-3000:]
    assert not list(against_local(read_result(local, code), read_result(there, code)))
    owners = {path.stat().st_uid for path in (shared / "store").rglob("manifest")}
    assert owners == {int((user or "1000").partition(":")[0])}
