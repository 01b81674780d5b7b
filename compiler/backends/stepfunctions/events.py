"""What starts a flow on Step Functions: a rule of EventBridge, whose target is the machine.

The rule hands the event over as it is, with which of its fields become parameters: the first step reads `flowc-trigger`, so that a
field which is not there leaves the parameter its default, and no text of an event is pasted into anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from compiler.backends import Options
from compiler.backends.command import trigger_facts
from compiler.backends.names import within
from compiler.backends.stepfunctions import settings
from compiler.backends.stepfunctions.layout import Json, safe_name
from compiler.ir.plan import EventTrigger, FlowTrigger, Plan, Trigger

_LONGEST = 64


def rule(plan: Plan, options: Options, name: str) -> Json:
    """The properties of an `AWS::Events::Rule` that starts the machine; the flow has one trigger, as `check` saw."""
    (trigger,) = plan.triggers
    bus = settings.text(options, "event_bus", "")
    return {
        "Name": within(name, _LONGEST),
        "Description": "Compiled by flowc: change the flow, not this file.",
        **({"EventBusName": bus} if bus and isinstance(trigger, EventTrigger) else {}),
        "State": "ENABLED",
        "EventPattern": pattern(plan, options, trigger),
        "Targets": [
            {
                "Id": "start",
                "Arn": "${StateMachine}",
                "RoleArn": "${EventsRole}",
                "InputTransformer": transformer(trigger),
            }
        ],
    }


def pattern(plan: Plan, options: Options, trigger: Trigger) -> Mapping[str, Json]:
    """Which events start a run: those of the name, which have the fields of required parameters; or the end of the other machine's."""
    if isinstance(trigger, FlowTrigger):
        return {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {
                "status": ["SUCCEEDED"],
                "stateMachineArn": [{"suffix": f":stateMachine:{safe_name(trigger.deployment)}"}],
            },
        }
    source = settings.text(options, "event_source", "")
    required = {parameter.name for parameter in plan.parameters if parameter.required}
    fields: dict[str, Json] = {field: [{"exists": True}] for name, field in trigger.parameters if name in required}
    return {
        **({"source": [source]} if source else {}),
        "detail-type": [trigger.event],
        **({"detail": fields} if fields else {}),
    }


def transformer(trigger: Trigger) -> Mapping[str, Json]:
    """The machine's input: what EventBridge puts for `<name>` is JSON already, but inside quotes, where names of runs are plain."""
    facts = json.dumps(trigger_facts(trigger))[:-1]
    if isinstance(trigger, EventTrigger):
        text = f'{{"flowc-trigger": {facts}, "id": <id>, "timestamp": <time>, "payload": <detail>}}}}'
        return {"InputPathsMap": {"id": "$.id", "time": "$.time", "detail": "$.detail"}, "InputTemplate": text}
    run = f"{trigger.flow}/sfn-{safe_name(trigger.deployment)}-<execution>"
    text = f'{{"flowc-trigger": {facts}, "id": "{run}", "timestamp": <time>}}}}'
    return {"InputPathsMap": {"execution": "$.detail.name", "time": "$.time"}, "InputTemplate": text}
