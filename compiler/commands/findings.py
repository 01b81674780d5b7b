"""How findings reach a person or a machine."""

from __future__ import annotations

import click

from compiler.diagnostics import Report
from compiler.render import Format, read_sources, render

FORMATS: tuple[Format, ...] = ("text", "json", "github", "sarif")


def show(report: Report) -> None:
    """Print what was found to stderr, so that stdout stays the output; nothing where nothing was found."""
    click.echo(_text(report, "text"), err=True, nl=False)


def write(report: Report, form: Format) -> None:
    """Print what was found to stdout in one of FORMATS."""
    click.echo(_text(report, form), nl=False)


def _text(report: Report, form: Format) -> str:
    # Always coloured: click takes the colours away where no terminal reads, and where NO_COLOR says so.
    return render(report, read_sources(report), form, colour=form == "text")
