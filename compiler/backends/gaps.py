"""What more than one target lacks, said once."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import Gap
from compiler.ir.plan import Feature

ONLY_ON_AIRFLOW: Mapping[Feature, Gap] = {
    "sensor": Gap(
        "it is an operator of Airflow's", "remove it, and start the run when what it waits for is there: `@trigger`"
    ),
}
"""What the other targets refuse."""
