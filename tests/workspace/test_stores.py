"""The store as a setting: what is secret in its URL is neither printed nor written, and what it needs is in the image."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.command_line import Flowc

FLOW = """
from flowc import FlowSpec, IncludeFile, conda, pypi, step

class F(FlowSpec):
    words = IncludeFile("words")
    @step
    def start(self):
        self.next(self.end)
    @conda(packages={"gdal": "3.8"})
    @step
    def end(self):
        pass
"""
SECRET = "p4ssw0rd"
TARGETS = ("airflow", "argo", "step-functions")


@pytest.fixture(name="flow")
def _flow(folder: Path) -> Path:
    path = folder / "stored.py"
    path.write_text(FLOW)
    return path


@pytest.mark.parametrize("url", [f"s3://key:{SECRET}@bucket/x", f"az://container/x?sig={SECRET}"])
@pytest.mark.parametrize("setting", ["store", "code"])
def test_a_secret_in_a_setting_is_refused_and_not_told(setting: str, url: str, flow: Path, flowc: Flowc) -> None:
    (flow.parent / "pyproject.toml").write_text(f'[tool.flowc]\n{setting} = "{url}"\n')
    calls = [(target, "create", "stored.py", "-o", "out/") for target in TARGETS]
    calls += [("config", "stored.py"), ("config", "stored.py", "--json")]
    calls += (
        [("run", "--any-packages", "stored.py"), ("runs", "F"), ("inspect", "F/1"), ("image", "stored.py")]
        if setting == "store"
        else []
    )
    for words in calls:
        told = flowc(*words)
        assert told.code == 1, words
        assert f"{setting} ([tool.flowc])" in told.err
        assert SECRET not in told.out + told.err
    assert not (flow.parent / "out").exists()


@pytest.mark.parametrize("target", TARGETS)
def test_a_secret_on_the_command_line_is_refused_and_not_told(target: str, flow: Path, flowc: Flowc) -> None:
    told = flowc(target, "create", "stored.py", "--store", f"s3://key:{SECRET}@bucket/x")
    assert told.code == 2
    assert "store (command line): the URL s3://…@bucket/x holds" in told.err
    assert SECRET not in told.out + told.err


@pytest.mark.parametrize("store", ["gs://bucket/x", "az://container/x"])
def test_the_image_holds_what_the_store_is_asked_through(store: str, flow: Path, flowc: Flowc) -> None:
    recipe = "RUN pip install --no-cache-dir 'obstore>=0.8.2'"
    assert recipe not in flowc("image", "stored.py").out
    (flow.parent / "pyproject.toml").write_text(f'[tool.flowc.argo]\nstore = "{store}"\n')
    assert recipe in flowc("image", "stored.py").out
    of_conda = flowc("image", "stored.py", "--step", "end").out
    assert recipe in of_conda
    assert "pip gdal==3.8" in of_conda


@pytest.mark.parametrize("target", ["airflow", "argo"])
@pytest.mark.parametrize(("store", "is_told"), [("gs://bucket/x", True), ("az://c/x", True), ("s3://bucket/x", False)])
def test_create_says_what_an_image_of_ones_own_needs(
    target: str, store: str, is_told: bool, flow: Path, flowc: Flowc
) -> None:
    named = flowc(target, "create", "stored.py", "--store", store, "--image", "own:1")
    assert named.code == 0, named.err
    assert store in named.out
    assert ("asked through obstore: let the image own:1 hold it" in named.err) == is_told
    assert "obstore" not in flowc(target, "create", "stored.py", "--store", store).err
