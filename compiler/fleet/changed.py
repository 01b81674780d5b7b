"""`--changed-since REF`: of the flows of a call those that would be other ones than at that revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from compiler.call.sources import FlowName, Surroundings
from compiler.diagnostics import Report
from compiler.pipeline import read_flows
from compiler.slotted_class import replaced
from compiler.terminal.said import tell
from compiler.workspace.changes import Changes, changes_since


def changed_flows(flows: Sequence[FlowName], revision: str, surroundings: Surroundings) -> tuple[FlowName, ...]:
    """The flows whose code, settings or compiler has changed since a revision, also in what is not committed.

    Raises CallError where git cannot tell.
    """
    found = list[FlowName]()
    known: dict[Path | None, Changes] = {}
    for each in flows:
        settings = surroundings.settings(each.path)
        if settings.folder not in known:
            known[settings.folder] = changes_since(each.path.parent, revision, _settings_files(settings.folder))
            if why := known[settings.folder].whole:
                tell(f"all flows count as changed since {revision}: {why}")
        changes = known[settings.folder]
        if changes.whole or changes.touches(files_of(each, surroundings)):
            found.append(each)
    return tuple(found)


def tell_unchanged(revision: str) -> None:
    """Say that there is nothing to do."""
    tell(f"no flow has changed since {revision}")


def _settings_files(folder: Path | None) -> tuple[Path, ...]:
    return (folder / "pyproject.toml",) if folder else ()


def files_of(flow: FlowName, surroundings: Surroundings) -> Iterator[Path]:
    """The files that a flow is made of: its own, the modules that it imports, what its parameters and `Config`s name."""
    from compiler.frontend.text.modules import Known  # noqa: PLC0415 - few calls ask

    path, known, settings = flow.path, Known(), surroundings.settings(flow.path)
    reading = replaced(surroundings.reading(path), known=known, imports=False)
    root = surroundings.root(path)
    flows = read_flows(path, Report(), root=root, reading=reading)
    yield path
    yield from (Path(file) for file in known)
    yield from known.texts
    for each in flows:
        yield from (root / parameter.file for parameter in each.parameters if parameter.file)
    if settings.folder is not None:
        yield from (settings.folder / str(file) for file in settings.configs.values())
