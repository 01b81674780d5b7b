"""Small repositories: how they are written, and what a flow of one is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.workspace.closure.packages import Packages, Place
from compiler.workspace.package import Archive
from compiler.workspace.settings import read_settings

FLOW = """from metaflow import FlowSpec, step
{head}

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write files by their paths; `->x` is a link."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("->"):
            path.symlink_to(text[2:])
        else:
            path.write_text(text, encoding="utf-8")


def archive(root: Path, flow: str) -> Archive:
    """The package of a flow file, by the settings above it."""
    return Packages({}).of(Place(root / flow, root, read_settings(root / flow)), ()).archive
