"""One image for each different set of packages: what `flowc image` writes and what `create` names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.stages.command_line import Flowc

FLOW = """
from metaflow import *

@conda_base(packages={"gdal": "3.8"}, python="3.12")
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a)
    @pypi(packages={"pandas": "2.1.0"})
    @step
    def a(self):
        self.next(self.b)
    @pypi(packages={"pandas": "2.1.0"})
    @step
    def b(self):
        self.next(self.c)
    @kubernetes(image="own:1")
    @conda(packages={"other": ""})
    @step
    def c(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""

TARGETS = ("airflow", "argo", "step-functions")


@pytest.fixture(name="flow")
def _flow(folder: Path) -> Path:
    path = folder / "several.py"
    path.write_text(FLOW)
    (folder / "requirements.txt").write_text("never-asked-for\n")
    return path


@pytest.mark.parametrize("target", TARGETS)
def test_every_set_of_packages_has_its_image(target: str, flow: Path, flowc: Flowc) -> None:
    """The flow's own, one of the two steps that ask for the same, and the one that a step names itself."""
    flowc(target, "create", "several.py", "-o", "out/")
    text = "".join(path.read_text() for path in sorted(flow.parent.glob("out/*")))
    images = set(re.findall(r"f:[0-9a-f]{12}(?:-[a-z]+)?|own:1", text))
    (digest,) = {image[2:14] for image in images if image != "own:1"}
    assert images == {f"f:{digest}", f"f:{digest}-a", "own:1"}


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_that_is_given_is_the_flows_alone(target: str, flow: Path, flowc: Flowc) -> None:
    """Unless the settings name the step's, too."""
    flowc(target, "create", "several.py", "-o", "out/", "--image", "team/base:1")
    text = "".join(path.read_text() for path in sorted(flow.parent.glob("out/*")))
    assert "team/base:1" in text
    assert re.search("f:[0-9a-f]{12}-a", text)
    (flow.parent / "pyproject.toml").write_text(
        '[tool.flowc]\nimage = "team/base:1"\n[tool.flowc.images]\na = "team/a:2"\n'
    )
    flowc(target, "create", "several.py", "-o", "named/")
    text = "".join(path.read_text() for path in sorted(flow.parent.glob("named/*")))
    assert not re.search("f:[0-9a-f]{12}", text)
    assert "team/a:2" in text


def test_the_recipes_install_what_is_asked_for(flow: Path, flowc: Flowc) -> None:
    """And nothing that the code's requirements name beside."""
    printed = flowc("image", "several.py")
    assert "micromamba install --yes --name base --channel conda-forge python=3.12 gdal==3.8 &&" in printed.out
    assert "the images of a" in printed.err
    recipe = flowc("image", "several.py", "--step", "b").out
    assert "python=3.12 pip gdal==3.8" in recipe
    assert "RUN pip install --no-cache-dir pandas==2.1.0" in recipe
    assert "never-asked-for" not in printed.out + recipe
    flowc("image", "several.py", "-o", "context")
    assert {path.name for path in (flow.parent / "context").glob("Dockerfile*")} == {"Dockerfile", "Dockerfile.a"}
    assert (flow.parent / "context" / "Dockerfile.a").read_text() == recipe


@pytest.mark.parametrize(
    ("python", "conda", "tag"),
    [
        ("3.10.*", "'python=3.10.*'", "3.10"),
        (">=3.10, <3.11", "'python>=3.10,<3.11'", "3.10"),
        ("==3.9.1", "python==3.9.1", "3.9.1"),
    ],
)
def test_a_range_of_pythons_is_condas_and_its_first_is_the_images(
    python: str, conda: str, tag: str, flow: Path, flowc: Flowc
) -> None:
    """Conda takes the range as it is written; an image of Python has one version that fits."""
    text = flow.read_text().replace("3.12", python)
    flow.write_text(text)
    assert f" {conda} gdal==3.8 " in flowc("image", "several.py").out
    flow.write_text(text.replace("conda_base", "pypi_base"))
    assert f"FROM python:{tag}-slim" in flowc("image", "several.py").out


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--step", "nobody"), "has no step `nobody`"), (("--step", "c"), "names its image itself: own:1")],
)
def test_a_step_without_an_image_to_describe_is_told(
    words: tuple[str, str], told: str, flow: Path, flowc: Flowc
) -> None:
    """One that is not there, and one whose image the author names."""
    assert flow.exists()
    ended = flowc("image", "several.py", *words)
    assert ended.code == 2
    assert told in ended.err


def test_a_local_run_wants_the_packages_here(flow: Path, flowc: Flowc) -> None:
    """It says what to install, and runs anyway where it is told to."""
    assert flow.exists()
    ended = flowc("run", "several.py")
    assert ended.code == 2
    assert "a, b: gdal==3.8, pandas==2.1.0" in ended.err
    assert "pip install pandas==2.1.0" in ended.err
    assert flowc("run", "--any-packages", "several.py").code == 0


def test_the_table_of_images_holds_texts(folder: Path, flowc: Flowc) -> None:
    """A wrong one is told with an example."""
    (folder / "pyproject.toml").write_text("[tool.flowc.images]\na = 1\n")
    ended = flowc("argo", "create", "flow.py")
    assert ended.code == 1
    assert "`a` of [tool.flowc.images] must be the image of a step" in ended.err
