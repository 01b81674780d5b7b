"""What a platform team deploys by: the least policy of the machine's role, and a SAM template of everything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from compiler.backends import Options
from compiler.backends.stepfunctions import events, schedule, settings
from compiler.backends.stepfunctions.jobs import queue
from compiler.backends.stepfunctions.layout import Json
from compiler.ir.plan import EventTrigger, Plan

_OURS = "WrittenByFlowc"
"""The `Sid` by which a policy is known as ours: JSON has no comments, and IAM takes no other key."""
_PLACEHOLDER = r"\$\{([A-Za-z0-9]+)\}"


def policy(plan: Plan, options: Options, name: str, definitions: Mapping[str, Json]) -> Json:
    """What the machine's role must be allowed: its jobs, the rule that tells of their end, its control objects, its children.

    DescribeJobs takes no resource; TerminateJob takes no job's name that is known before it runs.
    """
    store = settings.store(options)
    queues = sorted({queue(task, options) for task in plan.root.tasks()})
    jobs = [_job_definition(key, document) for key, document in definitions.items()]
    here = "${AWS::Partition}", "${AWS::Region}:${AWS::AccountId}"
    machine = f"arn:{here[0]}:states:{here[1]}:stateMachine:{name}"
    executions = f"arn:{here[0]}:states:{here[1]}:execution:{name}"
    objects = f"arn:{here[0]}:s3:::{store.bucket}/{store.prefix}{plan.flow.name}/*"
    rule = f"arn:{here[0]}:events:{here[1]}:rule/StepFunctionsGetEventsForBatchJobsRule"
    statements: list[Json] = [
        {"Sid": _OURS, **_allow(["batch:SubmitJob"], [*jobs, *(_queue(each) for each in queues)])},
        _allow(["batch:DescribeJobs", "batch:TerminateJob"], ["*"]),
        _allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
        _allow(["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"], [objects]),
        _allow(["states:StartExecution"], [machine]),
        _allow(
            ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],
            [f"{executions}/*", f"{executions}:*"],
        ),
    ]  # fmt: skip
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: list[Json], resources: list[Json]) -> dict[str, Json]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _job_definition(key: str, document: Json) -> str:
    assert isinstance(document, Mapping)
    return f"arn:${{AWS::Partition}}:batch:${{AWS::Region}}:${{AWS::AccountId}}:job-definition/{document['jobDefinitionName']}:*"


def _queue(name: str) -> str:
    if name.startswith(("arn:", "${")):
        return name
    return f"arn:${{AWS::Partition}}:batch:${{AWS::Region}}:${{AWS::AccountId}}:job-queue/{name}"


def template(
    plan: Plan, options: Options, name: str, machine_file: str, definitions: Mapping[str, Json], rights: Json
) -> Json:
    """A SAM template: job definitions, the machine with its role, the schedule; what the platform alone knows is a parameter."""
    text = json.dumps([definitions, rights]) + " ".join(queue(task, options) for task in plan.root.tasks())
    text += settings.store(options).bucket
    outside = sorted({key for key in re.findall(_PLACEHOLDER, text) if key not in definitions})
    resources: dict[str, Json] = {key: _batch_resource(document) for key, document in definitions.items()}
    substitutions: dict[str, Json] = {key: {"Ref": key} for key in (*definitions, *outside) if _in_machine(key)}
    resources["StateMachine"] = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {
            "Name": name,
            "Type": "STANDARD",
            "DefinitionUri": machine_file,
            "DefinitionSubstitutions": substitutions,
            "Policies": [_substituted(rights)],
            **_event(plan, options),
        },
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {key: {"Type": "String"} for key in outside},
        "Resources": resources,
    }


def _in_machine(key: str) -> bool:
    return key not in ("JobRole", "ExecutionRole")


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
