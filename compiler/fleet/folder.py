"""The files of a call beside what a folder holds: which differ, which are as they should be, which nobody makes any more."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from compiler.fleet.placing import Placed
from compiler.mistakes import CallError
from compiler.reading import read_file
from compiler.slotted_class import record
from compiler.terminal.output import LARGEST, holds, remove_files, write_files
from compiler.workspace.marks import may_be_compiled, target_of

State = Literal["written", "missing", "changed", "unchanged", "stale", "removed"]

_STATES: tuple[State, ...] = ("written", "missing", "changed", "unchanged", "stale", "removed")
"""In the order in which they are counted."""


@record
class Outcome:
    """One file: what became of it, or with `--check` how it differs. A stale one is of no flow."""

    path: Path
    state: State
    flow: str | None = None
    source: Path | None = None


def written(placed: Mapping[Path, Placed]) -> list[Outcome]:
    """Write what differs, and nothing else. Raises CallError where the disk says no: then nothing is written."""
    new = write_files({path: each.text.encode() for path, each in placed.items()})
    return [
        Outcome(path, "written" if path in new else "unchanged", each.flow, each.source)
        for path, each in placed.items()
    ]


def compared(placed: Mapping[Path, Placed]) -> list[Outcome]:
    """How each file on the disk differs from what it should be."""
    return [Outcome(path, _state(path, each), each.flow, each.source) for path, each in placed.items()]


def _state(path: Path, placed: Placed) -> State:
    if holds(path, placed.text.encode()):
        return "unchanged"
    return "changed" if path.is_file() else "missing"


def removed(stale: Sequence[Path]) -> list[Outcome]:
    """Remove files that nobody makes any more. Raises CallError."""
    remove_files(stale)
    return [Outcome(path, "removed") for path in stale]


def others(folder: Path, target: str, made: Mapping[Path, Placed]) -> list[Path]:
    """The files of a folder, by their names, that may be a target's and are none of those that were made."""
    try:
        with os.scandir(folder) as entries:
            found = [each.name for each in entries if may_be_compiled(each.name, target) and _is_plain(each)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CallError(f"cannot look into {folder}: {error.strerror}") from error
    own = {path.name: path for path in made}
    same = {name.casefold(): path for name, path in own.items()}
    return [
        folder / name
        for name in sorted(found)
        if name not in own and not _is_same(folder / name, same.get(name.casefold()))
    ]


def stale_of(candidates: Sequence[Path], target: str) -> list[Path]:
    """Which of these files a target has surely written: those with its mark. No file of an author's has it."""
    return [path for path in candidates if target_of(path.name, _bytes(path)) == target]


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file here, and no link to one elsewhere."""
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return False


def _is_same(path: Path, made: Path | None) -> bool:
    """Whether a disk that does not count case has one file for both names."""
    try:
        return made is not None and os.path.samefile(path, made)
    except OSError:
        return False


def _bytes(path: Path) -> bytes:
    try:
        return read_file(path, LARGEST)
    except OSError:
        return b""


def is_up_to_date(outcomes: Sequence[Outcome]) -> bool:
    """Whether the disk holds what the flows make, and nothing that they have made before."""
    return all(each.state in ("written", "unchanged", "removed") for each in outcomes)


def counted(outcomes: Sequence[Outcome]) -> str:
    """`2 written, 97 unchanged, 1 removed`."""
    return ", ".join(f"{count} {state}" for state, count in _counts(outcomes))


def _counts(outcomes: Sequence[Outcome]) -> Iterator[tuple[State, int]]:
    for state in _STATES:
        count = sum(each.state == state for each in outcomes)
        if count:
            yield state, count


def as_json(target: str, outcomes: Sequence[Outcome]) -> str:
    """One object: `version` (1), `target`, `up_to_date`, `counts` by state, `files` with `path`, `state`, `flow` and `source`."""
    import json  # noqa: PLC0415 - few calls ask for it

    files = [
        {
            "path": each.path.as_posix(),
            "state": each.state,
            "flow": each.flow,
            "source": each.source.as_posix() if each.source else None,
        }
        for each in outcomes
    ]
    found = {
        "version": 1,
        "target": target,
        "up_to_date": is_up_to_date(outcomes),
        "counts": dict(_counts(outcomes)),
        "files": files,
    }
    return json.dumps(found, indent=2)
