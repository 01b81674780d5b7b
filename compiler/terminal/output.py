"""Files that a command writes: all of them or none, never half of one; or what would change on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import click

from compiler.mistakes import CallError
from compiler.reading import read_file
from compiler.terminal.said import Colour, Styled


def write_files(files: Mapping[Path, bytes]) -> set[Path]:
    """Write all files; each appears whole. An interruption leaves old files or new ones, and nothing else.

    Gives those that were written: a file that has the bytes already is left alone. Raises CallError where the disk says no.
    """
    pending: dict[Path, Path] = {}
    path = Path()
    try:
        for path, data in files.items():
            if not holds(path, data):
                path.parent.mkdir(parents=True, exist_ok=True)
                pending[path] = path.with_name(f".{path.name[:_KEPT]}.{len(pending)}.{os.getpid()}.tmp")
                pending[path].unlink(missing_ok=True)
                pending[path].touch(exist_ok=False)  # never through a link that somebody laid there
                pending[path].write_bytes(data)
        for path, written in pending.items():
            written.replace(path)
    except OSError as error:
        # The name that the system was given may be that of a file beside it which nobody knows.
        folder = path.parent.absolute()
        raise CallError(f"cannot write {path} in the folder {folder}: {error.strerror}") from error
    finally:
        for written in pending.values():
            with suppress(OSError):
                written.unlink()
    return set(pending)


_KEPT = 50
"""Letters of a name that its file has until it is whole: names have 255 bytes, and a letter up to four."""


def remove_files(paths: Iterable[Path]) -> None:
    """Remove files; one that is gone already is no mistake, and of a link only the link goes. Raises CallError."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CallError(f"cannot remove {path}: {error.strerror}") from error


def print_bytes(text: str) -> None:
    """Print text as UTF-8 whatever the locale says, and without changing line ends."""
    click.echo(text.encode(), nl=False)


def differences(files: Mapping[Path, str]) -> str:
    """A unified diff from what is on the disk to `files`; empty where they are equal."""
    return "".join(_difference(path, text) for path, text in files.items())


def styled_diff(diff: str) -> Iterable[Styled]:
    """The lines of a diff as `git diff` colours them."""
    colours: dict[str, Colour] = {"-": "red", "+": "green", "@": "cyan"}
    for line in diff.splitlines(keepends=True):
        is_title = line.startswith(("--- ", "+++ "))
        yield Styled(line, bold=True) if is_title else Styled(line, fg=colours.get(line[0]))


LARGEST = 256 * 1024 * 1024
"""Bytes of a file that is compared."""


def holds(path: Path, data: bytes) -> bool:
    """Whether a file has these bytes."""
    try:
        return path.is_file() and read_file(path, len(data)) == data
    except OSError:
        return False


def _difference(path: Path, text: str) -> str:
    # Bytes that are no UTF-8 differ too, and are shown: a file that someone damaged must not pass.
    old = read_file(path, LARGEST).decode(errors="surrogateescape") if path.is_file() else None
    if old == text:
        return ""
    import difflib  # noqa: PLC0415 - an output that is up to date needs none

    before = "/dev/null" if old is None else str(path)
    lines = difflib.unified_diff(_lines(old or ""), _lines(text), before, str(path))
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines that end at `\\n` alone, so that a changed carriage return shows."""
    return [line + "\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])
