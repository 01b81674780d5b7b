"""What a call of `flowc diff` asks for: which two states of which flows, read and compared."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from compiler.diagnostics import Report
from compiler.difference.changes import FlowUnread
from compiler.difference.comparing import Difference, FlowDifference, compare
from compiler.difference.sides import Side
from compiler.mistakes import CallError, FoundError
from compiler.slotted_class import record
from compiler.workspace.revisions.checkout import checkout
from compiler.workspace.revisions.git import Repository, repository
from compiler.workspace.settings import ConfigError, read_settings
from compiler.workspace.settings import repository as marked

DEPLOYED = "deployed"

INSTEAD = "name a folder with another checkout: --against DIR"
"""What a call may do where git does not help."""


@record
class Asked:
    """The words of a call. `flows` are files, files with a flow's name, folders; none: all flows of the workspace. `now` is aware.
    `env` is the environment whose settings hold on both sides.
    """

    flows: tuple[str, ...]
    against: str
    targets: tuple[str, ...]
    imports: bool
    now: datetime
    env: str | None = None


@record
class _Other:
    """The state that is compared with: its folder, what it is called, and what of it could not be laid out."""

    top: Path
    called: str
    notes: tuple[str, ...] = ()


@record
class _Named:
    """What one word names: a path relative to the repository, and a flow of it or none."""

    path: str
    flow: str | None


def differences(asked: Asked) -> tuple[Difference, Report]:
    """What differs, and what was found on today's side. Raises CallError for what the call cannot mean."""
    top = _top(asked.against)
    with _other(top, asked.against) as other:
        return _compared(asked, _side(asked, Path(os.path.relpath(top))), other)


def _side(asked: Asked, top: Path) -> Side:
    return Side(top, asked.targets, asked.imports, asked.env)


def _top(against: str) -> Path:
    """The top of the repository that the call is made in; without git, where only folders are compared, by its marks."""
    try:
        return repository(Path.cwd(), INSTEAD).top
    except CallError:
        if not os.path.isdir(against):
            raise
        return marked(Path.cwd()).resolve()


@contextmanager
def _other(top: Path, against: str) -> Iterator[_Other]:
    """A revision goes before a folder of that name; `./name` is the folder."""
    found = Repository(top, INSTEAD)
    commit = None if _is_path(against) or not (top / ".git").exists() else found.find(against)
    if commit is None and os.path.isdir(against):
        yield _Other(Path(against), against)
        return
    commit = commit or found.commit(against)
    with checkout(found, commit) as laid:
        yield _Other(laid.folder, f"{against} ({commit[:10]})", tuple(laid.notes))


def _is_path(text: str) -> bool:
    return os.path.isdir(text) and text.startswith((".", "/"))


def _compared(asked: Asked, own: Side, there: _Other) -> tuple[Difference, Report]:
    other = _side(asked, there.top)
    names = [_named(word, own.top) for word in asked.flows]
    notes, extra = there.notes, set[str]()
    if names:
        for name in names:
            _read_named(name, own, other)
        _refuse_unknown(names, own, other)
        extra = _read_moved(own, other)
    else:
        notes += _read_workspace(_project(own.top, asked.env), own, other)
    found = [each for each in compare(other.states, own.states, asked.now) if _counts(each, own, other, extra, names)]
    differing = tuple(each for each in found if each.changes)
    unread = tuple(FlowUnread(path, why) for path, why in other.unread.items() if path not in extra)
    equal = len(found) - len(differing)
    return Difference(there.called, differing, equal, unread, notes, asked.env), own.report


def _read_workspace(folder: str, own: Side, other: Side) -> tuple[str, ...]:
    """Read the workspaces of both sides, and say what of the old one could not be. Raises CallError where neither holds a flow."""
    ours, notes = own.workspace(folder), tuple[str, ...]()
    try:
        theirs = other.workspace(folder)
    except FoundError:  # each of its files says so
        theirs = [path for path in ours if (other.top / path).is_file()]
    except ConfigError:
        theirs, notes = [], (f"the old side has no environment {other.env}: all flows count as new in it",)
    if not ours and not theirs:
        raise CallError(f"there is no flow in the workspace {os.path.realpath(own.top / folder)} on either side")
    own.read(ours)
    _read_other(other, theirs)
    return notes


def _project(top: Path, env: str | None) -> str:
    """The folder of the workspace that the call is made in, relative to the repository; its top without settings. Raises CallError."""
    folder = read_settings(Path.cwd(), env).folder
    place = os.path.relpath(os.path.realpath(folder), os.path.realpath(top)) if folder else "."
    return "." if place.startswith("..") else place


def _named(word: str, top: Path) -> _Named:
    """`flows/train.py`, `flows/train.py:Train`, `flows`. Raises CallError for what lies outside of the repository."""
    path, colon, flow = word.rpartition(":")
    if not colon or os.path.exists(word) or not flow.isidentifier():
        path, flow = word, ""
    real = os.path.join(
        os.path.realpath(os.path.dirname(os.path.abspath(path))), os.path.basename(os.path.abspath(path))
    )
    place = os.path.relpath(real, os.path.realpath(top))
    if place == ".." or place.startswith("../"):
        raise CallError(f"{path} does not lie in the repository {os.path.realpath(top)}")
    return _Named(place, flow or None)


def _read_named(name: _Named, own: Side, other: Side) -> None:
    """Read what a word names on both sides; one of them may lack it. Raises CallError where both do, or have no flow there."""
    ours, theirs = own.top / name.path, other.top / name.path
    if not ours.exists() and not theirs.exists():
        raise CallError(f"there is no file or folder {name.path} on either side")
    for side, place in ((own, ours), (other, theirs)):
        side.named |= {name.path} if place.is_file() else set()
    below, there = own.below(name.path), other.below(name.path)
    if not below and not there and not ours.is_file() and not theirs.is_file():
        raise CallError(f"there is no flow below {name.path} on either side")
    if ours.is_file():
        own.read([name.path], named=True)
    own.read(below)
    _read_other(other, [name.path] if theirs.is_file() else there)


def _refuse_unknown(names: Sequence[_Named], own: Side, other: Side) -> None:
    """Raises CallError for a flow that neither side has in its file, unless a mistake keeps that from being read."""
    for name in names:
        states = [state for side in (own, other) for state in side.states if state.path == name.path]
        is_read = name.path not in {**own.unread, **other.unread}
        if name.flow and is_read and name.flow not in {state.name for state in states}:
            raise CallError(f"there is no flow {name.flow} in {name.path} on either side")


def _read_moved(own: Side, other: Side) -> set[str]:
    """Read where a flow may have come from, or gone to, that only one side has in the named files; the paths of these more files."""
    alone = {state.path for state in own.states if not (other.top / state.path).exists()}
    lost = {state.path for state in other.states if not (own.top / state.path).exists()}
    extra: set[str] = set()
    if alone:
        more = _absent(other.below("."), own, other)
        _read_other(other, more)
        extra.update(more)
    if lost:
        more = _absent(own.below("."), other, own)
        own.read(more)
        extra.update(more)
    return extra


def _absent(paths: Sequence[str], where: Side, there: Side) -> list[str]:
    """The files that a side lacks and that were not read yet."""
    known = {state.path for state in there.states}
    return [path for path in paths if path not in known and not (where.top / path).exists()]


def _read_other(other: Side, paths: Sequence[str]) -> None:
    """Read the old side file by file: what cannot be read keeps nothing else from being compared."""
    for path in paths:
        try:
            other.read([path])
        except CallError as error:
            other.unread[path] = str(error)
    for path, why in other.unread.items():
        other.unread[path] = why.replace(f"{other.top}/", "").replace(str(other.top), "the repository")


def _counts(found: FlowDifference, own: Side, other: Side, extra: set[str], names: Sequence[_Named]) -> bool:
    """Whether a flow was asked for, and its absence on one side is one: no mistake keeps it from being read there."""
    if found.old is None and found.new and (found.new.path in other.unread or found.new.path in extra):
        return False
    if found.new is None and found.old and (found.old.path in own.unread or found.old.path in extra):
        return False
    states = [state for state in (found.old, found.new) if state]
    wanted = {(each.path, each.flow) for each in names if each.flow}
    paths = {path for path, _ in wanted}
    if any(each.flow is None for each in names) and not any(state.path in paths for state in states):
        return True
    return not wanted or any((state.path, state.name) in wanted for state in states)
