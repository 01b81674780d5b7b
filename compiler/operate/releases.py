"""What a call deploys: each flow compiled as `create` does, with the record that is kept beside it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from flowc.language.current import username

from compiler.backends import OutputFile
from compiler.backends.operating import Record, Release
from compiler.call.sources import FlowName
from compiler.fleet.changed import changed_flows
from compiler.fleet.compiling import Request, compile_flows
from compiler.fleet.parts import Compiled
from compiler.mistakes import CallError
from compiler.slotted_class import record
from compiler.terminal.times import moment
from compiler.workspace.revisions.git import Repository, repository


@record
class Planned:
    """A compiled flow and its release."""

    compiled: Compiled
    release: Release


def releases(request: Request, now: float) -> tuple[Planned, ...] | None:
    """The releases of the flows of a call; None where one has a mistake, which is shown. `now` in seconds since 1970."""
    compiled = compile_flows(request)
    if compiled is None:
        return None
    origins: dict[Path, _Origin] = {}
    for each in compiled:
        folder = each.path.parent.absolute()
        if folder not in origins:
            origins[folder] = _origin_of(each.path, request)
    named = [(each, origins[each.path.parent.absolute()]) for each in compiled]
    others = _others(named, request)
    return tuple(Planned(each, _release(each, origin, now, is_other=_name(each) in others)) for each, origin in named)


def _others(named: Sequence[tuple[Compiled, _Origin]], request: Request) -> set[FlowName]:
    """Those that are not as their commit has them; git is asked once a commit for all of its flows."""
    flows: dict[str, list[FlowName]] = {}
    for each, origin in named:
        if origin.commit:
            flows.setdefault(origin.commit, []).append(_name(each))
    return {name for commit, names in flows.items() for name in changed_flows(names, commit, request.surroundings)}


def _name(each: Compiled) -> FlowName:
    return FlowName(each.path, each.flow)


@record
class _Origin:
    """Where flows of a folder come from: the repository's top, its commit, and the workspace within it."""

    top: Path
    commit: str
    workspace: str


def _release(each: Compiled, origin: _Origin, now: float, *, is_other: bool) -> Release:
    commit = origin.commit
    kept = Record(
        f"{_within(each.path, origin.top)}:{each.flow}",
        digest_of(each.files),
        f"{commit}+" if is_other else commit,
        username(),
        moment(now) or "",
        version("flowc"),
        each.options.store or "",
        origin.workspace,
    )
    return Release(each.name, each.files, kept)


def digest_of(files: Iterable[OutputFile]) -> str:
    """sha256 of the names and texts of files, whatever their order, in hexadecimal digits."""
    whole = hashlib.sha256()
    for file in sorted(files, key=lambda each: each.name):
        for part in (file.name, file.text):
            data = part.encode(errors="surrogatepass")
            whole.update(b"%d:" % len(data))
            whole.update(data)
    return whole.hexdigest()


def _origin_of(path: Path, request: Request) -> _Origin:
    folder = request.surroundings.settings(path).folder or path.parent
    found = _repository(path)
    if found is None:
        return _Origin(folder.absolute(), "", "")
    inner = _within(folder, found.top)
    address = found.origin() or found.top.name
    return _Origin(found.top, found.find("HEAD") or "", address if inner == "." else f"{address}/{inner}")


def _repository(path: Path) -> Repository | None:
    try:
        return repository(path.parent)
    except CallError:
        return None


def _within(path: Path, top: Path) -> str:
    return Path(os.path.relpath(os.path.realpath(path), os.path.realpath(top))).as_posix()
