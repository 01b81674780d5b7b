"""What Maestro cannot do, and the way round."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import Gap
from compiler.backends.gaps import ONLY_ON_AIRFLOW
from compiler.ir.plan import Feature

GAPS: Mapping[Feature, Gap] = {
    **ONLY_ON_AIRFLOW,
    "exit-hook": Gap(
        "nothing of a workflow runs any more when one of its steps has failed",
        "let a second workflow do it, which Maestro's alerting starts",
    ),
    "trigger": Gap(
        "a signal of Maestro's is text and whole numbers alone, without an id or a time",
        "start the run by Maestro's API when the event comes",
    ),
    "trigger-on-finish": Gap(
        "Maestro tells nobody that a run has succeeded, unless a step of that run signals it",
        "let what waits for the other run start this one by Maestro's API",
    ),
}
