"""The tree of a git revision in a folder of its own, which is deleted in any case. Nothing of the repository is run for it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from compiler.mistakes import CallError
from compiler.reading import is_within, read_file
from compiler.slotted_class import fresh, mutable
from compiler.workspace.revisions.git import Entry, Repository, TooLarge

MOST = 1 << 30
"""Bytes of a tree that are laid out: what holds more is compared by a checkout of its own."""
MOST_FILES = 200_000

_LINK, _FILE, _EXECUTABLE, _MODULE = "120000", "100644", "100755", "160000"
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_LONGEST_POINTER = 1024


@mutable
class Checkout:
    """A tree laid out in `folder`; `notes` say what of it could not be."""

    folder: Path
    notes: list[str] = fresh(default_factory=list)


@contextmanager
def checkout(found: Repository, commit: str) -> Iterator[Checkout]:
    """The tree of a commit in a temporary folder, for the block: it is deleted whatever ends it."""
    with _deleted_at_the_end() as folder:
        laid = Checkout(folder)
        _lay_out(found, commit, laid)
        yield laid


@contextmanager
def _deleted_at_the_end() -> Iterator[Path]:
    outer = Path(os.path.realpath(tempfile.mkdtemp(prefix="flowc-revision-")))
    try:
        with _ended_by_signals():
            folder = outer / "tree"
            folder.mkdir()
            yield folder
    finally:
        with _undisturbed():
            shutil.rmtree(outer, ignore_errors=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as an exception does, so that what it leaves is deleted."""
    with _handled((signal.SIGTERM, signal.SIGHUP), _leave):
        yield


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C does not keep the block from its end."""
    with _handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), signal.SIG_IGN):
        yield


@contextmanager
def _handled(numbers: tuple[int, ...], handler: object) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # there signals cannot be handled
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}  # type: ignore[arg-type]  # a handler or SIG_IGN
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _lay_out(found: Repository, commit: str, laid: Checkout) -> None:
    """Write the tree: files first, so that no path leads through a link of its; then the links that stay inside."""
    entries = found.entries(commit)
    if len(entries) > MOST_FILES:
        raise CallError(
            f"the revision holds more than {MOST_FILES} files: compare with a checkout of it, by its folder"
        )
    (laid.folder / ".git").mkdir()  # marks the top of the repository, as in a checkout
    sound = [entry for entry in entries if _is_sound(entry, laid)]
    files = [entry for entry in sound if entry.mode in (_FILE, _EXECUTABLE)]
    links = [entry for entry in sound if entry.mode == _LINK]
    try:
        for entry, data in zip(files, found.blobs([entry.name for entry in files], MOST), strict=True):
            _write(entry, data, found.top, laid)
        for entry, data in zip(links, found.blobs([entry.name for entry in links], MOST), strict=True):
            _link(entry, data, laid)
    except TooLarge:
        raise CallError(
            f"the revision holds more than {MOST >> 20} MiB: compare with a checkout of it, by its folder"
        ) from None
    _drop_links_out(links, laid)


def _is_sound(entry: Entry, laid: Checkout) -> bool:
    """Whether an entry is a file or a link at a path that git itself would check out."""
    if entry.mode == _MODULE:
        laid.notes.append(
            f"the submodule {entry.path} is not read on the old side: what flows take from it counts as new"
        )
        return False
    parts = entry.path.split("/")
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        laid.notes.append(f"{entry.path} is no path of a checkout and is left out")
        return False
    return True


def _write(entry: Entry, data: bytes | None, top: Path, laid: Checkout) -> None:
    if data is None:
        laid.notes.append(f"{entry.path} is not in this clone and is left out")
        return
    if len(data) <= _LONGEST_POINTER and data.startswith(_POINTER):
        data = _pointed_at(entry, data, top, laid)
    path = laid.folder / entry.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o755 if entry.mode == _EXECUTABLE else 0o644
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
            file.write(data)
    except (FileExistsError, NotADirectoryError):
        laid.notes.append(f"{entry.path} meets another file of the tree and is left out")
    except OSError as error:
        raise CallError(f"cannot lay out {entry.path} of the revision: {error.strerror}") from error


def _pointed_at(entry: Entry, pointer: bytes, top: Path, laid: Checkout) -> bytes:
    """What a pointer of Git LFS stands for, where today's file is just that; else the pointer, which is told."""
    wanted = next(
        (line[len(b"oid sha256:") :] for line in pointer.splitlines() if line.startswith(b"oid sha256:")), b""
    )
    with suppress(OSError):
        there = read_file(top / entry.path, MOST) if is_within(top / entry.path, top) else b""
        if hashlib.sha256(there).hexdigest().encode() == wanted:
            return there
    laid.notes.append(f"{entry.path} is a pointer of Git LFS on the old side: what it stands for is not read")
    return pointer


def _link(entry: Entry, data: bytes | None, laid: Checkout) -> None:
    if data is None or b"\0" in data or not data:
        laid.notes.append(f"the link {entry.path} is left out")
        return
    path = laid.folder / entry.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(laid.folder):
            raise FileExistsError
        path.symlink_to(os.fsdecode(data))
    except (FileExistsError, NotADirectoryError, RuntimeError):
        laid.notes.append(f"the link {entry.path} meets another file of the tree and is left out")
    except OSError as error:
        raise CallError(f"cannot lay out {entry.path} of the revision: {error.strerror}") from error


def _drop_links_out(links: list[Entry], laid: Checkout) -> None:
    """Take away the links that lead out of the folder, whatever other links they lead through."""
    for entry in links:
        path = laid.folder / entry.path
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(laid.folder):
            path.unlink()
            laid.notes.append(f"the link {entry.path} leads out of the repository and is left out")
