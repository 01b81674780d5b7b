"""Which file of this workspace holds the flow of a run: the one that the run's record names, else those with a class of that name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from flowc.artifacts.manifest import RunRecord

from compiler.reading import SOURCE, read_head
from compiler.workspace.discovery import workspace_flows
from compiler.workspace.settings import Settings, repository


def recorded_file(found: RunRecord) -> tuple[str, ...]:
    """The path of the flow's file in the code's root, as a run's record has it; none where that is an older flowc's."""
    path, _, name = found.source.rpartition(":")
    return (path,) if path and name == found.flow else ()


def files_of(flow: str, recorded: Iterable[str], settings: Settings) -> list[Path]:
    """The files of this workspace that hold the flow, each once. `recorded` are paths in the code's root, which go before all others."""
    return holding(flow, _here(recorded, settings)) or holding(flow, workspace_flows(Path(), settings))


def _here(recorded: Iterable[str], settings: Settings) -> Iterator[Path]:
    """Where files of a run would lie in this workspace."""
    here, names = Path(), tuple(recorded)
    roots = dict.fromkeys((*((settings.folder,) if settings.folder else ()), repository(here), here))
    for root in roots:
        for name in names:
            path = Path(os.path.relpath(root / name))
            if ".." not in Path(name).parts and not Path(name).is_absolute() and path.is_file():
                yield path


def holding(flow: str, paths: Iterable[Path]) -> list[Path]:
    """Those of the files whose text has a class of that name, each once."""
    wanted = re.compile(rb"^[ \t]*class[ \t]+" + re.escape(flow.encode()) + rb"\b", re.MULTILINE)
    return list({path.resolve(): path for path in paths if wanted.search(_text(path))}.values())


def _text(path: Path) -> bytes:
    try:
        return read_head(path, SOURCE)
    except OSError:
        return b""
