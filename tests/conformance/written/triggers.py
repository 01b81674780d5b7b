"""Triggers, exit hooks, schedules, projects, secrets, images."""

from __future__ import annotations

from tests.conformance.written.case import Written

CASES: tuple[Written, ...] = ()
