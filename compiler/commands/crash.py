"""What a bug of ours leaves: a short message, and a file with all that its report needs."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence

import click


def report_crash(error: Exception, arguments: Sequence[str]) -> None:
    """Write the traceback to a file and say that it is our bug, in one line."""
    lines = [
        f"command: {['flowc', *arguments]!r}",
        f"python: {sys.version}",
        f"platform: {platform.platform()}",
        "",
        *traceback.format_exception(error),
    ]
    with tempfile.NamedTemporaryFile(
        "w", prefix="flowc-crash-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write("\n".join(lines))
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    click.echo(
        f"flowc: internal error: {what}\nThis is a bug of flowc, not of your flow. Report: {file.name}", err=True
    )
