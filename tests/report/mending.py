"""Fixing a text as a test does it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.report.fixing import Mended, mend


def mended(path: Path, data: bytes | str) -> Mended:
    """All fixes of a flow file that holds these bytes."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)

    def read(drafts: Mapping[Path, bytes]) -> Report:
        report = Report()
        parse(path, report, drafts=drafts)
        return report

    return mend(read, {}, root=path.parent, wanted=lambda _: True)


def text_of(path: Path, found: Mended) -> bytes:
    """What the file would hold."""
    return found.drafts.get(path.resolve()) or path.read_bytes()
