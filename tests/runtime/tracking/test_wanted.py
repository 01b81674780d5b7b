"""What `FLOWC_MLFLOW` may say."""

from __future__ import annotations

import json

import pytest
from flowc.exceptions import CallMistake
from flowc.tracking.wanted import VARIABLE, Wanted, wanted

URI = "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"uri": f"{URI}/"}, Wanted(URI, "TheFlow")),
        ({"uri": URI, "experiment": "e"}, Wanted(URI, "e")),
        ({"uri": URI, "metrics": "numbers"}, Wanted(URI, "TheFlow", None)),
        ({"uri": URI, "metrics": ["a", "b"], "required": True}, Wanted(URI, "TheFlow", frozenset("ab"), required=True)),
    ],
)
def test_what_is_said_holds(said: dict[str, object], expected: Wanted) -> None:
    found = wanted("TheFlow", {VARIABLE: json.dumps(said)})
    assert found == expected
    assert found.is_metric("a") == (expected.metrics is None or "a" in expected.metrics)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wants a JSON object"),
        ("[]", "wants a JSON object"),
        ("{}", "wants a JSON object"),
        ('{"uri": "http://x", "metrics": 3}', "wants a JSON object"),
        ('{"uri": "sqlite:///x"}', "is no http:// or https:// URL: 'sqlite:///x'"),
        ('{"uri": "http://"}', "is no http"),
        ('{"uri": "https://me:hidden@x"}', "give these by MLFLOW_TRACKING_USERNAME"),
        ('{"uri": "https://x?token=hidden"}', "give these by"),
    ],
)
def test_what_is_wrong_is_a_mistake_in_the_call(text: str, said: str) -> None:
    with pytest.raises(CallMistake) as caught:
        wanted("TheFlow", {VARIABLE: text})
    assert said in str(caught.value)
    assert "hidden" not in str(caught.value)
