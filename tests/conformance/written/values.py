"""Parameters, Config, IncludeFile, what the text alone says."""

from __future__ import annotations

from tests.conformance.written.case import Written

CASES: tuple[Written, ...] = ()
