"""Switches, recursion, gangs."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

_SWITCHES = FLOWS / "switches.py"

CASES: tuple[Written, ...] = (
    Written(_SWITCHES, "SwitchFlow"),
    Written(_SWITCHES, "SwitchFlow", {"mode": "none"}),
    Written(_SWITCHES, "SwitchFlow", {"mode": "unknown"}, environment={"ANY": "1"}),
    Written(_SWITCHES, "SwitchInsideFlow"),
    Written(_SWITCHES, "SwitchAroundFlow"),
    Written(_SWITCHES, "SwitchAroundFlow", {"size": 0}),
)
