"""What Airflow spells in ways of its own."""

from __future__ import annotations

from tests.conformance.written.case import Written

CASES: tuple[Written, ...] = ()
