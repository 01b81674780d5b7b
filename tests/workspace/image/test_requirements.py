"""What the code imports and the image does not install is a warning, where `flowc image` builds that image."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.workspace.image.distributions import DISTRIBUTIONS, is_named, is_standard, normal, wanted
from compiler.workspace.image.requirements import Named
from tests.stages.command_line import Flowc

FLOW = """{head}
from flowc import *

{flow}
class F(FlowSpec):
    {first}
    @step
    def start(self):
        {body}
        self.next(self.end)

    {last}
    @step
    def end(self):
        pass
"""


def write(folder: Path, head: str = "", body: str = "pass", files: dict[str, str] | None = None, **more: str) -> None:
    parts = {"flow": "", "first": "", "last": "", **more}
    (folder / "flow.py").write_text(FLOW.format(head=head, body=body, **parts))
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


CASES: dict[str, tuple[dict[str, object], list[str]]] = {
    "another name": ({"head": "import sklearn"}, ["sklearn"]),
    "the same name": ({"head": "import pandas.core as c"}, ["pandas.core"]),
    "each once": ({"head": "import yaml\nfrom yaml import load"}, ["yaml"]),
    "in a step": ({"body": "import torch"}, ["torch"]),
    "of Python's own": ({"head": "import json, distutils, zoneinfo, __future__"}, []),
    "ours": ({"head": "import metaflow, flowc.client"}, []),
    "a module of the repository": ({"head": "import helper", "files": {"helper.py": ""}}, []),
    "a package below src": (
        {"head": "import ours.deep", "files": {"src/ours/deep.py": "", "src/ours/__init__.py": ""}},
        [],
    ),
    "in a module of the repository": ({"head": "import helper", "files": {"helper.py": "import cv2"}}, ["cv2"]),
    "that may be missing": ({"head": "try:\n    import polars\nexcept ImportError:\n    polars = None"}, []),
    "for types alone": ({"head": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import polars"}, []),
    "named in requirements": (
        {"head": "import sklearn, PIL", "files": {"requirements.txt": "Scikit_Learn>=1.2  # why\npillow[x]==10\n"}},
        [],
    ),
    "named in a file of them": (
        {"head": "import yaml", "files": {"requirements.txt": "-r deps/more.txt\n", "deps/more.txt": "PyYAML\n"}},
        [],
    ),
    "named by the module": ({"head": "import sklearn", "files": {"requirements.txt": "sklearn\n"}}, ["sklearn"]),
    "beside a folder that brings anything": (
        {"head": "import polars", "files": {"requirements.txt": "-e ./lib\n"}},
        [],
    ),
    "options of pip are no packages": (
        {
            "head": "import polars",
            "files": {"requirements.txt": "--extra-index-url https://x\n-i https://y\n-c c.txt\n--hash=sha256:0\n"},
        },
        ["polars"],
    ),
    "by an address": (
        {
            "head": "import polars, hydra",
            "files": {"requirements.txt": "git+https://x/y#egg=polars\nhydra-core @ https://z\n"},
        },
        [],
    ),
    "named by the settings": (
        {"head": "import sklearn", "files": {"pyproject.toml": "[tool.flowc]\npackages = ['scikit-learn']\n"}},
        [],
    ),
    "settings stand instead of requirements": (
        {
            "head": "import sklearn",
            "files": {"pyproject.toml": "[tool.flowc]\npackages = ['numpy']\n", "requirements.txt": "scikit-learn\n"},
        },
        ["sklearn"],
    ),
    "named by the flow": ({"head": "import pandas", "flow": "@pypi_base(packages={'pandas': '2'})"}, []),
    "the flow's stand instead of requirements": (
        {"head": "import pandas", "flow": "@pypi_base(packages={'x': '2'})", "files": {"requirements.txt": "pandas\n"}},
        ["pandas"],
    ),
    "named by a step": ({"body": "import pandas", "first": "@conda(packages={'pandas': '2'})"}, []),
    "in the author's own image": ({"body": "import pandas", "first": "@kubernetes(image='own:1')"}, []),
    "beside the author's own image": ({"head": "import pandas", "first": "@kubernetes(image='own:1')"}, ["pandas"]),
    "in the author's own images": (
        {"head": "import pandas", "first": "@kubernetes(image='a:1')", "last": "@kubernetes(image='b:1')"},
        [],
    ),
    "parts of one name": (
        {"head": "from google.cloud import storage", "files": {"requirements.txt": "google-cloud-storage\n"}},
        [],
    ),
    "named by the project alone": (
        {
            "head": "import pandas",
            "files": {"pyproject.toml": "[project]\ndependencies = ['pandas>2']\n[tool.flowc]\n"},
        },
        ["pandas"],
    ),
    "named for an Airflow of Astro's": (
        {"head": "import pandas", "files": {"requirements.txt": "pandas\n", "airflow_settings.yaml": ""}},
        ["pandas"],
    ),
    "silenced": ({"head": "import pandas  # flowc: ignore[FC872] comes with another"}, []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_imported_and_not_named(case: str, folder: Path, flowc: Flowc) -> None:
    facts, expected = CASES[case]
    write(folder, **facts)  # type: ignore[arg-type]  # the facts of the table
    found = flowc("check", "flow.py", "--target", "argo", "--format", "github")
    warned = [line.partition("brings `")[2].partition("`")[0] for line in found.out.splitlines() if "FC872" in line]
    assert (found.code, warned) == (0, expected), found.out + found.err


def test_where_no_image_is_built_nothing_is_said(folder: Path, flowc: Flowc) -> None:
    """Neither of an image that the author names nor of a local run, which has the interpreter that it has."""
    write(folder, "import pandas")
    assert "FC872" in flowc("argo", "create", "flow.py").err
    assert "FC872" not in flowc("argo", "create", "flow.py", "--image", "own:1").err
    assert "FC872" not in flowc("argo", "create", "flow.py", "--image", "own:1", "--code", "s3://b/c").err
    found = flowc("check", "flow.py")
    assert (found.code, "FC872" in found.out + found.err) == (0, False)


CURES = {
    "another name": ({}, "add `scikit-learn`, which brings it, to `requirements.txt` or `packages` in [tool.flowc]"),
    "the module's name": (
        {"requirements.txt": "sklearn\n"},
        "did you mean `scikit-learn`, where `sklearn` is asked for?",
    ),
    "the project's": (
        {"pyproject.toml": "[project]\ndependencies = ['scikit-learn']\n[tool.flowc]\n"},
        "`packages` in [tool.flowc]: the dependencies of pyproject.toml are not installed",
    ),
    "Airflow's": (
        {"requirements.txt": "scikit-learn\n", "Dockerfile": "FROM quay.io/astronomer/astro-runtime:12.1.0\n"},
        "to `packages` in [tool.flowc]: `requirements.txt` beside `Dockerfile` is Airflow's own",
    ),
}


@pytest.mark.parametrize("case", CURES)
def test_the_cure_says_what_was_meant(case: str, folder: Path, flowc: Flowc) -> None:
    files, expected = CURES[case]
    write(folder, "import sklearn", files=files)
    assert expected in flowc("argo", "create", "flow.py").err


ASTRO = {
    "settings": ({"airflow_settings.yaml": ""}, True),
    "a configuration": ({".astro/config.yaml": ""}, True),
    "the runtime": ({"Dockerfile": "# ours\nFROM astrocrpublic.azurecr.io/runtime:3.0-1\n"}, True),
    "another image": ({"Dockerfile": "FROM python:3.12\nRUN echo astro-runtime\n"}, False),
    "nothing": ({}, False),
}


@pytest.mark.parametrize("case", ASTRO)
def test_the_requirements_of_an_astro_project_are_airflow_s(case: str, folder: Path, flowc: Flowc) -> None:
    """They go into no image of the steps, and a note says what is used instead; `packages` needs none."""
    files, is_airflows = ASTRO[case]
    write(folder, files={**files, "requirements.txt": "apache-airflow-providers-x\n"})
    found = flowc("image", "flow.py")
    assert ("requirements.txt" in found.out) != is_airflows
    assert ("requirements.txt beside" in found.err) == is_airflows
    flowc("image", "flow.py", "-o", "context/")
    assert (folder / "context" / "requirements.txt").exists() != is_airflows
    (folder / "pyproject.toml").write_text("[tool.flowc]\npackages = ['x']\n")
    found = flowc("image", "flow.py")
    assert ("pip install --no-cache-dir x" in found.out, "requirements.txt beside" in found.err) == (True, False)


@pytest.mark.parametrize("module", DISTRIBUTIONS)
def test_the_table_holds_names_as_they_are_compared(module: str) -> None:
    assert module.isidentifier()
    assert not is_standard(module)
    assert [normal(each) for each in DISTRIBUTIONS[module]] == [*DISTRIBUTIONS[module]]
    assert is_named((module,), {wanted((module,))})


@given(st.text(max_size=60))
def test_any_line_of_requirements_is_taken(line: str) -> None:
    named = Named()
    named.add([line])
    assert all(each == normal(each) for each in named.names)
