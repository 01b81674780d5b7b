"""Whether AWS holds what was asked for: it adds what it takes for granted, and spells some things its own way."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.backends.stepfunctions.operate import live

WANTED: dict[str, Any] = {
    "jobDefinitionName": "f",
    "type": "container",
    "platformCapabilities": ["FARGATE"],
    "retryStrategy": {"attempts": 2, "evaluateOnExit": [{"onReason": "*", "action": "EXIT"}]},
    "containerProperties": {
        "image": "i",
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "4096"}],
        "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
        "linuxParameters": {"maxSwap": 0},
    },
    "tags": {"team": "a"},
    "propagateTags": True,
}
FOUND: dict[str, Any] = {
    "jobDefinitionName": "f",
    "jobDefinitionArn": "arn:f:1",
    "revision": 1,
    "status": "ACTIVE",
    "type": "container",
    "parameters": {},
    "platformCapabilities": ["FARGATE"],
    "containerOrchestrationType": "ECS",
    "retryStrategy": {"attempts": 2, "evaluateOnExit": [{"onReason": "*", "action": "exit"}]},
    "containerProperties": {
        "image": "i",
        "command": [],
        "volumes": [],
        "mountPoints": [],
        "ulimits": [],
        "secrets": [],
        "privileged": False,
        "resourceRequirements": [{"value": "4096", "type": "MEMORY"}, {"value": "1", "type": "VCPU"}],
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "linuxParameters": {"maxSwap": 0, "devices": [], "tmpfs": []},
        "fargatePlatformConfiguration": {"platformVersion": "LATEST"},
        "networkConfiguration": {"assignPublicIp": "DISABLED"},
    },
    "tags": {"team": "a", "flowc/machine": "f"},
    "propagateTags": True,
}


def test_what_aws_takes_for_granted_is_no_difference() -> None:
    """As DescribeJobDefinitions tells it by AWS's documentation."""
    assert live.same_definition(WANTED, FOUND)


@pytest.mark.parametrize(
    "changed",
    [
        {"tags": {"flowc/machine": "f"}},
        {"tags": {"team": "b"}},
        {"retryStrategy": {"attempts": 3, "evaluateOnExit": [{"onReason": "*", "action": "exit"}]}},
        {"propagateTags": False},
        {"timeout": {"attemptDurationSeconds": 60}},
        {"platformCapabilities": ["EC2"]},
        {"parameters": {"a": "b"}},
        {"containerProperties": {**FOUND["containerProperties"], "image": "j"}},
        {"containerProperties": {**FOUND["containerProperties"], "privileged": True}},
        {"containerProperties": {**FOUND["containerProperties"], "environment": [{"name": "A", "value": "1"}]}},
        {"containerProperties": {**FOUND["containerProperties"], "linuxParameters": {}}},
        {
            "containerProperties": {
                **FOUND["containerProperties"],
                "networkConfiguration": {"assignPublicIp": "ENABLED"},
            }
        },
        {"containerProperties": {**FOUND["containerProperties"], "command": ["sh"]}},
    ],
)
def test_what_a_job_would_see_is_a_difference(changed: dict[str, Any]) -> None:
    """Whatever was added, taken away or set to another value."""
    assert not live.same_definition(WANTED, {**FOUND, **changed})
