"""Triggers, exit hooks, schedules, projects, secrets, images."""

from __future__ import annotations

import json

from tests.conformance.written.case import FLOWS, HOSTILE, Written


def _told(*events: dict[str, object]) -> dict[str, str]:
    """The events as the first step is told of them."""
    return {"FLOWC_TRIGGER": json.dumps(events)}


def _event(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "type": "event", "id": f"id-{name}", "timestamp": "2026-01-02T03:04:05Z", **more}


_PAYLOAD = {"film": HOSTILE, "people": {"a": [1, None]}, "year": 2000}
_RUN = {"name": "metaflow.EventFlow.end", "type": "run", "id": "EventFlow/argo-a-b", "timestamp": 1_800_000_000}

CASES: tuple[Written, ...] = (
    Written(
        FLOWS / "secret_keys.py",
        "SecretKeysFlow",
        environment={
            "FLOWC_SECRET_FILMS_DB": json.dumps({"DB_USER": "ada", "DB_PASSWORD": HOSTILE}),
            "FLOWC_SECRET_API_TOKEN": HOSTILE,
        },
        shows=("secrets.sources",),
    ),
    Written(FLOWS / "packages.py", "PackagesFlow", shows=("packages.image",)),
    Written(FLOWS / "hooks.py", "HooksFlow", shows=("exit-hook.success",)),
    Written(FLOWS / "hooks.py", "HooksFlow", {"fail": True}, shows=("exit-hook.error",)),
    Written(
        FLOWS / "events.py",
        "EventFlow",
        environment=_told(_event("films.added", payload=_PAYLOAD, parameters={"title": "film", "cast": "people"})),
        shows=("trigger.event", "trigger.parameters", "current.trigger"),
    ),
    Written(
        FLOWS / "events.py",
        "BothEventsFlow",
        environment=_told(_event("mfns.films.user.shared.films.added"), _event("people.added")),
        shows=("trigger.options",),
        refused={"step-functions": "FC622", "airflow": "FC302"},
    ),
    Written(
        FLOWS / "events.py",
        "AfterwardsFlow",
        environment=_told(_RUN),
        shows=("trigger.on-finish",),
        settings={"namespace": "default"},
    ),
)
