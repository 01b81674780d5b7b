"""The client, current, cards, S3."""

from __future__ import annotations

from tests.conformance.written.case import Written

CASES: tuple[Written, ...] = ()
