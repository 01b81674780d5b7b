"""The flows that people wrote for the tests, a module an area; each runs on every engine."""

from __future__ import annotations

from tests.conformance.written import airflow, base, client, failure, real, shape, triggers, values, wrappers
from tests.conformance.written.case import Written

_AREAS = (base, real, shape, failure, values, wrappers, triggers, client, airflow)

WRITTEN: tuple[Written, ...] = tuple(written for area in _AREAS for written in area.CASES)

__all__ = ["WRITTEN", "Written"]
