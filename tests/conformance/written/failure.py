"""Attempts, catches, timeouts, kills."""

from __future__ import annotations

from tests.conformance.written.case import Written

CASES: tuple[Written, ...] = ()
