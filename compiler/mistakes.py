"""Mistakes in the call: what a person asked for cannot be, whatever the flow says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.diagnostics import Report

INTERRUPTED = 130
"""The exit code of a command after Ctrl-C, as shells give it."""


class CallError(Exception):
    """A mistake in the call, shown in one line without a traceback. The message says what to do; `code` is the exit code."""

    code = 2


class NotThereError(CallError):
    """There is no such flow, run or deployment."""

    code = 4


class FoundError(Exception):
    """Findings with which a call cannot go on, as those of its settings: shown as all findings are; exit code 1."""

    def __init__(self, report: Report) -> None:
        super().__init__(", ".join(found.message for found in report))
        self.report = report


def joined(first: str, second: str) -> str:
    """Two sentences as one message: behind a question the second begins anew."""
    return f"{first} {second[:1].upper()}{second[1:]}" if first.endswith("?") else f"{first}; {second}"
