"""The files of a flow's package, each with the reason why it is there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.ir.flow import Span
from compiler.slotted_class import fresh, mutable, record
from compiler.workspace.astro import airflows
from compiler.workspace.closure.data import beside
from compiler.workspace.closure.walk import Code, Reached
from compiler.workspace.ignore import globs
from compiler.workspace.listing import Listing
from compiler.workspace.package import REQUIREMENTS, Archive, PackageError, pack, pack_whole, read_errors
from compiler.workspace.settings import Settings


@record
class Wanted:
    """What the settings say of a package.

    `extent` is `root` for all of the root, `imports` for what is imported whatever else some line may import; else what is imported, or
    all of the root where such a line is reached.
    """

    extent: str = ""
    include: tuple[str, ...] = ()
    folder: Path | None = None
    """Where the globs of `include` begin."""
    has_requirements: bool = True
    """Whether the image installs what `requirements.txt` of the root names."""


def wanted_by(settings: Settings) -> Wanted:
    """What the settings say of the packages of flows."""
    extent = settings.text("package", None, {}) or ""
    return Wanted(extent, settings.words("include"), settings.folder, not settings.words("packages"))


@record
class Package:
    """The archive of a flow, and why each of its files is in it. `computed` are the lines that make it all of the root."""

    archive: Archive
    why: Mapping[str, str]
    computed: tuple[Span, ...] = ()


def whole_package(archive: Archive, found: Reached, wanted: Wanted) -> Package:
    """The package of a flow that is made of all of the root."""
    if wanted.extent == "root":
        return Package(archive, dict.fromkeys(archive.files, 'package = "root"'))
    first = min(found.computed, key=lambda span: (span.path, span.line))
    why = f"{first.path}:{first.line} imports what only a run names"
    return Package(archive, dict.fromkeys(archive.files, why), found.computed)


@mutable
class _Members:
    why: dict[str, str]
    links: set[str] = fresh(default_factory=set)
    secrets: set[str] = fresh(default_factory=set)

    def put(self, files: Sequence[str], why: str) -> None:
        """Files that are there for a reason, where they have none yet."""
        for file in files:
            self.why.setdefault(file, why)


def is_whole(found: Reached, wanted: Wanted) -> bool:
    """Whether a flow is made of all of the root."""
    return wanted.extent == "root" or (wanted.extent != "imports" and bool(found.computed))


def whole(code: Code) -> Archive:
    """The archive of all of the root. Raises PackageError."""
    return pack_whole(code.listing)


def package_of(code: Code, found: Reached, wanted: Wanted) -> Package:
    """The package of a flow that is not made of all of the root. Raises PackageError."""
    with read_errors(code.listing.root):
        members = _members(code, found, wanted)
    archive = pack(code.listing, members.why, members.links, members.secrets)
    return Package(archive, {file: members.why[file] for file in archive.files})


def _members(code: Code, found: Reached, wanted: Wanted) -> _Members:
    listing = code.listing
    members = _Members(dict(found.files))
    places = dict.fromkeys(file[: file.rfind("/") + 1] for file in found.modules)
    for base in places:
        data = beside(listing, base)
        members.put(data.files, f"data in the folder of modules {base or './'}")
        members.links.update(data.links)
        members.secrets.update(data.secrets)
    for base, why in found.folders.items():
        members.put([base + name for name in _files_of(code, base)], why)
    is_there = wanted.has_requirements and listing.is_file(REQUIREMENTS) and listing.holds(REQUIREMENTS)
    if is_there and not airflows(listing.root):
        members.put([REQUIREMENTS], "the image installs what it names")
    _include(listing, wanted, members)
    return members


def _include(listing: Listing, wanted: Wanted, members: _Members) -> None:
    """Put what the settings name. Raises PackageError for a glob that nothing of the code matches."""
    if not wanted.include:
        return
    start = os.path.relpath(wanted.folder.resolve() if wanted.folder else listing.root, listing.root)
    files = listing.below("").files
    inside = {file: file if start == "." else os.path.relpath(file, start).replace(os.sep, "/") for file in files}
    for written in wanted.include:
        matched = [file for file in files if any(each.match(inside[file]) for each in globs([written]))]
        if not matched:
            raise PackageError(f"[tool.flowc] include: no file of the code in {listing.root} matches `{written}`")
        members.put(matched, f"`{written}` of `include` in [tool.flowc]")


def _files_of(code: Code, base: str) -> list[str]:
    """The files of a package without a file of its own of which nothing else is reached."""
    folder = code.listing.folder(base)
    names = folder.entries if folder else {}
    return [name for name, entry in names.items() if entry.is_file() and code.listing.holds(base + name)]
