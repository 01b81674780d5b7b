"""The client, current, cards, S3."""

from __future__ import annotations

from tests.conformance.written.case import FLOWS, Written

_TRIGGER = (
    '[{"name": "metaflow.OtherFlow.end", "id": "OtherFlow/run-1/end/-", "timestamp": 1750000001, "type": "run"}, '
    '{"name": "arrived", "id": "e1", "timestamp": 1750000000, "type": "event"}]'
)

CASES: tuple[Written, ...] = (
    Written(
        FLOWS / "asked.py",
        "AskedFlow",
        environment={"FLOWC_TRIGGER": _TRIGGER},
        shows=("current.identity", "current.names", "current.project"),
    ),
    Written(
        FLOWS / "plain.py",
        "PlainFlow",
        settings={
            "with": ("retry:times=1,minutes_between_retries=0", "card:type=blank", 'environment:vars={"A": "{{x}}"}')
        },
    ),
    Written(
        FLOWS / "cards.py",
        "CardsFlow",
        shows=("card.plain", "card.components", "real.cards", "client.in-step"),
    ),
)
