"""`--changed-since REF`: of the flows of a call those that would be other ones than at that revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from compiler.call.sources import FlowName, Surroundings
from compiler.diagnostics import Report
from compiler.pipeline import read_flows
from compiler.slotted_class import replaced
from compiler.terminal.said import tell
from compiler.workspace.revisions.changes import Changes, changes_since


def changed_flows(flows: Sequence[FlowName], revision: str, surroundings: Surroundings) -> tuple[FlowName, ...]:
    """The flows whose code, settings or compiler has changed since a revision, also in what is not committed.

    Raises CallError where git cannot tell.
    """
    found = list[FlowName]()
    known: dict[Path | None, Changes] = {}
    for each in flows:
        settings = surroundings.settings(each.path)
        if settings.folder not in known:
            known[settings.folder] = changes_since(each.path.parent, revision, [file.path for file in settings.files])
            if why := known[settings.folder].whole:
                tell(f"all flows count as changed since {revision}: {why}")
        changes = known[settings.folder]
        if changes.whole or changes.touches(files_of(each, surroundings)):
            found.append(each)
    return tuple(found)


def tell_unchanged(revision: str) -> None:
    """Say that there is nothing to do."""
    tell(f"no flow has changed since {revision}")


def files_of(flow: FlowName, surroundings: Surroundings) -> Iterator[Path]:
    """The files that a flow is made of: its package, and what the settings give to its `Config`s."""
    place, reading = surroundings.place(flow.path), replaced(surroundings.reading(flow.path), imports=False)
    flows = read_flows(flow.path, Report(), root=place.root, name=flow.name, reading=reading)
    yield flow.path
    yield from (place.root / file for file in surroundings.packages().of(place, flows).archive.files)
    for setting in place.settings.configs.values():
        if setting.source is not None and setting.key.startswith("config."):
            yield setting.source.folder / str(setting.value)
