"""Whose code a replay runs: today's, in a file of this workspace, or that of the archive which the run's containers had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flowc.container.archive import unpacked
from flowc.store import secret_in

from compiler.call.flow_files import files_of, holding, recorded_file
from compiler.call.sources import FlowName
from compiler.legible import one_line
from compiler.mistakes import CallError
from compiler.replay.chosen import Chosen
from compiler.slotted_class import record
from compiler.workspace.discovery import flows_below
from compiler.workspace.settings import read_settings

TODAY, DEPLOYED = "today", "deployed"


@record
class Code:
    """A flow in its file, and the root where that is not the workspace's. `by`: TODAY, DEPLOYED, or the archive's URL as it was given."""

    flow: FlowName
    root: Path | None
    by: str


def code_of(chosen: Chosen, by: str, file: FlowName | None, env: str | None) -> Code:
    """The code to run. Raises CallError where it is not here, or cannot be fetched."""
    flow = chosen.record.flow
    if by != TODAY:
        if file is not None:
            raise CallError("--file is a file of today's code: it does not go with --code")
        return _deployed(chosen, by)
    if file is not None:
        return Code(FlowName(file.path, file.name or flow), None, TODAY)
    found = files_of(flow, _sources(chosen), read_settings(Path(), env))
    if len(found) == 1:
        return Code(FlowName(found[0], flow), None, TODAY)
    if not found:
        raise CallError(
            f"no file of this workspace holds the flow {flow}: go to its folder, or name it with --file flow.py"
        )
    raise CallError(f"several files hold a flow {flow}: {', '.join(map(str, found))}; name one with --file")


def _sources(chosen: Chosen) -> Iterator[str]:
    """The path of the flow's file in the code's root, as the run's record has it, or those of all that ran."""
    own = recorded_file(chosen.record)
    yield from own
    if not own and chosen.now is not None:
        yield from sorted(file for file in chosen.now.code if file.endswith(".py"))


def _deployed(chosen: Chosen, by: str) -> Code:
    """The code of the archive. Raises CallError where the run had none, CallMistake where it cannot be fetched or was changed."""
    run = f"{one_line(chosen.record.flow)}/{one_line(chosen.record.run)}"
    url = chosen.record.code if by == DEPLOYED else by
    if not url:
        raise CallError(
            f"{run} ran the code of its image or of a folder, or its record is an older flowc's: there is no archive to fetch. "
            "Check that commit out and replay without --code, or name an archive: --code URL"
        )
    if wrong := secret_in(url):
        raise CallError(wrong)
    root = Path(unpacked(url))
    recorded = [root / name for name in _sources(chosen)]
    found = holding(
        chosen.record.flow,
        (path for path in recorded if path.is_file() and path.resolve().is_relative_to(root.resolve())),
    )
    found = found or holding(chosen.record.flow, flows_below(root, read_settings(root)))
    if len(found) != 1:
        raise CallError(
            f"the archive {url} holds {len(found) or 'no'} files with a flow {chosen.record.flow}: name another with --code URL"
        )
    return Code(FlowName(found[0], chosen.record.flow), root, by)
