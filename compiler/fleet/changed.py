"""`--changed-since REF`: of the flows of a call those that would be other ones than at that revision."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from compiler.call.sources import FlowName, Surroundings
from compiler.diagnostics import Report
from compiler.frontend.text.modules import Known
from compiler.mistakes import CallError, FoundError
from compiler.pipeline import read_flows
from compiler.slotted_class import fresh, mutable, replaced
from compiler.terminal.said import tell
from compiler.workspace.closure.packages import Packages
from compiler.workspace.revisions.changes import Changes, changes_since
from compiler.workspace.revisions.checkout import checkout


def changed_flows(flows: Sequence[FlowName], revision: str, surroundings: Surroundings) -> tuple[FlowName, ...]:
    """The flows whose code, settings or compiler has changed since a revision, also in what is not committed.

    Raises CallError where git cannot tell.
    """
    with ExitStack() as stack:
        since = _Since(revision, surroundings, stack)
        return tuple(each for each in flows if since.has_changed(each))


def tell_unchanged(revision: str) -> None:
    """Say that there is nothing to do."""
    tell(f"no flow has changed since {revision}")


@mutable
class _Since:
    """What one call knows of a revision; the trees of it that are laid out are gone when the stack is."""

    revision: str
    surroundings: Surroundings
    stack: ExitStack
    _changes: dict[Path | None, Changes] = fresh(default_factory=dict)
    _befores: dict[Path, _Before | None] = fresh(default_factory=dict)

    def has_changed(self, flow: FlowName) -> bool:
        """Whether a flow would be another one."""
        changes = self._changes_of(flow)
        if changes.whole:
            return True
        files = _files_of(flow, self.surroundings, self.surroundings.packages())
        if changes.touches(files):
            return True
        return bool(changes.removed) and self._was_of_others(flow, files, changes)

    def _changes_of(self, flow: FlowName) -> Changes:
        settings = self.surroundings.settings(flow.path)
        if settings.folder not in self._changes:
            files = [file.path for file in settings.files]
            changes = self._changes[settings.folder] = changes_since(flow.path.parent, self.revision, files)
            if changes.whole:
                tell(f"all flows count as changed since {self.revision}: {changes.whole}")
        return self._changes[settings.folder]

    def _was_of_others(self, flow: FlowName, files: Sequence[Path], changes: Changes) -> bool:
        """Whether a flow of which no file is another one was made of other files: of one that is gone, or of what that named."""
        top = changes.repository.top
        if top not in self._befores:
            self._befores[top] = self._laid_out(changes)
        before = self._befores[top]
        return before is None or before.made_of(_inside(flow.path, top), flow.name) != _names(
            [*files, *_settings_of(flow, self.surroundings)], top
        )

    def _laid_out(self, changes: Changes) -> _Before | None:
        """The tree of the revision; None where that cannot be laid out, which is told."""
        top = changes.repository.top
        try:
            laid = self.stack.enter_context(checkout(changes.repository, changes.commit))
        except CallError as error:
            tell(
                f"files were removed since {self.revision}, and flows count as changed that may have had them: {error}"
            )
            return None
        given = self.surroundings.given_root
        root = laid.folder / _inside(given, top) if given else None
        own = self.surroundings
        return _Before(
            laid.folder, Surroundings(root, False, own.given_configs, own.added, own.from_environment, own.env)
        )


@mutable
class _Before:
    """A repository as it was at a revision."""

    top: Path
    surroundings: Surroundings
    _packages: Packages = fresh(default_factory=lambda: Packages(Known()))

    def made_of(self, path: str, flow: str | None) -> frozenset[str] | None:
        """What a flow was made of, its settings' files too, by paths relative to the top; None where that cannot be told."""
        name = FlowName(self.top / path, flow)
        try:
            files = _files_of(name, self.surroundings, self._packages)
            return _names([*files, *_settings_of(name, self.surroundings)], self.top)
        except (CallError, FoundError):
            return None


def _files_of(flow: FlowName, surroundings: Surroundings, packages: Packages) -> list[Path]:
    """The files that a flow is made of: its package, and what its settings give to its `Config`s. Raises CallError, FoundError."""
    place = surroundings.place(flow.path)
    reading = replaced(surroundings.reading(flow.path), imports=False, passes_over=True, known=packages.known)
    flows = read_flows(flow.path, Report(), root=place.root, name=flow.name, reading=reading)
    given = [each for each in place.settings.configs.values() if each.key.startswith("config.")]
    return [
        flow.path,
        *(place.root / file for file in packages.of(place, flows).archive.files),
        *(each.source.folder / str(each.value) for each in given if each.source is not None),
    ]


def _settings_of(flow: FlowName, surroundings: Surroundings) -> list[Path]:
    return [file.path for file in surroundings.settings(flow.path).files]


def _names(files: Sequence[Path], top: Path) -> frozenset[str]:
    return frozenset(_inside(file, top) for file in files)


def _inside(path: Path, top: Path) -> str:
    """A path relative to the top of its repository; of a link where it lies, not where it leads."""
    return os.path.relpath(os.path.join(os.path.realpath(path.parent), path.name), os.path.realpath(top))
