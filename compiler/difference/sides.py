"""One state of a repository: its flows, their plans, code and files, read as text. Nothing of it is run unless the call says `--import`."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from compiler.backends import Backend, Options, OutputFile, refuse
from compiler.backends.targets import BUILT_IN, brought_targets, load_backend
from compiler.call.sources import Surroundings
from compiler.call.target_settings import decided
from compiler.diagnostics import Diagnostic, Report
from compiler.difference.code import FlowCode, Trees, read_code, without_form
from compiler.fleet.compiling import deployment
from compiler.frontend.findings import fc1xx
from compiler.ir.flow import Flow
from compiler.ir.needs import has_own_packages
from compiler.ir.plan import Plan, Task
from compiler.ir.planner import plan
from compiler.mistakes import FoundError
from compiler.pipeline import read_flows
from compiler.reading import SOURCE
from compiler.slotted_class import fresh, mutable, record, replaced
from compiler.workspace.discovery import flows_below, workspace_flows
from compiler.workspace.package import Archive, code_root
from compiler.workspace.settings import Settings, read_settings


@record
class Emitted:
    """What a target makes of a flow: its files, the same with the code's digest taken out, and what made it say no.

    `deployment` is what the target calls it; `image` is the default one, which names the code, and None where the settings name another.
    `containers` are those that do several tasks.
    """

    files: tuple[OutputFile, ...]
    neutral: tuple[str, ...]
    options: Options
    deployment: str
    image: str | None
    refused: tuple[Diagnostic, ...] = ()
    containers: tuple[Task, ...] = ()


@record
class Held:
    """A file of the code's archive; `source` is its text where it is Python."""

    mode: int
    digest: str
    source: bytes | None

    def is_as(self, other: Held) -> bool:
        """Whether both are equal, comments and formatting of Python apart."""
        if self.mode != other.mode or self.digest == other.digest:
            return self.mode == other.mode
        if self.source is None or other.source is None:
            return False
        plain = without_form(self.source)
        return plain is not None and plain == without_form(other.source)


@record
class State:
    """A flow on one side: `path` is that of its file, relative to the repository, `archive` what each file of its code holds."""

    path: str
    flow: Flow
    plan: Plan
    code: FlowCode
    archive: Mapping[str, Held]
    emitted: Mapping[str, Emitted]

    @property
    def name(self) -> str:
        """The flow's own."""
        return self.flow.name


@mutable
class Side:
    """A folder that holds a state of the repository. `shown` is what a person may read in place of its path.

    `unread` says of files with mistakes the first of these.
    """

    top: Path
    targets: tuple[str, ...] = ()
    imports: bool = False
    env: str | None = None
    """The environment of the settings."""
    named: set[str] = fresh(default_factory=set)
    """The files that the call names, not by a folder of theirs."""
    states: list[State] = fresh(default_factory=list)
    report: Report = fresh(default_factory=Report)
    unread: dict[str, str] = fresh(default_factory=dict)
    _holds: dict[str, Mapping[str, Held]] = fresh(default_factory=dict)
    _trees: Trees = fresh(default_factory=Trees)
    _read: set[str] = fresh(default_factory=set)

    def below(self, folder: str) -> list[str]:
        """The files below a folder that may hold flows, by their paths relative to the top; none where there is no such folder."""
        place = self.top / folder
        return self._paths(flows_below(place, read_settings(place))) if place.is_dir() else []

    def workspace(self, folder: str) -> list[str]:
        """The files of the workspace of a folder that may hold flows; all below the folder where that is none of this side.

        Raises FoundError for wrong settings, CallError where they lack the environment.
        """
        place = self.top / folder
        if not place.is_dir():
            return []
        settings = read_settings(place, self.env)
        if settings.folder is not None and settings.folder.samefile(place):
            return self._paths(workspace_flows(place, settings))
        return self.below(folder)

    def _paths(self, found: Iterable[Path]) -> list[str]:
        return [path.relative_to(self.top).as_posix() for path in found]

    def read(self, paths: Iterable[str], *, named: bool = False) -> None:
        """Read the flows of files, relative to the top. A file that holds none is passed over unless it is `named`.

        Raises CallError where settings are wrong.
        """
        surroundings = Surroundings(None, self.imports, env=self.env)
        for path in paths:
            if path not in self._read:
                self._read.add(path)
                self._read_file(path, surroundings, named)

    def _read_file(self, path: str, surroundings: Surroundings, named: bool) -> None:
        file, found = self.top / path, Report()
        try:
            reading = replaced(surroundings.reading(file), passes_over=not named)
            flows = read_flows(file, found, root=surroundings.root(file), reading=reading)
        except FoundError as error:  # of the settings
            found.take(error.report)
            flows = ()
        if not named and all(each.rule == fc1xx.NO_FLOW for each in found.diagnostics) and not flows:
            return
        self._take(found)
        if found.failed:
            self.unread[path] = _first(found)
        names = [flow.name for flow in flows]
        for flow in flows:
            self.states.append(self._state(path, flow, names, surroundings))

    def _take(self, found: Report) -> None:
        """Keep the errors: of what only may be wrong `check` tells."""
        errors = Report()
        errors.diagnostics.extend(each for each in found.diagnostics if each.rule.severity == "error")
        self.report.take(errors)

    def _state(self, path: str, flow: Flow, names: list[str], surroundings: Surroundings) -> State:
        file = self.top / path
        settings = surroundings.settings(file).for_flow(flow.name)
        archive = surroundings.packages().of(surroundings.place(file), (flow,)).archive
        holds = self._held(archive, code_root(file, settings))
        emitted: dict[str, Emitted] = {}
        meant, tried = self._targets(path, settings)
        for target in tried:
            backend = load_backend(target)
            assert backend is not None
            image = surroundings.image(file, flow, target, {}, variants=has_own_packages(flow))
            own = None if image == settings.text("image", target) else image
            decision, options = decided(flow, settings, backend, {}, image)
            found = Report()
            emitted[target] = _emit(decision, backend, options, own, found)
            if target in meant:
                self._take(found)
        decision = plan(flow, branch=settings.text("branch"), production=settings.flag("production"))
        others = [name for name in names if name != flow.name]
        return State(path, flow, decision, read_code(flow, others, self._trees), holds, emitted)

    def _targets(self, path: str, settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The targets that a flow must fit, and those that are tried; of a file that nobody named those that it is for."""
        if self.targets:
            asked = tuple(each for each in self.targets if path in self.named or settings.is_for(each))
            return asked, asked
        meant = settings.words("targets") or configured_targets(settings.targets)
        return meant, meant or tuple(BUILT_IN)

    def _held(self, archive: Archive, root: Path) -> Mapping[str, Held]:
        """What each file of the archive of a flow's code holds."""
        if archive.digest not in self._holds:
            self._holds[archive.digest] = dict(_held(archive, os.path.relpath(root, self.top)))
        return self._holds[archive.digest]


def configured_targets(tables: Collection[str]) -> tuple[str, ...]:
    """The targets that the settings have a table for. What these refuse is a mistake; without any all of ours are tried."""
    beside = brought_targets() if set(tables) - set(BUILT_IN) else ()
    return tuple(name for name in (*BUILT_IN, *beside) if name in tables)


def _emit(decision: Plan, backend: Backend, options: Options, image: str | None, report: Report) -> Emitted:
    refuse(decision, backend, options, report)
    files = () if report.failed else backend.emit(decision, options)
    neutral = tuple(_without(file.text, image) for file in files)
    refused = tuple(each for each in report if each.rule.severity == "error")
    shared = tuple(each for each in decision.root.containers() if each.group)
    return Emitted(files, neutral, options, deployment(backend, decision, options), image, refused, shared)


def _without(text: str, image: str | None) -> str:
    """The text with the digest of the code taken out of the image's name."""
    return text if image is None else text.replace(image, f"{image.rpartition(':')[0]}:{'0' * 12}")


def _held(archive: Archive, base: str) -> Iterator[tuple[str, Held]]:
    """Each file, by its path relative to the repository."""
    with tarfile.open(fileobj=io.BytesIO(archive.data), mode="r:gz") as members:
        for member in members:
            file = members.extractfile(member)
            data = file.read() if file else b""
            source = data if member.name.endswith(".py") and len(data) <= SOURCE else None
            place = member.name if base == "." else f"{base}/{member.name}"
            yield place, Held(member.mode, hashlib.sha256(data).hexdigest(), source)


def _first(found: Report) -> str:
    """The first error, with its line."""
    error = next(each for each in found if each.rule.severity == "error")
    return f"{error.rule.code} in line {error.span.line}: {error.message}"
