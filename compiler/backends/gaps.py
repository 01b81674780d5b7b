"""What no target runs yet, one table for all of them: a backend adds what it alone cannot do."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import Gap
from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Flow
from compiler.ir.options import features
from compiler.ir.plan import Feature

EVERYWHERE: Mapping[Feature, Gap] = {}
"""Empty: every feature of the language runs on some target. What is read before it runs anywhere begins here."""

ONLY_ON_AIRFLOW: Mapping[Feature, Gap] = {
    "sensor": Gap(
        "it is an operator of Airflow's", "remove it, and start the run when what it waits for is there: `@trigger`"
    ),
}
"""What the other targets refuse."""

FEATURE_NOWHERE_YET = Rule(
    code="FC303",
    name="feature-nowhere-yet",
    message="flowc cannot run `{feature}` yet, on any target",
    help="{way_round}",
)


def refuse_everywhere(flow: Flow, report: Report) -> None:
    """Report every feature of the flow that no target runs, each at its line, whichever target it is meant for."""
    for feature, span in features(flow):
        gap = EVERYWHERE.get(feature)
        if gap:
            report.add(FEATURE_NOWHERE_YET, span, feature=feature, way_round=gap.way_round)
