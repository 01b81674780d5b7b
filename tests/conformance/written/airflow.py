"""What Airflow spells in ways of its own."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

CASES: tuple[Written, ...] = (
    Written(FLOWS / "switch_everywhere.py", "SwitchEverywhereFlow"),
    Written(FLOWS / "gangs_inside.py", "GangsInsideFlow", together=True),
    Written(
        FLOWS / "sensors.py",
        "SensorsFlow",
        shows=("sensor.airflow",),
        refused={"argo": "FC301", "step-functions": "FC301"},
    ),
)
