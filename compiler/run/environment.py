"""What the tasks of a local run have of the caller's environment: all but what would steer the runtime unseen."""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "FLOWC_"
"""Begins the variables by which an engine tells the runtime what to do: a shell has none to tell."""

SETTINGS = {
    "FLOWC_S3_ROOT": "`file:/path`: a folder that stands in for `s3://` URLs in `S3()`",
    "FLOWC_SECRETS": "what a source of `@secrets` without a kind is",
    "FLOWC_TRIGGER": "JSON list of the events that the run is started by",
    "FLOWC_SCHEDULED_AT": "the time that the run is scheduled for",
    "FLOWC_GANG_TIMEOUT": "seconds that the nodes of a gang wait for each other",
}
"""Those that a person sets for a local run, documented in docs/local-runs.md."""

SECRET = "FLOWC_SECRET_"
"""Begins the names of those that stand in for a secret."""


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that tasks and hooks inherit: those of the caller without `FLOWC_`, and the settings among those with it."""
    return {name: value for name, value in environment.items() if _is_passed(name)}


def _is_passed(name: str) -> bool:
    return not name.startswith(PREFIX) or name in SETTINGS or name.startswith(SECRET)
