"""Switches, recursion, gangs."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

_SWITCHES = FLOWS / "switches.py"
_RECURSION = FLOWS / "recursion.py"
_GANG = FLOWS / "gang.py"

CASES: tuple[Written, ...] = (
    Written(
        _SWITCHES,
        "SwitchFlow",
        shows=(
            "switch.keys",
            "switch.condition",
            "switch.same-target",
            "switch.meet",
            "switch.untaken",
            "switch.nested",
        ),
    ),
    Written(_SWITCHES, "SwitchFlow", {"mode": "none"}),
    Written(
        _SWITCHES,
        "SwitchFlow",
        {"mode": "unknown"},
        environment={"ANY": "1"},
        shows=("switch.unmatched", "failure.stops"),
    ),
    Written(
        _SWITCHES,
        "SwitchInsideFlow",
        shows=("switch.in-foreach", "switch.in-split", "switch.into-join", "switch.input-untaken"),
    ),
    Written(_SWITCHES, "SwitchAroundFlow", shows=("switch.in-split", "switch.in-foreach")),
    Written(_SWITCHES, "SwitchAroundFlow", {"size": 0}),
    Written(_RECURSION, "RepeatFlow"),
    Written(_RECURSION, "RepeatFlow", {"rounds": 1}),
    Written(_RECURSION, "RepeatInsideFlow"),
    Written(_GANG, "GangFlow", together=True),
)
