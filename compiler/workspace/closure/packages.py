"""What flows are made of, as one call sees it: folders are listed once, modules read once, roots packed once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend.findings import fc1xx
from compiler.frontend.text.modules import Known
from compiler.ir.flow import Flow, Span
from compiler.reading import used_again
from compiler.slotted_class import fresh, mutable, record
from compiler.workspace.closure.members import Package, is_whole, package_of, wanted_by, whole, whole_package
from compiler.workspace.closure.walk import Code, Reached, code, reached, tell_left_out
from compiler.workspace.listing import why_left_out
from compiler.workspace.package import Archive, read_errors
from compiler.workspace.settings import Settings


@record
class Place:
    """A flow file, the root of its code, and its settings."""

    path: Path
    root: Path
    settings: Settings


def _silent(_: Sequence[str], __: Sequence[str], ___: Path) -> None:
    pass


@mutable
class Packages:
    """The packages of the flows of one call. `known` are modules that the frontend has read."""

    known: Known
    tell: Callable[[Sequence[str], Sequence[str], Path], None] = _silent
    """Takes what stays out for its name, and lines that make a flow all of the root, with the flow's file; each is told once."""
    _codes: dict[Path, Code] = fresh(default_factory=dict)
    _reached: dict[tuple[Path, tuple[str, ...]], Reached] = fresh(default_factory=dict)
    _packages: dict[tuple[Path, tuple[str, ...]], Package] = fresh(default_factory=dict)
    _wholes: dict[Path, Archive] = fresh(default_factory=dict)
    _told: set[str] = fresh(default_factory=set)

    def anew(self) -> Packages:
        """The packages as they are now: of files that this call has written, too."""
        return Packages(self.known)

    def of(self, place: Place, flows: Iterable[Flow]) -> Package:
        """The package of flows of a file; what stays out of it for its name, and lines that make it all of the root, are told once.

        Raises PackageError.
        """
        flows = tuple(flows)
        key = (place.path, tuple(flow.name for flow in flows))
        if key not in self._packages:
            self._packages[key] = self._made(place, flows)
            self._tell(self._packages[key], place)
        root = place.root.resolve()
        if self._packages[key].archive is self._wholes.get(root):
            for file in self._code(root).listing.below("").files:
                used_again(root / file)
        return self._packages[key]

    def _made(self, place: Place, flows: tuple[Flow, ...]) -> Package:
        settings = place.settings.for_flow(flows[0].name) if len(flows) == 1 else place.settings
        found, wanted = self.reached(place, flows), wanted_by(settings)
        if not is_whole(found, wanted):
            return package_of(self._code(place.root), found, wanted)
        root = place.root.resolve()
        if root not in self._wholes:
            self._wholes[root] = whole(self._code(place.root))
        return whole_package(self._wholes[root], found, wanted)

    def reached(self, place: Place, flows: Iterable[Flow]) -> Reached:
        """What the tasks of flows of a file can load. Raises PackageError."""
        flows = tuple(flows)
        key = (place.path, tuple(flow.name for flow in flows))
        if key not in self._reached:
            with read_errors(place.root):
                self._reached[key] = reached(self._code(place.root), place.path, place.settings.import_folders(), flows)
        return self._reached[key]

    @property
    def has_told(self) -> bool:
        """Whether something was told, which is told once."""
        return bool(self._told)

    def folders(self) -> Iterator[str]:
        """The folders that were listed, by their whole paths."""
        for listing in (each.listing for each in self._codes.values()):
            yield from (os.path.join(listing.root, base) for base in listing.bases)

    def _code(self, root: Path) -> Code:
        real = root.resolve()
        if real not in self._codes:
            self._codes[real] = code(root, self.known)
        return self._codes[real]

    def check(self, place: Place, flows: Iterable[Flow], report: Report, *, is_deployed: bool) -> None:
        """Find what flows of a file need and the archive of the code leaves out; the file itself only where it is deployed."""
        reason = why_left_out(place.root, place.path.resolve()) if is_deployed else None
        if reason:
            at = Span(place.path.as_posix(), 1, 1, 1, 2)
            report.add(fc1xx.FLOW_LEFT_OUT, at, reason=reason.told, cure=reason.cure)
        flows = tuple(flows)
        tell_left_out(self.reached(place, flows), report)
        for parameter in (each for flow in flows for each in flow.parameters):
            reason = why_left_out(place.root, place.root / parameter.file) if parameter.file else None
            if reason:
                report.add(fc1xx.LEFT_OUT, parameter.span, name=parameter.file, reason=reason.told, cure=reason.cure)

    def _tell(self, package: Package, place: Place) -> None:
        secrets = [each for each in package.archive.secrets if each not in self._told]
        lines = dict.fromkeys(f"{span.path}:{span.line}" for span in package.computed)
        new = [line for line in lines if line not in self._told]
        if secrets or new:
            self.tell(secrets, new, place.path)
        self._told.update(secrets, lines)
