"""Switches, recursion, gangs."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

_SWITCHES = FLOWS / "switches.py"
_NOT_YET = {"airflow": "FC301"}

CASES: tuple[Written, ...] = (
    Written(_SWITCHES, "SwitchFlow", refused=_NOT_YET),
    Written(_SWITCHES, "SwitchFlow", {"mode": "none"}, refused=_NOT_YET),
    Written(_SWITCHES, "SwitchFlow", {"mode": "unknown"}, environment={"ANY": "1"}, refused=_NOT_YET),
    Written(_SWITCHES, "SwitchInsideFlow", refused=_NOT_YET),
    Written(_SWITCHES, "SwitchAroundFlow", refused=_NOT_YET),
    Written(_SWITCHES, "SwitchAroundFlow", {"size": 0}, refused=_NOT_YET),
)
