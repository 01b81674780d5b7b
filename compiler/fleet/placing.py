"""Where the files of compiled flows go: a file of that name, or a folder in which each has its own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click

from compiler.backends import OutputFile
from compiler.fleet.compiling import Request
from compiler.fleet.parts import Compiled
from compiler.reading import is_within
from compiler.slotted_class import record
from compiler.terminal.said import tell
from compiler.workspace.marks import is_compiled


@record
class Placed:
    """A file's text, and the flow that it is of; none where it is of the folder."""

    text: str
    flow: str | None = None
    source: Path | None = None


def placed_files(request: Request, compiled: Sequence[Compiled]) -> dict[Path, Placed]:
    """Where each file goes: into the folder of `-o`; for one flow the main file is `-o` itself unless that is a folder.

    Raises UsageError where there is no such place, and where it would write over a flow.
    """
    assert request.output is not None
    target = Path(request.output)
    if not request.is_to_folder:
        (one, *_) = compiled
        main, *rest = one.files
        name_rest(rest, "written")
        placed = {target: Placed(main.text, one.flow, one.path)}
    else:
        _check_folder(request, target)
        placed = _in_folder(target, compiled)
    _spare_sources(request, placed)
    return placed


def _check_folder(request: Request, target: Path) -> None:
    if target.exists() and not target.is_dir():
        why = (
            f"{len(request.flows)} flows need a folder"
            if len(request.flows) > 1
            else "`-o` with a slash names a folder"
        )
        raise click.UsageError(f"{target} is a file: {why}")


def _in_folder(folder: Path, compiled: Iterable[Compiled]) -> dict[Path, Placed]:
    placed: dict[Path, Placed] = {}
    for each in compiled:
        for file in each.files:
            path, own = folder / file.name, Placed(file.text, each.flow, each.path)
            if placed.setdefault(path, own).text != own.text:
                raise click.UsageError(f"two flows would write {path}: give them different names")
    return placed


def name_rest(rest: Sequence[OutputFile], what: str) -> None:
    """Say which files of a flow have no place, and how they get one."""
    if rest:
        names = ", ".join(file.name for file in rest)
        tell(f"note: not {what}: {names}; -o with a folder writes all files")


def _spare_sources(request: Request, placed: Iterable[Path]) -> None:
    """What a flow is written in is never written over. Raises UsageError."""
    sources = {os.path.realpath(name.path) for name in request.flows}
    for path in placed:
        if os.path.realpath(path) in sources:
            raise click.UsageError(f"-o {path} would write over the flow itself: name another file, or a folder")


def warn_of_circle(request: Request, placed: Mapping[Path, Placed]) -> None:
    """An output in the code's root that the archive does not know as one would change the digest that it names itself."""
    for path in dict.fromkeys(_circular(request, placed)):
        tell(
            f"note: {path} lies in the code's root, and the name of the image holds the digest of the code: "
            "list it in .flowcignore, or name the image with --image"
        )


def _circular(request: Request, placed: Mapping[Path, Placed]) -> Iterator[Path]:
    unknown = [path for path, each in placed.items() if not is_compiled(path.name, each.text.encode())]
    for name in request.flows if unknown else ():
        settings = request.surroundings.settings(name.path)
        if settings.text("image", request.backend.name, request.given) is None:
            place = request.surroundings.place(name.path)
            root = place.root.resolve()
            inside = {
                Path(os.path.realpath(path)).relative_to(root).as_posix(): path
                for path in unknown
                if is_within(path, root)
            }
            held = request.surroundings.packages().anew().of(place, ()).archive.files if inside else ()
            yield from (inside[each] for each in held if each in inside)
