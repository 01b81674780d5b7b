"""The least rights, as IAM spells them: of the role that the machine has, and of the role that the code of its steps has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.backends import Options
from compiler.backends.stepfunctions import settings
from compiler.backends.stepfunctions.jobs import queue
from compiler.backends.stepfunctions.layout import Json
from compiler.ir.plan import FlowTrigger, Plan, Secret

_PARTITION, _PLACE = "arn:${AWS::Partition}", "${AWS::Region}:${AWS::AccountId}"
_WHOLE_ARN = r"arn:[^:]+:secretsmanager:.*-[A-Za-z0-9]{6}"
_RANDOM = "-??????"
"""What Secrets Manager adds to the name of a secret in its ARN."""
_LONGEST, _KEPT = 180, 100
"""Characters of a component of a key; how many of a longer one surely stand at its beginning."""


def machine_policy(plan: Plan, options: Options, name: str, definitions: Mapping[str, Json]) -> Json:
    """What the machine's role must be allowed: its jobs, the rule that tells of their end, its control objects, its children.

    DescribeJobs takes no resource; TerminateJob takes no job's name that is known before it runs.
    """
    store = settings.store(options)
    queues = sorted({queue(task, options) for task in plan.root.tasks()})
    jobs = [_job_definition(key, document) for key, document in definitions.items()]
    machine = f"{_PARTITION}:states:{_PLACE}:stateMachine:{name}"
    executions = f"{_PARTITION}:states:{_PLACE}:execution:{name}"
    objects = f"{_PARTITION}:s3:::{store.bucket}/{store.prefix}{plan.flow.name}/*"
    rule = f"{_PARTITION}:events:{_PLACE}:rule/StepFunctionsGetEventsForBatchJobsRule"
    return _policy(
        _allow("Submit", ["batch:SubmitJob"], [*jobs, *(_queue(each) for each in queues)]),
        _allow("Jobs", ["batch:DescribeJobs", "batch:TerminateJob"], ["*"]),
        _allow("Rule", ["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
        _allow(
            "Control",
            ["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
            [objects],
        ),
        _allow("Start", ["states:StartExecution"], [machine]),
        _allow(
            "Executions",
            ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],
            [f"{executions}/*", f"{executions}:*"],
        ),
    )


def job_policy(plan: Plan, options: Options) -> Json:
    """What the role of the steps' code must be allowed for what the runtime does: the runs of this flow in the store, the code,
    the run that triggered it, the secrets. What the steps themselves do with AWS is not in it.

    An object that is not there is a 404 only for who may list the bucket, and that question has no prefix: hence `IfExists`.
    """
    store = settings.store(options)
    bucket = f"{_PARTITION}:s3:::{store.bucket}"
    own = _folders(plan.flow.name)
    read = sorted({folder for each in plan.triggers if isinstance(each, FlowTrigger) for folder in _folders(each.flow)})
    read = [folder for folder in read if folder not in own]
    objects: list[Json] = [f"{bucket}/{store.prefix}{folder}/*" for folder in own]
    prefixes: list[Json] = [f"{store.prefix}{folder}/*" for folder in (*own, *read)]
    condition: Json = {"StringLikeIfExists": {"s3:prefix": prefixes}}
    return _policy(
        _allow("Runs", ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], objects),
        _allow("List", ["s3:ListBucket"], [bucket], condition),
        *_code(options),
        *([_allow("Trigger", ["s3:GetObject"], [f"{bucket}/{store.prefix}{each}/*" for each in read])] if read else ()),
        *_secrets(plan),
    )


def _policy(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(what: str, actions: list[Json], resources: list[Json], condition: Json = None) -> Json:
    """A statement; `Flowc` in its name is how the file is known as ours."""
    statement: dict[str, Json] = {"Sid": f"Flowc{what}", "Effect": "Allow", "Action": actions, "Resource": resources}
    return statement if condition is None else {**statement, "Condition": condition}


def _job_definition(key: str, document: Json) -> str:
    assert isinstance(document, Mapping)
    return f"{_PARTITION}:batch:{_PLACE}:job-definition/{document['jobDefinitionName']}:*"


def _queue(name: str) -> str:
    """A queue's ARN: SubmitJob takes its name, too, a policy does not, so a placeholder stands for an ARN."""
    return name if name.startswith(("arn:", "${")) else f"{_PARTITION}:batch:{_PLACE}:job-queue/{name}"


def _code(options: Options) -> Iterator[Json]:
    if options.code and options.code.startswith("s3://"):
        yield _allow("Code", ["s3:GetObject"], [f"{_PARTITION}:s3:::{options.code.removeprefix('s3://')}"])


def _folders(flow: str) -> list[str]:
    """The folders of a flow's runs: by its name, where the machine keeps its control objects, and as the store spells that."""
    data = enumerate(flow.encode())
    spelled = "".join(
        chr(byte) if byte < 128 and (at or byte != ord("_")) else f"%{byte:02X}"  # noqa: PLR2004 - ASCII
        for at, byte in data
    )
    spelled = spelled if len(spelled) <= _LONGEST else f"{spelled[:_KEPT]}*"
    return list(dict.fromkeys((flow, spelled)))


def _secrets(plan: Plan) -> Iterator[Json]:
    """The secrets that a step's code reads by its own role, and the roles that it takes for others."""
    named = [secret for task in plan.root.tasks() for secret in task.secrets]
    own = sorted({each for secret in named if not secret.role for each in _secret_arns(secret)})
    roles = sorted({secret.role for secret in named if secret.role})
    if own:
        yield _allow("Secrets", ["secretsmanager:GetSecretValue"], list(own))
    if roles:
        yield _allow("Roles", ["sts:AssumeRole"], list(roles))


def _secret_arns(secret: Secret) -> tuple[str, ...]:
    """An ARN may lack what Secrets Manager adds, and the end of a name may look like it."""
    if secret.name.startswith("arn:"):
        known = (secret.name,) if re.fullmatch(_WHOLE_ARN, secret.name) else ()
        return (*known, secret.name + _RANDOM)
    region = secret.region or "${AWS::Region}"
    return (f"{_PARTITION}:secretsmanager:{region}:${{AWS::AccountId}}:secret:{secret.name}{_RANDOM}",)
