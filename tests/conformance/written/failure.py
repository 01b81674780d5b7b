"""Attempts, catches, timeouts, kills."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

CASES: tuple[Written, ...] = (
    Written(
        FLOWS / "killed.py",
        "KilledFlow",
        shows=("retry.killed", "catch.killed", "timeout.c-code"),
    ),
    Written(FLOWS / "unlucky.py", "UnluckyFlow", shows=("retry.only-system",)),
    Written(FLOWS / "unlucky.py", "OwnFaultFlow", shows=("retry.only-system",)),
    Written(FLOWS / "unlucky.py", "OwnFaultAgainFlow", shows=("retry.only-system",)),
    Written(
        FLOWS / "wrong_call.py",
        "WrongCallFlow",
        environment={"FLOWC_SECRET_ODD": "no table"},
        shows=("retry.mistake",),
    ),
)
