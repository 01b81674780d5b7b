"""Switches, recursion, gangs; names that are too long."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

_SWITCHES = FLOWS / "switches.py"
_RECURSION = FLOWS / "recursion.py"
_ROUNDS = FLOWS / "rounds.py"
_GANG = FLOWS / "gang.py"
_GANG_ENDS = FLOWS / "gang_ends.py"
_GANG_AGAIN = FLOWS / "gang_again.py"
_PATIENCE = {"FLOWC_GANG_TIMEOUT": "30"}
"""Where Airflow's stand-in starts a killed node again only when the others have ended, they end because they hear nothing of it."""

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
    Written(_RECURSION, "RepeatFlow", shows=("recursion.self", "recursion.artifacts")),
    Written(_RECURSION, "RepeatFlow", {"rounds": 1}),
    Written(_RECURSION, "RepeatInsideFlow", shows=("recursion.foreach",)),
    Written(_ROUNDS, "RoundsFlow", shows=("recursion.retry",)),
    Written(_ROUNDS, "RoundsFailFlow", shows=("recursion.retry", "failure.stops")),
    Written(
        FLOWS / "long_names.py",
        "ForecastOfAllRegionsThatWasNamedWithoutAnyThoughtOfTheEnginesThatItMayRunOnFlow",
        shows=("beyond.long-names",),
    ),
    Written(FLOWS / "ids.py", "IdsFlow", shows=("current.task-id",), together=True),
    Written(_GANG, "GangFlow", shows=("gang.expression", "gang.current", "gang.join"), together=True),
    Written(_GANG_ENDS, "GangEndsFlow", shows=("gang.literal",), together=True),
    Written(_GANG_ENDS, "GangEndsFlow", {"failing": 1}, shows=("gang.failure",), together=True),
    Written(_GANG_AGAIN, "GangAgainFlow", shows=("gang.retry",), together=True),
    Written(_GANG_AGAIN, "GangAgainFlow", {"failing": 0, "late": True}, shows=("gang.retry",), together=True),
    Written(_GANG_AGAIN, "GangAgainFlow", {"attempts": 3}, shows=("gang.retry", "gang.failure"), together=True),
    Written(
        _GANG_AGAIN,
        "GangAgainFlow",
        {"failing": 1, "way": "killed", "late": True},
        _PATIENCE,
        shows=("gang.retry",),
        together=True,
    ),
    Written(_GANG_AGAIN, "GangCaughtFlow", shows=("gang.catch",), together=True),
    Written(_GANG_AGAIN, "GangCaughtFlow", {"way": "killed"}, _PATIENCE, shows=("gang.catch",), together=True),
)
