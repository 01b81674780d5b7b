"""Whether a call compiles the whole workspace: only then is a file that none of its flows makes one that nobody makes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from compiler.call.sources import FlowName, Surroundings
from compiler.diagnostics import Report
from compiler.frontend.findings import fc1xx
from compiler.pipeline import read_flows
from compiler.workspace.discovery import workspace_flows

_NO_FLOW = {fc1xx.NO_FLOW.code}


def is_whole(flows: Sequence[FlowName], surroundings: Surroundings) -> bool:
    """Whether every flow file of the workspace is named, as a whole: one flow of a file is a part of it."""
    named = {each.path.resolve() for each in flows if each.name is None}
    return all(file.resolve() in named for file in _flow_files(flows, surroundings, named))


def _flow_files(flows: Sequence[FlowName], surroundings: Surroundings, named: Collection[Path]) -> Iterator[Path]:
    """The files of the workspaces of flows that hold flows, or may: what cannot be read is one until somebody has mended it."""
    seen: set[Path | None] = set()
    for each in flows:
        settings = surroundings.settings(each.path)
        if settings.folder in seen and settings.folder is not None:
            continue
        seen.add(settings.folder)
        for file in workspace_flows(each.path.parent, settings):
            if file.resolve() in named or _holds_flows(file, surroundings):
                yield file


def _holds_flows(file: Path, surroundings: Surroundings) -> bool:
    found = Report()
    flows = read_flows(file, found, root=surroundings.root(file), reading=surroundings.reading(file))
    return bool(flows) or any(each.rule.code not in _NO_FLOW for each in found.diagnostics)
