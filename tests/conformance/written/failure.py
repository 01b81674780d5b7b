"""Attempts, catches, timeouts, kills."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

CASES: tuple[Written, ...] = (
    Written(
        FLOWS / "killed.py",
        "KilledFlow",
        shows=("retry.killed", "catch.killed", "timeout.c-code"),
    ),
)
