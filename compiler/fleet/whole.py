"""Whether a call compiles the whole workspace: only then is a file that none of its flows makes one that nobody makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from compiler.call.sources import FlowName, Surroundings
from compiler.diagnostics import Report
from compiler.frontend.findings import fc1xx
from compiler.pipeline import read_flows
from compiler.reading import SOURCE, read_file
from compiler.workspace.package import package

_NO_FLOW = {fc1xx.NO_FLOW.code}


def is_whole(flows: Sequence[FlowName], surroundings: Surroundings) -> bool:
    """Whether every flow file of the workspace is named, as a whole: one flow of a file is a part of it."""
    named = {each.path.resolve() for each in flows if each.name is None}
    roots = {surroundings.root(each.path).resolve() for each in flows}
    return all(file.resolve() in named for root in roots for file in _flow_files(root, surroundings, named))


def _flow_files(root: Path, surroundings: Surroundings, known: set[Path]) -> Iterator[Path]:
    """The files of a workspace that hold flows, or may: what cannot be read is one until somebody has mended it."""
    for name in package(root).files:
        file = root / name
        if file.suffix == ".py" and (file.resolve() in known or _may_hold_flows(file, root, surroundings)):
            yield file


def _may_hold_flows(file: Path, root: Path, surroundings: Surroundings) -> bool:
    if b"FlowSpec" not in read_file(file, SOURCE) and b"step" not in read_file(file, SOURCE):
        return False
    found = Report()
    flows = read_flows(file, found, root=root, reading=surroundings.reading(file))
    return bool(flows) or any(each.rule.code not in _NO_FLOW for each in found.diagnostics)
