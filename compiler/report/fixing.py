"""Makes the fixes that findings carry, each proven by reading the flow again: its finding is gone, and none has come."""

from __future__ import annotations

import os
import stat
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from compiler.diagnostics import AddImport, Diagnostic, Edit, Report
from compiler.frontend.text.source import decode
from compiler.mistakes import CallError
from compiler.reading import SOURCE, read_file
from compiler.report.splices import UnforeseenError, spliced
from compiler.slotted_class import mutable, record

Reader = Callable[[Mapping[Path, bytes]], Report]
"""Reads a flow file, drafts in place of files, and says what was found."""


@record
class Mended:
    """What was fixed, in the order in which it was; what the changed files would hold; what is left."""

    fixed: tuple[Diagnostic, ...]
    drafts: Mapping[Path, bytes]
    left: Report


@mutable
class _Work:
    read: Reader
    root: Path
    wanted: Callable[[Diagnostic], bool]
    drafts: dict[Path, bytes]
    report: Report


def mend(read: Reader, drafts: Mapping[Path, bytes], *, root: Path, wanted: Callable[[Diagnostic], bool]) -> Mended:
    """Fix all that is `wanted` and can be, until nothing more can; files outside of `root` stay as they are.

    First all fixes at once, then one by one. A fix is kept where the flow, read again, no longer has its finding and has no
    other that it did not have. What an error hid may come to light: artifacts are looked at when all else is right.
    """
    work = _Work(read, root.resolve(), wanted, dict(drafts), read(drafts))
    fixed: list[Diagnostic] = []
    while done := _round(work):
        fixed += done
    return Mended(tuple(fixed), work.drafts, work.report)


def _round(work: _Work) -> list[Diagnostic]:
    """What one round has fixed: all that can be at once, else the first that can be alone."""
    open_ones = _open(work, work.report)
    tries = [open_ones, *([found] for found in open_ones if len(open_ones) > 1)] if open_ones else []
    return next((done for each in tries if (done := _try(work, each))), [])


def _open(work: _Work, report: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [found for found in report if found.fix and work.wanted(found)]


_DEEPEST = 8


def _try(work: _Work, findings: list[Diagnostic]) -> list[Diagnostic]:
    """Make the fixes of some findings, all or none, and of those that come to light by them; the findings that are gone.

    Below `@step` nobody looked at a decorator's options: what moving it shows is fixed with it, or it stays where it is.
    """
    done, report, drafts = list[Diagnostic](), work.report, work.drafts
    for _ in range(_DEEPEST):
        try:
            drafts = {**drafts, **_edited(work.root, drafts, [edit for found in findings for edit in found.fix])}
        except (UnforeseenError, OSError, ValueError):
            return []
        report, done = work.read(drafts), [*done, *findings]
        come = _come(work.report, report)
        if not come:
            gone = Counter(map(_key, work.report)) - Counter(map(_key, report))
            if any(gone[_key(found)] < 1 for found in done if found in work.report.diagnostics):
                return []
            work.drafts, work.report = drafts, report
            return done
        findings = [found for found in _open(work, report) if _key(found) in come]
        if not findings:
            return []
    return []


_ARTIFACTS = "FC4"
"""The codes of what is looked at only where all else is right."""


def _come(before: Report, after: Report) -> set[tuple[str, str, str]]:
    """The findings that were not there before, but for those that an error hid."""
    hidden = any(found.rule.severity == "error" and not found.rule.code.startswith(_ARTIFACTS) for found in before)
    more = Counter(map(_key, after)) - Counter(map(_key, before))
    return {key for key in more if not (hidden and key[0].startswith(_ARTIFACTS))}


def _key(found: Diagnostic) -> tuple[str, str, str]:
    """What stays of a finding when its line moves."""
    return found.rule.code, found.span.path, found.message


def _edited(root: Path, drafts: Mapping[Path, bytes], edits: Sequence[Edit]) -> dict[Path, bytes]:
    """The files that edits change, changed."""
    by_file: dict[Path, list[Edit]] = {}
    for edit in edits:
        file = Path(edit.path if isinstance(edit, AddImport) else edit.span.path).resolve()
        if not file.is_relative_to(root):
            raise UnforeseenError("it lies outside of the project")
        by_file.setdefault(file, []).append(edit)
    return {file: _changed(drafts.get(file) or read_file(file, SOURCE), own) for file, own in by_file.items()}


_MARK = b"\xef\xbb\xbf"


def _changed(data: bytes, edits: Sequence[Edit]) -> bytes:
    mark = _MARK if data.startswith(_MARK) else b""
    text, encoding = decode(data)
    encoding = "utf-8" if mark else encoding
    if mark + text.encode(encoding) != data:
        raise UnforeseenError("its encoding does not keep it")
    return mark + spliced(text, edits).encode(encoding)


def replace_files(drafts: Mapping[Path, bytes], before: Mapping[Path, bytes]) -> None:
    """Write files, each whole and with the mode that it has, or none where one cannot be or no longer holds what was read.

    Raises CallError.
    """
    pending: dict[Path, str] = {}
    path = Path()
    try:
        for path, data in drafts.items():
            if read_file(path, SOURCE) != before[path]:
                raise CallError(f"{path} was changed meanwhile: nothing was written")
            pending[path] = _beside(path, data)
        for path, name in pending.items():
            os.replace(name, path)
    except OSError as error:
        raise CallError(f"cannot write {path}: {error.strerror}") from error
    finally:
        for name in pending.values():
            with suppress(OSError):
                os.unlink(name)


def _beside(path: Path, data: bytes) -> str:
    """A file of the same mode in the same folder; its name."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if not os.access(path, os.W_OK):
        raise PermissionError(13, "it is read-only")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
            os.fchmod(handle, mode)
    except OSError:
        os.unlink(name)
        raise
    return name
