"""Triggers, exit hooks, schedules, projects, secrets, images."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

CASES: tuple[Written, ...] = (
    Written(FLOWS / "hooks.py", "HooksFlow", shows=("exit-hook.success",), refused={"airflow": "FC301"}),
    Written(FLOWS / "hooks.py", "HooksFlow", {"fail": True}, shows=("exit-hook.error",), refused={"airflow": "FC301"}),
)
