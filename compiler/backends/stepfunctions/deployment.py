"""What a platform team deploys by: a SAM template of the job definitions, the machine, what starts it, and the roles of both."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from compiler.backends import Options
from compiler.backends.stepfunctions import events, schedule, settings
from compiler.backends.stepfunctions.jobs import queue
from compiler.backends.stepfunctions.layout import Json
from compiler.ir.plan import EventTrigger, Plan
from compiler.slotted_class import record

_JOB_ROLE, _TASK_ROLE, _MAKES_ROLE = "JobRole", "TaskRole", "MakesTaskRole"
_TOLD: Mapping[str, Mapping[str, Json]] = {
    "JobQueue": {
        "Description": "The ARN of the AWS Batch job queue: its name is not enough, since the policy of the machine's role holds it.",
        "AllowedPattern": "arn:[^:]+:batch:[^:]+:[0-9]{12}:job-queue/.+",
    },
    "StoreBucket": {"Description": "The name of the bucket that holds the artifacts."},
    _JOB_ROLE: {
        "Description": "The ARN of the role that the steps' code has; empty: one with the least rights is made.",
        "Default": "",
    },
    "ExecutionRole": {"Description": "The ARN of the role that starts containers on Fargate."},
}
"""What is said of a parameter."""

_PLACEHOLDER = r"\$\{([A-Za-z0-9]+)\}"


@record
class Rights:
    """The policies of the machine's role and of its jobs'."""

    machine: Json
    jobs: Json


def template(
    plan: Plan, options: Options, name: str, machine_file: str, definitions: Mapping[str, Json], rights: Rights
) -> Json:
    """A SAM template: job definitions, the machine with its role, the schedule; what the platform alone knows is a parameter."""
    text = json.dumps([definitions, rights.machine, rights.jobs])
    text += " ".join(queue(task, options) for task in plan.root.tasks()) + settings.store(options).bucket
    outside = sorted({key for key in re.findall(_PLACEHOLDER, text) if key not in definitions})
    resources: dict[str, Json] = {key: _batch_resource(document) for key, document in definitions.items()}
    makes_role = _JOB_ROLE in outside
    if makes_role:
        resources[_TASK_ROLE] = _task_role(rights.jobs)
    substitutions: dict[str, Json] = {key: {"Ref": key} for key in (*definitions, *outside) if _in_machine(key)}
    resources["StateMachine"] = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {
            "Name": name,
            "Type": "STANDARD",
            "DefinitionUri": machine_file,
            "DefinitionSubstitutions": substitutions,
            "Policies": [_substituted(rights.machine)],
            **_event(plan, options),
        },
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": "Compiled by flowc: change the flow, not this file.",
        "Parameters": {key: {"Type": "String", **_TOLD.get(key, {})} for key in outside},
        **({"Conditions": {_MAKES_ROLE: {"Fn::Equals": [{"Ref": _JOB_ROLE}, ""]}}} if makes_role else {}),
        "Resources": resources,
    }


def _in_machine(key: str) -> bool:
    return key not in (_JOB_ROLE, "ExecutionRole")


def _task_role(rights: Json) -> Json:
    """The role of the steps' code, where none is named."""
    may_take: Json = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {
        "Type": "AWS::IAM::Role",
        "Condition": _MAKES_ROLE,
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [may_take]},
            "Policies": [{"PolicyName": "flowc", "PolicyDocument": _substituted(rights)}],
        },
    }


def _batch_resource(document: Json) -> Json:
    """The same definition as CloudFormation names its parts: tags and environment keys are the author's own."""
    assert isinstance(document, Mapping)
    properties = {_pascal(key): _capitalised(item) for key, item in document.items() if key != "tags"}
    if "tags" in document:
        properties["Tags"] = document["tags"]
    return {"Type": "AWS::Batch::JobDefinition", "Properties": _substituted(properties)}


def _capitalised(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {_pascal(key): item if key == "options" else _capitalised(item) for key, item in value.items()}
    return [_capitalised(item) for item in value] if isinstance(value, list) else value


def _pascal(key: str) -> str:
    return key[:1].upper() + key[1:]


def _substituted(value: Json) -> Json:
    """The value with every text that holds a `${Name}` put through `Fn::Sub`."""
    match value:
        case str() if value == f"${{{_JOB_ROLE}}}":
            return {"Fn::If": [_MAKES_ROLE, {"Fn::GetAtt": [_TASK_ROLE, "Arn"]}, {"Ref": _JOB_ROLE}]}
        case str():
            return {"Fn::Sub": value} if "${" in value else value
        case list():
            return [_substituted(item) for item in value]
        case Mapping():
            return {key: _substituted(item) for key, item in value.items()}
        case None | bool() | int() | float():
            return value


def _event(plan: Plan, options: Options) -> dict[str, Json]:
    found = {**_schedule(plan), **_rule(plan, options)}
    return {"Events": found} if found else {}


def _schedule(plan: Plan) -> dict[str, Json]:
    if not plan.schedule:
        return {}
    cron, zone = schedule.expression(plan.schedule.cron), plan.schedule.timezone or "UTC"
    properties: Json = {"ScheduleExpression": cron, "ScheduleExpressionTimezone": zone, "Input": schedule.INPUT}
    return {"Schedule": {"Type": "ScheduleV2", "Properties": properties}}


def _rule(plan: Plan, options: Options) -> dict[str, Json]:
    if not plan.triggers:
        return {}
    bus = settings.text(options, "event_bus", "")
    properties: Json = {
        **({"EventBusName": bus} if bus and isinstance(plan.triggers[0], EventTrigger) else {}),
        "Pattern": events.pattern(plan, options, plan.triggers[0]),
        "InputTransformer": events.transformer(plan.triggers[0]),
    }
    return {"Trigger": {"Type": "EventBridgeRule", "Properties": properties}}
