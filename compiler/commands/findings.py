"""How findings reach a person or a machine."""

from __future__ import annotations

import click

from compiler.diagnostics import Report
from compiler.render import render

FORMATS = ("text", "json", "github")


def show(report: Report) -> None:
    """Print what was found to stderr, so that stdout stays the output; nothing where nothing was found."""
    if len(report):
        click.echo(render(report, "text"), err=True)


def write(report: Report, form: str) -> None:
    """Print what was found to stdout in one of FORMATS."""
    text = render(report, form)
    if text:
        click.echo(text)


def summary(report: Report, flows: int) -> str:
    """One line: how many mistakes, in how many flows that could be read."""
    errors = sum(found.rule.severity == "error" for found in report)
    warnings = sum(found.rule.severity == "warning" for found in report)
    if not errors:
        return f"ok: {_count(flows, 'flow')}" + (f", {_count(warnings, 'warning')}" if warnings else "")
    return f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
