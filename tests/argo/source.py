"""From a flow's source text to Argo's manifest or what was found, for tests."""

from __future__ import annotations

import textwrap
from pathlib import Path

from compiler.backends import Options
from compiler.backends.argo import BACKEND
from compiler.pipeline import compile_flow
from tests.engines.argo_nodes import obj, objects
from tests.engines.argo_tags import Json
from tests.engines.argo_yaml import read_manifests

OPTIONS = Options(default_image="f:0123")

STEP = """
    @step
    def start(self):
        self.next(self.end)
"""


def source(start: str = "", body: str = STEP, flow: str = "") -> str:
    """A flow of two steps; `start` are decorators of the first, `flow` of the class, `body` its members."""
    decorated = body.replace("@step\n    def start", f"{start}\n    @step\n    def start", 1)
    return (
        "from flowc import *\n\n"
        + textwrap.dedent(flow).strip()
        + "\nclass F(FlowSpec):\n"
        + decorated
        + "\n    @step\n    def end(self):\n        pass\n"
    )


def found(text: str, folder: Path, options: Options = OPTIONS) -> tuple[str, list[tuple[str, int]]]:
    """The manifest, empty where it is refused, and the code and line of each finding."""
    path = folder / "flow.py"
    path.write_text(text, encoding="utf-8")
    files, report = compile_flow(path, BACKEND, options)
    return "".join(file.text for file in files), [(finding.rule.code, finding.span.line) for finding in report]


def documents(text: str, folder: Path, options: Options = OPTIONS) -> list[dict[str, Json]]:
    """The manifest's documents; nothing was found."""
    manifest, findings = found(text, folder, options)
    assert not findings, findings
    return read_manifests(manifest)


def template(document: dict[str, Json], name: str) -> dict[str, Json]:
    """The template of that name."""
    named = {str(each["name"]): each for each in objects(obj(document["spec"])["templates"])}
    return named[name]
